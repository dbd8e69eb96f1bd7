from __future__ import annotations

import re

import orjson
import pytest

from jobs.build import BUILD_ID
from jobs.media_usage.batch_tally import BatchTally, LedgerRow, tally_batch
from jobs.media_usage.repeated_lines import lines_of, without_repeated
from jobs.media_usage.rules import RULES
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from schemas.cdn_logs_pb2 import AccessLogBatch, Enrichment, ObjectKind, Rendition, Unresolved
from tests.support.batches import HOUR_MS, batch, delivery

HOUR = 490_000 * HOUR_MS


def enriched(published_at_ms: int | None = None) -> AccessLogBatch:
    segment = delivery("/a1/720p/segment-1.ts", object_kind=ObjectKind.OBJECT_KIND_MEDIA_SEGMENT, rendition=1)
    segment.media_duration_ms = 4004
    made = batch(
        [segment, delivery("/a1/master.m3u8", object_kind=ObjectKind.OBJECT_KIND_MANIFEST)],
        hour_ms=HOUR,
        published_at_ms=published_at_ms,
        rejected={"bad-json": 2},
    )
    made.renditions.extend([Rendition(), Rendition(environment_id="env-1", asset_id="a1", height=720)])
    made.enrichment.CopyFrom(Enrichment(build="enrich-1"))
    return made


def test_a_batch_becomes_a_ledger_row_and_its_sums() -> None:
    made = enriched()
    assert tally_batch(made, RULES["1"]) == BatchTally(
        LedgerRow(
            hour_ms=HOUR,
            batch_id=made.header.batch_id,
            path="window",
            boot_id="boot-1",
            source_id="fastly-main",
            received_at_ms=HOUR + HOUR_MS,
            published_at_ms=HOUR + HOUR_MS,
            records=2,
            billed_ms=4004,
            outcomes='{"billed":1,"not-media":1}',
            rejected='{"bad-json":2}',
            unresolved_assets="{}",
            copies=0,
            rule_version="1",
            builds=f"test/enrich-1/{BUILD_ID}",
        ),
        {UsageKey("env-1", "a1", "up-to-720p"): Sums(4004, 1, 1000, 1)},
    )


def test_a_tally_survives_the_shuffle() -> None:
    tallied = tally_batch(enriched(), RULES["1"])
    assert BatchTally.decode(tallied.encode()) == tallied


def test_a_late_batch_goes_the_late_path_and_is_remembered_by_its_publication() -> None:
    published = HOUR + 60 * HOUR_MS
    tallied = tally_batch(enriched(published), RULES["1"])
    assert tallied.ledger.path == "late"
    assert tallied.remembered_until_ms == published + 73 * HOUR_MS


def test_an_on_time_batch_is_remembered_past_every_copy_that_a_window_could_count() -> None:
    assert tally_batch(enriched(), RULES["1"]).remembered_until_ms == HOUR + HOUR_MS + 73 * HOUR_MS


def nul_everywhere(unresolved: Unresolved, unresolved_asset: str) -> AccessLogBatch:
    """A batch with U+0000 in every text that a line can bring."""
    record = delivery(
        "/a\0b.mp4",
        request_id="r\0",
        client_ip="192.0.2.0\0",
        user_agent=1,
        host=1,
        pop=1,
        unresolved=unresolved,
        unresolved_asset=unresolved_asset,
    )
    made = batch([record], hour_ms=HOUR, delivery_id="d\0")
    for table in (made.user_agents, made.hosts, made.pops):
        table.extend(["", "one\0"])
    made.renditions.append(Rendition())
    return made


@pytest.mark.parametrize(
    ("unresolved", "asset", "named"),
    [
        pytest.param(Unresolved.UNRESOLVED_UNRECOGNISED_PATH, "", "/a\ufffdb.mp4", id="a path"),
        pytest.param(Unresolved.UNRESOLVED_UNKNOWN_ASSET, "a\0b", "a\ufffdb", id="an asset"),
    ],
)
def test_no_text_of_a_line_brings_postgres_what_it_cannot_store(unresolved: Unresolved, asset: str, named: str) -> None:
    made = nul_everywhere(unresolved, asset)
    tallied = tally_batch(made, RULES["1"])
    alone = without_repeated(tallied, lines_of(made, RULES["1"]), lambda _: False, lambda _: 0)
    # As a batch that holds the line twice, so that it is counted by its lines.
    made.records.append(made.records[0])
    twice = without_repeated(tally_batch(made, RULES["1"]), lines_of(made, RULES["1"]), lambda _: False, lambda _: 0)
    for each in (tallied, alone.tally, twice.tally):
        assert orjson.loads(each.ledger.unresolved_assets) == {named: 1}
        assert not re.search(r"\\u0000|\0", each.encode())
