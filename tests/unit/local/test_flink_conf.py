"""flink-conf/: the promises between its values, and a reason at every option."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
import yaml

from jobs.enrichment.settings import EnrichmentSettings
from jobs.flink.checks import milliseconds
from local.flink_home import CONF, read_options

JOBS = ("enrichment", "media-usage")
DAY_MS = 86_400_000


def default(setting: str) -> float:
    return float(inspect.signature(EnrichmentSettings).parameters[setting].default)


@pytest.mark.parametrize("job", JOBS)
def test_a_look_up_ends_before_the_task_is_killed_and_that_before_the_checkpoint_gives_up(job: str) -> None:
    options = read_options(CONF / f"{job}.yaml")
    times = [
        default("lookup_wait_s") * 1000,
        milliseconds(options["task.cancellation.timeout"]),
        milliseconds(options["execution.checkpointing.timeout"]),
        default("transaction_timeout_ms"),
        DAY_MS + 1,
    ]
    assert times == sorted(set(times))


@pytest.mark.parametrize("job", JOBS)
def test_both_jobs_run_in_thread_mode_with_exactly_once_checkpoints_every_five_minutes(job: str) -> None:
    options = read_options(CONF / f"{job}.yaml")
    expected = {
        "python.execution-mode": "thread",
        "execution.checkpointing.mode": "EXACTLY_ONCE",
        "execution.checkpointing.interval": "5 min",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "restart-strategy.type": "exponential-delay",
        "pipeline.max-parallelism": "720",
    }
    assert {key: options[key] for key in expected} == expected


def test_savepoints_of_the_job_with_much_state_are_compressed_so_that_an_upgrade_does_not_wait_for_them() -> None:
    options = read_options(CONF / "media-usage.yaml")
    assert options["execution.checkpointing.snapshot-compression"].lower() == "true"


@pytest.mark.parametrize("file", sorted(CONF.rglob("*.yaml")), ids=lambda file: str(file.relative_to(CONF)))
def test_every_option_stands_below_its_reason(file: Path) -> None:
    paragraphs = [part for part in file.read_text().split("\n\n") if not part.lstrip().startswith("---")]
    without = [part for part in paragraphs if yaml.safe_load(part) is not None and not part.startswith("#")]
    assert without == []


@pytest.mark.parametrize("file", sorted(CONF.rglob("*.yaml")), ids=lambda file: str(file.relative_to(CONF)))
def test_no_option_is_given_twice(file: Path) -> None:
    keys = [line.split(":")[0] for line in file.read_text().splitlines() if line[:1].isalpha()]
    assert sorted(set(keys)) == sorted(keys)
