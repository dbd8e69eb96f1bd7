from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.media_usage.batch_tally import BatchTally, tally_batch
from jobs.media_usage.repeated_lines import Line, Lines, is_recognised, lines_of, without_repeated
from jobs.media_usage.rules import RULES
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


def part(request_id: str, body: int, offset_ms: int = 0, **fields: Any) -> AccessLog:
    """A range of a segment of 1,000 bytes and 4,000 ms."""
    made = segment(request_id, offset_ms)
    made.MergeFrom(AccessLog(status=206, body_bytes=body, object_bytes=1000, **fields))
    return made


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
    made.user_agents.extend(["Player/1", "Player/2"])
    made.hosts.extend(["one.example", "two.example"])
    return made


class Memory:
    """What a task remembers of an hour."""

    def __init__(self) -> None:
        self.identities: dict[str, bool] = {}
        self.ranges_ms: dict[str, int] = {}

    def count(self, made: AccessLogBatch) -> BatchTally:
        lines = Lines.decode(lines_of(made, RULES["1"]).encode())
        tally = tally_batch(made, RULES["1"])
        counted = without_repeated(tally, lines, self.identities.__contains__, lambda each: self.ranges_ms.get(each, 0))
        self.identities |= counted.identities
        self.ranges_ms |= counted.ranges_ms
        return counted.tally


def test_a_line_of_a_record_says_what_it_added() -> None:
    made = enriched([segment("r1"), manifest("r2"), unresolved("r3"), segment(""), part("r5", 250)])
    identities, lines = lines_of(made, RULES["1"])
    viewing = lines[-1].viewing
    assert lines == [
        Line("billed", tuple(KEY), 4000, 1000),
        Line("not-media", (), 0, 1000),
        Line("unresolved-unknown-asset", (), 0, 1000, unresolved_asset="a9"),
        Line("billed", tuple(KEY), 4000, 1000),
        Line("billed-range", tuple(KEY), 1000, 250, viewing=viewing, segment_ms=4000),
    ]
    assert [len(identity) for identity in identities] == [20, 20, 20, 0, 20]
    assert len(viewing) == 20


def test_lines_that_all_are_new_change_nothing() -> None:
    made = enriched([segment("r1"), segment("r2"), manifest("r3")])
    assert Memory().count(made) == tally_batch(made, RULES["1"])


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


def test_a_repeated_range_is_taken_back_from_what_is_left_of_its_segment() -> None:
    memory = Memory()
    first, again = [part("r1", 600), part("r2", 600)], [part("r2", 600), part("r3", 600), segment("r4")]
    assert memory.count(enriched(first)).usage == {KEY: Sums(4000, 2, 1200, 2)}
    assert memory.count(enriched(again, "delivery-2")).usage == {KEY: Sums(4000, 2, 1600, 3)}


def test_a_batch_alone_counts_its_ranges_as_batches_of_other_sources_do() -> None:
    made = enriched([part("r1", 600), part("r2", 600), part("r3", 600, user_agent=1), segment("r4")])
    assert Memory().count(made) == tally_batch(made, RULES["1"])


@pytest.mark.parametrize(
    ("fields", "is_another"),
    [
        ({}, False),
        ({"client_ip": "198.51.100.0"}, True),
        ({"user_agent": 1}, True),
        ({"host": 1}, True),
    ],
    ids=["the same", "another client", "another user agent", "another host"],
)
def test_a_viewing_is_known_by_client_user_agent_host_and_path(fields: dict[str, Any], is_another: bool) -> None:
    memory = Memory()
    memory.count(enriched([part("r1", 1000)]))
    assert memory.count(enriched([part("r2", 1000, **fields)], "delivery-2")).ledger.billed_ms == 4000 * is_another


def test_ranges_without_a_client_address_are_never_taken_for_one_viewing() -> None:
    made = enriched([part("r1", 600), part("r2", 600)])
    for record in made.records:
        record.client_ip = ""
    assert Memory().count(made) == tally_batch(made, RULES["1"])
    assert Memory().count(made).ledger.billed_ms == 4800


def test_a_viewing_is_known_whatever_its_place_in_the_tables_of_a_batch() -> None:
    memory = Memory()
    memory.count(enriched([part("r1", 1000, user_agent=2, host=1)]))
    other = enriched([part("r2", 1000, user_agent=1, host=2)], "delivery-2")
    other.user_agents[1:] = ["Player/2", "Player/1"]
    other.hosts[1:] = ["two.example", "one.example"]
    assert memory.count(other).ledger.billed_ms == 0


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
    assert lines_of(enriched([one]), RULES["1"]).identities != lines_of(enriched([other]), RULES["1"]).identities


def test_lines_without_a_request_id_are_never_taken_for_each_other() -> None:
    made = enriched([segment(""), segment("")])
    assert Memory().count(made) == tally_batch(made, RULES["1"])


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


def draw_line(kind: str, number: int) -> AccessLog:
    """A line that is wholly known by its kind and number, as all copies of a line say the same."""
    if kind == "range":
        return part(f"r{number}", 1 + 300 * number, offset_ms=1, path=f"/a1/720p/segment-{number % 2}.ts")
    return {"segment": segment, "manifest": manifest, "unresolved": unresolved}[kind](f"r{number}")


records = st.builds(draw_line, st.sampled_from(["segment", "manifest", "unresolved", "range"]), st.integers(0, 5))


@given(batches=st.lists(st.lists(records, max_size=6), max_size=5), data=st.data())
def test_batches_in_any_order_bill_each_line_once_and_account_for_every_record(
    batches: list[list[AccessLog]], data: st.DataObject
) -> None:
    numbered = [enriched(lines, f"delivery-{number}") for number, lines in enumerate(batches)]
    distinct = {(record.request_id, record.event_offset_ms, record.path): record for each in batches for record in each}
    once = tally_batch(enriched(distinct.values()), RULES["1"])
    memory = Memory()
    tallies = [memory.count(made) for made in data.draw(st.permutations(numbered))]
    assert sum(tally.ledger.billed_ms for tally in tallies) == once.ledger.billed_ms
    sums = [tally.usage.get(KEY, Sums()) for tally in tallies]
    assert [sum(column) for column in zip(*sums, strict=True)][:3] == (
        list(once.usage.get(KEY, Sums()))[:3] if sums else []
    )
    for tally in tallies:
        assert tally.ledger.billed_ms == sum(each.delivered_ms for each in tally.usage.values())
        assert sum(orjson.loads(tally.ledger.outcomes).values()) == tally.ledger.records
    unresolved_lines = [sum(orjson.loads(tally.ledger.unresolved_assets).values()) for tally in tallies]
    assert sum(unresolved_lines) == sum(orjson.loads(once.ledger.unresolved_assets).values())
