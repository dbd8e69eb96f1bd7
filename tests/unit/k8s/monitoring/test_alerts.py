"""Every alert fires when it should and not when it should not, in promtool's own evaluation of the rules."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from jobs.enrichment.settings import EnrichmentSettings
from schemas.metrics.registry import SERIES
from tests.support.promql import metrics_of

ROOT = Path(__file__).resolve().parents[4]
FILE = ROOT / "k8s" / "monitoring" / "alerts.yaml"
RULES = {rule["alert"]: rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]}
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="needs promtool (Debian package prometheus)")

Labels = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Series in promtool's notation, a sample a minute from 0 on, and the labels of the alerts that fire at `at`."""

    alert: str
    when: str
    at: str
    series: Mapping[str, str]
    fires: tuple[Labels, ...] = ()


ENRICHED = {"job_name": "enrichment", "operator_name": "enriched:_Committer"}
SYSLOG = '{instance="c-0",source="acme",reason="kernel"}'


def running(enrichment: str = "60000+60000x60", media_usage: str = "60000+60000x60") -> dict[str, str]:
    values = {"enrichment": enrichment, "media_usage": media_usage}
    return {f'flink_jobmanager_job_runningTime{{job_name="{job}"}}': value for job, value in values.items() if value}


def of_job(name: str, values: str, job: str = "enrichment") -> dict[str, str]:
    return {f'flink_jobmanager_job_{name}{{job_name="{job}"}}': values}


def of_operator(name: str, values: str, **labels: str) -> dict[str, str]:
    shown = ",".join(f'{key}="{value}"' for key, value in {"job_name": "enrichment", **labels}.items())
    return {f"flink_taskmanager_job_task_operator_{name}{{{shown}}}": values}


def deliveries(outcome: str, values: str) -> dict[str, str]:
    return {f'collector_deliveries_total{{instance="c-0",source="acme",outcome="{outcome}"}}': values}


def silent(first: str, second: str) -> dict[str, str]:
    series = 'collector_source_silent{{instance="c-{}",source="acme"}}'
    return {series.format(0): first, series.format(1): second}


def lines(rejected: str) -> dict[str, str]:
    labels = 'instance="c-0",source="acme"'
    return {
        f"collector_lines_total{{{labels}}}": "0+1000x60",
        f'collector_rejected_lines_total{{{labels},reason="bad-json"}}': rejected,
    }


def offsets(end: str, stable: str) -> dict[str, str]:
    labels = '{topic="cdn-logs.enriched",partition="2"}'
    return {f"pipeline_topic_end_offset{labels}": end, f"pipeline_topic_stable_offset{labels}": stable}


def outcomes(billed: int, unresolved: int) -> dict[str, str]:
    return {
        'billing_records{outcome="billed"}': f"{billed}x60",
        'billing_records{outcome="unresolved-unknown-asset"}': f"{unresolved}x60",
    }


CASES = (
    Case(alert="CollectorsDown", when="none is there", at="3m", series={}, fires=({},)),
    Case(alert="CollectorsDown", when="one is there", at="3m", series={'collector_ready{instance="c-0"}': "0x5"}),
    Case(
        alert="CollectorNotReady",
        when="one is not",
        at="6m",
        series={'collector_ready{instance="c-0"}': "0x9", 'collector_ready{instance="c-1"}': "1x9"},
        fires=({"instance": "c-0"},),
    ),
    Case(
        alert="CollectorNotReady",
        when="one starts within minutes",
        at="6m",
        series={'collector_ready{instance="c-0"}': "0x3 1x6"},
    ),
    Case(
        alert="DeliveriesRefused",
        when="Kafka takes none",
        at="9m",
        series=deliveries("kafka-unavailable", "0+5x9"),
        fires=({"source": "acme", "outcome": "kafka-unavailable"},),
    ),
    Case(
        alert="DeliveriesRefused",
        when="a sender has a wrong token",
        at="9m",
        series=deliveries("unauthorized", "0+5x9") | deliveries("kafka-unavailable", "3x9"),
    ),
    Case(
        alert="DatagramsDropped",
        when="the kernel's buffer was full",
        at="9m",
        series={f"collector_syslog_dropped_datagrams_total{SYSLOG}": "0x5 40x4"},
        fires=({"source": "acme", "reason": "kernel"},),
    ),
    Case(
        alert="DatagramsDropped",
        when="it was full an hour ago",
        at="60m",
        series={f"collector_syslog_dropped_datagrams_total{SYSLOG}": "0x5 40x60"},
    ),
    Case(
        alert="LinesLost",
        when="a collector that is gone by now gave lines up",
        at="30m",
        series={'collector_syslog_lost_lines_total{instance="c-0",source="acme"}': "7x1 _x40"},
        fires=({"instance": "c-0", "source": "acme"},),
    ),
    Case(
        alert="LinesLost",
        when="a spool is damaged",
        at="1m",
        series={'collector_spool_damaged_segments{instance="c-0"}': "1x5"},
        fires=({"instance": "c-0"},),
    ),
    Case(
        alert="LinesLost",
        when="nothing is",
        at="30m",
        series={
            'collector_syslog_lost_lines_total{instance="c-0",source="acme"}': "0x40",
            'collector_spool_damaged_segments{instance="c-0"}': "0x40",
        },
    ),
    Case(
        alert="SilentSource",
        when="no collector hears it",
        at="5m",
        series=silent("1x9", "1x9"),
        fires=({"source": "acme"},),
    ),
    Case(alert="SilentSource", when="another collector hears it", at="5m", series=silent("1x9", "0x9")),
    Case(
        alert="LinesRejected",
        when="one of fifty is bad",
        at="30m",
        series=lines("0+20x60"),
        fires=({"source": "acme"},),
    ),
    Case(alert="LinesRejected", when="one of two hundred is bad", at="30m", series=lines("0+5x60")),
    Case(
        alert="SpoolWaiting",
        when="Kafka is away for long",
        at="25m",
        series={'collector_spool_oldest_age_seconds{instance="c-0"}': "0+60x30"},
        fires=({"instance": "c-0"},),
    ),
    Case(
        alert="SpoolWaiting",
        when="Kafka was away for ten minutes",
        at="25m",
        series={'collector_spool_oldest_age_seconds{instance="c-0"}': "0+60x10 0x20"},
    ),
    Case(
        alert="JobNotRunning",
        when="one restarts and the other is gone",
        at="9m",
        series=running(enrichment="0x20", media_usage=""),
        fires=({"job_name": "enrichment"}, {"job_name": "media_usage"}),
    ),
    Case(
        alert="JobNotRunning",
        when="one has restarted",
        at="9m",
        series=running(enrichment="0x3 0+60000x20"),
    ),
    Case(
        alert="JobRestarting",
        when="it has done so three times",
        at="40m",
        series=of_job("numRestarts", "0x20 1 2 3x40"),
        fires=({"job_name": "enrichment"},),
    ),
    Case(alert="JobRestarting", when="it has done so twice", at="40m", series=of_job("numRestarts", "0x20 1 2x40")),
    Case(
        alert="CheckpointsFailing",
        when="three failed",
        at="40m",
        series=of_job("numberOfFailedCheckpoints", "5x20 6 7 8x40"),
        fires=({"job_name": "enrichment"},),
    ),
    Case(
        alert="CheckpointsFailing",
        when="two failed",
        at="40m",
        series=of_job("numberOfFailedCheckpoints", "5x20 6 7x40"),
    ),
    Case(
        alert="CheckpointOutdated",
        when="the last was 31 minutes ago",
        at="42m",
        series=of_job("lastCheckpointCompletedTimestamp", "600000x60"),
        fires=({"job_name": "enrichment"},),
    ),
    Case(
        alert="CheckpointOutdated",
        when="there was none yet",
        at="42m",
        series=of_job("lastCheckpointCompletedTimestamp", "-1x60"),
    ),
    Case(
        alert="CheckpointOutdated",
        when="one completes every five minutes",
        at="42m",
        series=of_job("lastCheckpointCompletedTimestamp", "1+60000x60"),
    ),
    Case(
        alert="ExpiredTransaction",
        when="the job has been gone for twelve hours",
        at="730m",
        series=of_job("lastCheckpointCompletedTimestamp", "1+60000x5 _x800"),
        fires=({},),
    ),
    Case(
        alert="ExpiredTransaction",
        when="the job is back after eleven hours",
        at="730m",
        series=of_job("lastCheckpointCompletedTimestamp", "1+60000x5 _x660 -1x5 40000000x60"),
    ),
    Case(
        alert="ExpiredTransaction",
        when="there was no checkpoint yet",
        at="730m",
        series=of_job("lastCheckpointCompletedTimestamp", "-1x800"),
    ),
    Case(
        alert="FailedCommittables",
        when="the attempt that met one is gone",
        at="30m",
        series=of_operator("failedCommittables", "1x2 _x40", operator_name="enriched:_Committer", task_attempt_id="a"),
        fires=(ENRICHED,),
    ),
    Case(
        alert="FailedCommittables",
        when="all were committed",
        at="30m",
        series=of_operator("failedCommittables", "0x40", operator_name="enriched:_Committer", task_attempt_id="a"),
    ),
    Case(
        alert="LingeringTransaction",
        when="the stable offset stands behind a growing end",
        at="30m",
        series=offsets("0+4x60", "0x60"),
        fires=({"topic": "cdn-logs.enriched", "partition": "2"},),
    ),
    Case(
        alert="LingeringTransaction",
        when="it follows every five minutes",
        at="30m",
        series=offsets("0+4x60", "0x4 20x4 40x4 60x4 80x4 100x4 120x4"),
    ),
    Case(
        alert="LingeringTransaction",
        when="nothing is written at all",
        at="30m",
        series=offsets("4x60", "4x60"),
    ),
    Case(
        alert="FuseBlown",
        when="it blew five minutes ago",
        at="25m",
        series={'pipeline_job_failed_seconds{job_name="enrichment",cause="FuseBlown"}': "1200x60"},
        fires=({"job_name": "enrichment"},),
    ),
    Case(
        alert="FuseBlown",
        when="it blew an hour ago, and something else has just failed",
        at="80m",
        series={
            'pipeline_job_failed_seconds{job_name="enrichment",cause="FuseBlown"}': "1200x90",
            'pipeline_job_failed_seconds{job_name="enrichment",cause="other"}': "4790x90",
        },
    ),
    Case(
        alert="ConsumerLag",
        when="two tasks together are far behind",
        at="20m",
        series=of_operator("pendingRecords", "30000x30", subtask_index="0")
        | of_operator("pendingRecords", "30000x30", subtask_index="1"),
        fires=({"job_name": "enrichment"},),
    ),
    Case(
        alert="ConsumerLag",
        when="a backlog is worked off",
        at="20m",
        series=of_operator("pendingRecords", "90000-9000x10 0x20", subtask_index="0"),
    ),
    Case(
        alert="AssetDatabaseFailing",
        when="queries fail again and again",
        at="12m",
        series=of_operator("asset_database_failed_queries", "0+3x20"),
        fires=({"job_name": "enrichment"},),
    ),
    Case(
        alert="AssetDatabaseFailing",
        when="one query failed",
        at="12m",
        series=of_operator("asset_database_failed_queries", "0x3 1x20"),
    ),
    Case(
        alert="AssetLookupsWaiting",
        when="the task waits all the time, over several attempts",
        at="12m",
        series={
            series: values
            for attempt, start in enumerate(range(0, 12, 3))
            for series, values in of_operator(
                "asset_lookup_wait_ms",
                f"{f'_x{start - 1} ' if start else ''}0+60000x2 _x20",
                subtask_index="0",
                task_attempt_num=str(attempt),
            ).items()
        },
        fires=({"job_name": "enrichment", "subtask_index": "0"},),
    ),
    Case(
        alert="AssetLookupsWaiting",
        when="it waits for five seconds of each minute",
        at="12m",
        series=of_operator("asset_lookup_wait_ms", "0+5000x20", subtask_index="0"),
    ),
    Case(
        alert="BeyondAllowedLateness",
        when="one batch did",
        at="30m",
        series=of_operator("beyond_allowed_lateness", "0x2 1x2 _x40", job_name="media_usage"),
        fires=({"job_name": "media_usage"},),
    ),
    Case(
        alert="BeyondAllowedLateness",
        when="none did",
        at="30m",
        series=of_operator("beyond_allowed_lateness", "0x40", job_name="media_usage"),
    ),
    Case(
        alert="ExporterDown",
        when="it is not scraped",
        at="6m",
        series={},
        fires=({"reading": "billing"},),
    ),
    Case(
        alert="ExporterDown",
        when="it reads nothing",
        at="6m",
        series={'exporter_reading_up{reading="billing"}': "0x9"},
    ),
    Case(
        alert="BillingDatabaseDown",
        when="it cannot be read",
        at="4m",
        series={'exporter_reading_up{instance="e",reading="billing"}': "1 0x9"},
        fires=({"instance": "e", "reading": "billing"},),
    ),
    Case(
        alert="BillingDatabaseDown",
        when="Kafka cannot be read",
        at="4m",
        series={
            'exporter_reading_up{instance="e",reading="billing"}': "1x9",
            'exporter_reading_up{instance="e",reading="topics"}': "0x9",
        },
    ),
    Case(
        alert="WatermarkStuck",
        when="it stands still for more than four hours",
        at="270m",
        series={'billing_watermark_seconds{job_name="media_usage"}': "0x300"},
        fires=({},),
    ),
    Case(
        alert="WatermarkStuck",
        when="it follows the clock three hours behind",
        at="270m",
        series={'billing_watermark_seconds{job_name="media_usage"}': "-10800+60x300"},
    ),
    Case(
        alert="AuditDifference",
        when="one check finds one",
        at="1m",
        series={
            'billing_audit_differences{check="every hour bills what its batches say"}': "1x5",
            'billing_audit_differences{check="every record has one outcome"}': "0x5",
        },
        fires=({"check": "every hour bills what its batches say"},),
    ),
    Case(
        alert="AuditDifference",
        when="there is none",
        at="1m",
        series={'billing_audit_differences{check="every record has one outcome"}': "0x5"},
    ),
    Case(
        alert="AuditOutdated",
        when="the last was more than two hours ago",
        at="130m",
        series={'exporter_reading_finished_seconds{reading="audit"}': "60x200"},
        fires=({},),
    ),
    Case(
        alert="AuditOutdated",
        when="one comes every ten minutes",
        at="130m",
        series={'exporter_reading_finished_seconds{reading="audit"}': "0+60x200"},
    ),
    Case(
        alert="UnresolvedRecords",
        when="one of fifty is",
        at="40m",
        series=outcomes(billed=980, unresolved=20),
        fires=({},),
    ),
    Case(
        alert="UnresolvedRecords",
        when="one of a thousand is",
        at="40m",
        series=outcomes(billed=999, unresolved=1),
    ),
)


@needs_promtool
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert}: {case.when}")
def test_an_alert_fires_when_it_should_and_not_otherwise(case: Case, tmp_path: Path) -> None:
    done = promtool("test", "rules", str(written(case, tmp_path)))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_a_case_that_is_wrong_is_noticed(tmp_path: Path) -> None:
    wrong = Case(alert="CollectorsDown", when="none is there", at="3m", series={}, fires=())
    assert promtool("test", "rules", str(written(wrong, tmp_path))).returncode == 1


@needs_promtool
def test_prometheus_takes_the_rules() -> None:
    done = promtool("check", "rules", str(FILE))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", RULES)
def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(alert: str) -> None:
    assert {bool(case.fires) for case in CASES if case.alert == alert} == {True, False}


@pytest.mark.parametrize("alert", RULES)
def test_an_alert_asks_for_metrics_of_the_registry_only(alert: str) -> None:
    assert metrics_of(RULES[alert]["expr"]) <= set(SERIES)


@pytest.mark.parametrize("alert", RULES)
def test_every_alert_says_how_bad_it_is_and_what_happens(alert: str) -> None:
    rule = RULES[alert]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert not rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"].endswith(".")


@pytest.mark.parametrize("alert", RULES)
def test_every_alert_has_a_page_in_the_runbook(alert: str) -> None:
    url = RULES[alert]["annotations"]["runbook_url"]
    assert url == f"docs/operations/runbook/{alert}.md"
    page = (ROOT / url).read_text()
    assert page.startswith(f"# {alert}\n")
    for heading in ("## What it means", "## What is at stake", "## Look", "## Mend", "## Afterwards"):
        assert heading in page


def test_every_page_of_the_runbook_is_of_an_alert() -> None:
    pages = {file.stem for file in (ROOT / "docs" / "operations" / "runbook").glob("*.md")}
    assert pages - {"README"} == set(RULES)


def test_the_runbook_lists_every_alert_with_its_severity() -> None:
    index = (ROOT / "docs" / "operations" / "runbook" / "README.md").read_text()
    listed = dict(re.findall(r"^\| \[(\w+)\]\(\1\.md\) \| (\w+) \|", index, re.MULTILINE))
    assert listed == {alert: rule["labels"]["severity"] for alert, rule in RULES.items()}


def test_transactions_expire_when_the_alert_says_so() -> None:
    assert RULES["ExpiredTransaction"]["expr"].endswith(f"> {EnrichmentSettings.transaction_timeout_ms // 1_000}")


def written(case: Case, folder: Path) -> Path:
    """The case as a file of promtool, with its rule alone: evaluating all of them takes promtool ten times as long.

    It asks for ALERTS, which carries no annotations to be spelt out again.
    """
    rules = folder / "rules.yaml"
    rules.write_text(yaml.safe_dump({"groups": [{"name": case.alert, "rules": [RULES[case.alert]]}]}))
    severity = RULES[case.alert]["labels"]["severity"]
    common = {"alertname": case.alert, "alertstate": "firing", "severity": severity}
    asked = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    expected = [{"labels": shown({**common, **labels}), "value": 1} for labels in case.fires]
    test = {
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in case.series.items()],
        "promql_expr_test": [{"expr": asked, "eval_time": case.at, "exp_samples": expected}],
    }
    file = folder / "test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [test]}))
    return file


def shown(labels: Labels) -> str:
    inner = ",".join(f'{name}="{value}"' for name, value in labels.items())
    return f"ALERTS{{{inner}}}"


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert PROMTOOL is not None
    return subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True, check=False, timeout=60)
