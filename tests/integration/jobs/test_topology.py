"""Contract: operators, uids and edges of a job only change on purpose, because savepoints are matched by uids.

A change that fails here fails a savepoint in production: state of an operator whose uid is gone cannot be restored.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pyflink.common import Configuration
from pyflink.datastream import DataStream, DataStreamSink, StreamExecutionEnvironment

from jobs.enrichment import job as enrichment_job
from jobs.enrichment.settings import EnrichmentSettings
from jobs.media_usage import job as usage_job
from jobs.media_usage.settings import MediaUsageSettings
from jobs.reprocess import job as reprocess_job
from jobs.reprocess.settings import ReprocessSettings
from local.settings import JARS

ENRICHMENT = EnrichmentSettings(kafka_bootstrap_servers="kafka:9092", redis_url="redis://redis", assets_dsn="host=db")
USAGE = MediaUsageSettings(
    kafka_bootstrap_servers="kafka:9092", billing_jdbc_url="jdbc:postgresql://db/billing", billing_user="billing"
)
REPROCESS = ReprocessSettings(schema="reprocess_1", first_hour_ms=3_600_000, last_hour_ms=3_600_000)


def build_enrichment(env: StreamExecutionEnvironment) -> None:
    source, sinks = enrichment_job.kafka_source(ENRICHMENT), enrichment_job.kafka_sinks(ENRICHMENT)
    enrichment_job.build(env, ENRICHMENT, source, sinks)


def build_usage(env: StreamExecutionEnvironment) -> None:
    usage_job.build(env, USAGE, usage_job.kafka_source(USAGE), usage_job.jdbc_sinks(USAGE))


def build_reprocess(env: StreamExecutionEnvironment) -> None:
    source = reprocess_job.kafka_source(REPROCESS, ENRICHMENT)
    sinks = reprocess_job.shadow_sinks(REPROCESS, USAGE)
    reprocess_job.build(env, REPROCESS, ENRICHMENT, USAGE, source, sinks)


COUNTING = """\
tally (tally, _stream_key_by_map_operator) -> deduplicate
deduplicate (deduplicate) -> collector-totals, corrections, hour-and-bucket, ledger, lines, watermark
lines (Map, _stream_key_by_map_operator) -> recognise
recognise (recognise) -> hour-and-bucket, recognised-corrections, recognised-ledger
recognised-corrections (Map) -> corrections-sink
recognised-ledger (Map) -> ledger-sink
hour-and-bucket (_stream_key_by_map_operator) -> hourly-window
hourly-window (hourly-window) -> refused, usage-sink
refused (Map, beyond-lateness) ->
usage-sink (usage: Writer) -> Sink Committer: usage-sink
corrections (Map) -> corrections-sink
corrections-sink (corrections: Writer) -> Sink Committer: corrections-sink
ledger (Map) -> ledger-sink
ledger-sink (ledger: Writer) -> Sink Committer: ledger-sink
collector-totals (Map) -> collector-totals-sink
collector-totals-sink (collector-totals: Writer) -> Sink Committer: collector-totals-sink
watermark (Map) -> watermark-sink
watermark-sink (watermark: Writer) -> Sink Committer: watermark-sink
Sink Committer: usage-sink (usage: Committer) ->
Sink Committer: corrections-sink (corrections: Committer) ->
Sink Committer: ledger-sink (ledger: Committer) ->
Sink Committer: collector-totals-sink (collector-totals: Committer) ->
Sink Committer: watermark-sink (watermark: Committer) ->
"""
GOLDEN_ENRICHMENT = """\
raw-source (Source: raw) -> enrich
enrich (enrich) -> dead-letters, enriched-sink
enriched-sink (enriched: Writer) -> Sink Committer: enriched-sink
Sink Committer: enriched-sink (enriched: Committer) ->
dead-letters (Map) -> dead-letter-sink
dead-letter-sink (dead-letters: Writer) -> Sink Committer: dead-letter-sink
Sink Committer: dead-letter-sink (dead-letters: Committer) ->
"""
GOLDEN_USAGE = f"enriched-source (Source: enriched) -> tally\n{COUNTING}"
GOLDEN_REPROCESS = "source (Source: raw) -> hours\n" + COUNTING.replace(
    "tally (tally", "hours (hours, enrich, value, tally"
)


def topology(build: Callable[[StreamExecutionEnvironment], None]) -> set[str]:
    """One line an operator, fused Python operators as one: uid (names) -> uids of those it feeds."""
    options = Configuration()
    options.set_string("python.execution-mode", "thread")
    options.set_string("pipeline.jars", ";".join(jar.as_uri() for jar in sorted((JARS / "flink").glob("*.jar"))))
    env = StreamExecutionEnvironment.get_execution_environment(options)
    build(env)
    nodes = {node.getId(): node for node in env._generate_stream_graph().getStreamNodes().toArray()}
    uids = {key: str(node.getTransformationUID()) for key, node in nodes.items()}
    return {
        f"{uids[key]} ({node.getOperatorName()}) -> "
        f"{', '.join(sorted(uids[edge.getTargetId()] for edge in node.getOutEdges().toArray()))}".rstrip()
        for key, node in nodes.items()
    }


@pytest.mark.parametrize(
    ("build", "golden"),
    [
        pytest.param(build_enrichment, GOLDEN_ENRICHMENT, id="enrichment"),
        pytest.param(build_usage, GOLDEN_USAGE, id="media usage"),
        pytest.param(build_reprocess, GOLDEN_REPROCESS, id="reprocess"),
    ],
)
def test_operators_uids_and_edges_are_those_of_the_release(
    build: Callable[[StreamExecutionEnvironment], None], golden: str
) -> None:
    assert topology(build) == set(golden.splitlines())


@pytest.mark.parametrize(
    ("build", "golden", "kind", "uid"),
    [
        pytest.param(build_enrichment, GOLDEN_ENRICHMENT, DataStream, "raw-source", id="offsets in raw"),
        pytest.param(build_enrichment, GOLDEN_ENRICHMENT, DataStreamSink, "enriched-sink", id="transactions"),
        pytest.param(build_usage, GOLDEN_USAGE, DataStream, "deduplicate", id="batches that were seen"),
        pytest.param(build_usage, GOLDEN_USAGE, DataStream, "hourly-window", id="sums"),
    ],
)
def test_a_changed_uid_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
    build: Callable[[StreamExecutionEnvironment], None],
    golden: str,
    kind: type[DataStream | DataStreamSink],
    uid: str,
) -> None:
    """What the test above is for: state under this uid would be lost by an upgrade."""
    keep = kind.uid
    monkeypatch.setattr(kind, "uid", lambda stream, given: keep(stream, "other" if given == uid else given))
    assert topology(build) != set(golden.splitlines())


@pytest.mark.parametrize("build", [build_enrichment, build_usage, build_reprocess])
def test_every_operator_has_a_uid_of_its_own(build: Callable[[StreamExecutionEnvironment], None]) -> None:
    uids = [line.partition(" (")[0] for line in topology(build)]
    assert "None" not in uids
    assert len(uids) == len(set(uids))
