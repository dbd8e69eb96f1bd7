from __future__ import annotations

from collections.abc import Iterable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.media_usage.batch_tally import BatchTally, tally_batch
from jobs.media_usage.repeated_lines import Line, Lines, is_recognised, lines_of, without_repeated
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch, ObjectKind, Rendition, Unresolved
from tests.support.batches import HOUR_MS, batch, delivery

HOUR = 490_000 * HOUR_MS
KEY = UsageKey("env-1", "a1", "up-to-720p")
RENDITIONS = [Rendition(), Rendition(environment_id="env-1", asset_id="a1", height=720)]


def segment(request_id: str, offset_ms: int = 0, path: str = "/a1/720p/segment-1.ts") -> AccessLog:
    return delivery(
        path,
        offset_ms,
        request_id=request_id,
        object_kind=ObjectKind.OBJECT_KIND_MEDIA_SEGMENT,
        rendition=1,
        media_duration_ms=4000,
    )


def manifest(request_id: str) -> AccessLog:
    return delivery("/a1/master.m3u8", request_id=request_id, object_kind=ObjectKind.OBJECT_KIND_MANIFEST)


def unresolved(request_id: str) -> AccessLog:
    return delivery(
        "/a9/720p/segment-1.ts",
        request_id=request_id,
        object_kind=ObjectKind.OBJECT_KIND_MEDIA_SEGMENT,
        unresolved=Unresolved.UNRESOLVED_UNKNOWN_ASSET,
        unresolved_asset="a9",
    )


def enriched(records: Iterable[AccessLog], delivery_id: str = "delivery-1") -> AccessLogBatch:
    made = batch(records, hour_ms=HOUR, delivery_id=delivery_id)
    made.renditions.extend(RENDITIONS)
    return made


class Memory(set[str]):
    """What a task remembers of an hour."""

    def count(self, made: AccessLogBatch) -> BatchTally:
        lines = Lines.decode(lines_of(made).encode())
        tally, new = without_repeated(tally_batch(made), lines, self.__contains__)
        self.update(new)
        return tally


def test_a_line_of_a_record_says_what_it_added() -> None:
    identities, lines = lines_of(enriched([segment("r1"), manifest("r2"), unresolved("r3"), segment("")]))
    assert lines == [
        Line("billed", tuple(KEY), 4000, 1000, ""),
        Line("not-media", (), 0, 1000, ""),
        Line("unresolved-unknown-asset", (), 0, 1000, "a9"),
        Line("billed", tuple(KEY), 4000, 1000, ""),
    ]
    assert [len(identity) for identity in identities] == [20, 20, 20, 0]


def test_lines_that_all_are_new_change_nothing() -> None:
    made = enriched([segment("r1"), segment("r2"), manifest("r3")])
    assert Memory().count(made) == tally_batch(made)


def test_a_line_that_was_counted_in_another_batch_is_taken_back() -> None:
    memory = Memory()
    memory.count(enriched([segment("r1"), manifest("r2"), unresolved("r3")]))
    again = memory.count(enriched([segment("r1"), manifest("r2"), unresolved("r3"), segment("r4")], "delivery-2"))
    assert again.usage == {KEY: Sums(4000, 1, 1000, 2)}
    assert again.ledger.billed_ms == 4000
    assert again.ledger.records == 4
    assert orjson.loads(again.ledger.outcomes) == {"billed": 1, "repeated-line": 3}
    assert orjson.loads(again.ledger.unresolved_assets) == {}


def test_a_batch_of_nothing_but_repeated_lines_still_names_every_key_with_zeros() -> None:
    memory = Memory()
    memory.count(enriched([segment("r1")]))
    assert memory.count(enriched([segment("r1")], "delivery-2")).usage == {KEY: Sums(0, 0, 0, 1)}


def test_a_line_that_stands_twice_in_one_batch_counts_once() -> None:
    assert Memory().count(enriched([segment("r1"), segment("r1")])).usage == {KEY: Sums(4000, 1, 1000, 2)}


@pytest.mark.parametrize(
    ("other", "is_another"),
    [
        (segment("r1"), False),
        (segment("r2"), True),
        (segment("r1", offset_ms=1), True),
        (segment("r1", path="/a1/720p/segment-2.ts"), True),
    ],
    ids=["the same", "another request", "another time", "another path"],
)
def test_a_line_is_known_by_request_id_time_and_path(other: AccessLog, is_another: bool) -> None:
    memory = Memory()
    memory.count(enriched([segment("r1")]))
    assert memory.count(enriched([other], "delivery-2")).ledger.billed_ms == (4000 if is_another else 0)


def test_parts_of_an_identity_cannot_be_shifted_into_each_other() -> None:
    one, other = segment("r1", offset_ms=23), segment("r12", offset_ms=3)
    assert lines_of(enriched([one])).identities != lines_of(enriched([other])).identities


def test_lines_without_a_request_id_are_never_taken_for_each_other() -> None:
    made = enriched([segment(""), segment("")])
    assert Memory().count(made) == tally_batch(made)


@pytest.mark.parametrize(
    ("asked_for", "published_after_h", "recognised"),
    [(True, 1, True), (True, 72, True), (True, 73, False), (False, 1, False)],
)
def test_only_batches_within_the_allowed_lateness_are_compared(
    asked_for: bool, published_after_h: int, recognised: bool
) -> None:
    made = batch([], hour_ms=HOUR, published_at_ms=HOUR + HOUR_MS + published_after_h * HOUR_MS)
    made.header.deduplicate_records = asked_for
    assert is_recognised(made.header) is recognised


records = st.builds(
    lambda make, number: make(f"r{number}"), st.sampled_from([segment, manifest, unresolved]), st.integers(0, 5)
)


@given(batches=st.lists(st.lists(records, max_size=6), max_size=5), data=st.data())
def test_batches_in_any_order_bill_each_line_once_and_account_for_every_record(
    batches: list[list[AccessLog]], data: st.DataObject
) -> None:
    numbered = [enriched(lines, f"delivery-{number}") for number, lines in enumerate(batches)]
    memory = Memory()
    tallies = [memory.count(made) for made in data.draw(st.permutations(numbered))]
    distinct = {(record.request_id, record.path) for lines in batches for record in lines if "segment-1" in record.path}
    billed = sum(path.startswith("/a1") for _, path in distinct)
    assert sum(tally.ledger.billed_ms for tally in tallies) == 4000 * billed
    assert sum(sums.delivered_ms for tally in tallies for sums in tally.usage.values()) == 4000 * billed
    for tally in tallies:
        assert sum(orjson.loads(tally.ledger.outcomes).values()) == tally.ledger.records
    assert (
        sum(sum(orjson.loads(tally.ledger.unresolved_assets).values()) for tally in tallies) == len(distinct) - billed
    )
