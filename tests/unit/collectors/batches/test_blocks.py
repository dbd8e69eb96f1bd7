"""Deliveries to batches by the contract: cuts, ids, counts."""

from __future__ import annotations

import gc
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.blocks import Block, BlockResult, Delivery, cut_blocks, parse_block
from collectors.batches.records import InvalidLine, Record
from collectors.origin import Origin
from schemas.batch import (
    BLOCK_MAX_BYTES,
    HOUR_MS,
    LINE_MAX_BYTES,
    MAX_AGE_MS,
    MAX_FUTURE_MS,
    batch_id,
    parse_batch,
    stamp_publication,
)
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch, BatchHeader, BatchKind, DeadLetter, Method, ReasonCount

SEVEN = 1_795_417_200_000  # 2026-11-23T07:00:00Z
EIGHT = SEVEN + HOUR_MS
NOW = EIGHT + 60_000
ORIGIN = Origin(build="0123456789ab", boot_id="b007")


def delivery(*lines: bytes, delivery_id: str = "d1", received_at_ms: int = NOW) -> Delivery:
    return Delivery(
        source_id="acme", cdn="generic", delivery_id=delivery_id, received_at_ms=received_at_ms, lines=lines
    )


def line(event_time_ms: int, **fields: object) -> bytes:
    return json.dumps({"event_time_ms": event_time_ms, "status": 200, "path": "/a", **fields}).encode()


def parse(text: bytes) -> Record:
    try:
        return Record(**json.loads(text))
    except ValueError:
        raise InvalidLine("bad-json", "the line is not JSON") from None


def results(what: Delivery) -> list[BlockResult]:
    return [parse_block(what, block, parse, ORIGIN) for block in cut_blocks(what.lines)]


class TestCuts:
    @pytest.mark.parametrize(
        ("sizes", "firsts"),
        [
            ([], []),
            ([10], [0]),
            ([1] * 1_000, [0]),
            ([1] * 1_001, [0, 1_000]),
            ([1] * 2_500, [0, 1_000, 2_000]),
            ([BLOCK_MAX_BYTES], [0]),
            ([BLOCK_MAX_BYTES - 1, 1, 1], [0, 2]),
            ([BLOCK_MAX_BYTES, 1], [0, 1]),
            ([100_000] * 5, [0, 2, 4]),
            ([1, LINE_MAX_BYTES + 1, 1], [0]),
            ([BLOCK_MAX_BYTES, LINE_MAX_BYTES + 1, 1], [0, 2]),
        ],
        ids=[
            "none",
            "one",
            "as many as go in",
            "one more",
            "many",
            "as long as goes in",
            "a byte more",
            "a full one and a rest",
            "bytes before lines",
            "too long counts nothing",
            "too long stays where it came",
        ],
    )
    def test_blocks_are_cut_by_lines_and_by_bytes(self, sizes: list[int], firsts: list[int]) -> None:
        lines = [b"x" * size for size in sizes]
        assert [block.first_line for block in cut_blocks(lines)] == firsts

    @given(st.lists(st.integers(min_value=0, max_value=LINE_MAX_BYTES + 5), max_size=40))
    def test_every_line_is_in_exactly_one_block_within_the_limits(self, sizes: list[int]) -> None:
        lines = [bytes(size) for size in sizes]
        blocks = list(cut_blocks(lines))
        assert [text for block in blocks for text in block.lines] == lines
        for block in blocks:
            assert block.lines
            assert sum(len(text) for text in block.lines if len(text) <= LINE_MAX_BYTES) <= BLOCK_MAX_BYTES

    @given(st.lists(st.integers(min_value=0, max_value=100_000), min_size=1, max_size=40))
    def test_a_block_ends_only_where_the_next_line_does_not_fit(self, sizes: list[int]) -> None:
        blocks = list(cut_blocks([bytes(size) for size in sizes]))
        for block, following in pairwise(blocks):
            assert sum(map(len, block.lines)) + len(following.lines[0]) > BLOCK_MAX_BYTES


class TestBatches:
    def test_a_block_makes_one_batch_an_hour_and_counts_rejects_in_the_first(self) -> None:
        what = delivery(line(EIGHT + 5, host="b"), b"bad", line(SEVEN + 7, method=1, host="a"), line(EIGHT, host="b"))
        (result,) = results(what)
        assert result.event_times_ms == [[SEVEN + 7], [EIGHT + 5, EIGHT]]
        assert result.batches == [
            AccessLogBatch(
                header=BatchHeader(
                    kind=BatchKind.BATCH_KIND_RECORDS,
                    batch_id=batch_id("acme", "d1", SEVEN, 0),
                    id_version=1,
                    source_id="acme",
                    cdn="generic",
                    delivery_id="d1",
                    first_line=0,
                    hour_ms=SEVEN,
                    received_at_ms=NOW,
                    rejected=[ReasonCount(reason="bad-json", count=1)],
                    collector_build="0123456789ab",
                    collector_boot="b007",
                ),
                records=[AccessLog(line=2, event_offset_ms=7, method=Method.METHOD_GET, status=200, path="/a", host=1)],
                hosts=["", "a"],
                user_agents=[""],
                pops=[""],
            ),
            AccessLogBatch(
                header=BatchHeader(
                    kind=BatchKind.BATCH_KIND_RECORDS,
                    batch_id=batch_id("acme", "d1", EIGHT, 0),
                    id_version=1,
                    source_id="acme",
                    cdn="generic",
                    delivery_id="d1",
                    hour_ms=EIGHT,
                    received_at_ms=NOW,
                    collector_build="0123456789ab",
                    collector_boot="b007",
                ),
                records=[
                    AccessLog(line=0, event_offset_ms=5, status=200, path="/a", host=1),
                    AccessLog(line=3, event_offset_ms=0, status=200, path="/a", host=1),
                ],
                hosts=["", "b"],
                user_agents=[""],
                pops=[""],
            ),
        ]

    def test_a_block_of_rejects_makes_a_batch_without_an_hour(self) -> None:
        (result,) = results(delivery(b"bad", b"worse", line(NOW + MAX_FUTURE_MS + 1)))
        (batch,) = result.batches
        assert (batch.header.hour_ms, list(batch.records), result.event_times_ms) == (0, [], [[]])
        assert batch.header.batch_id == batch_id("acme", "d1", 0, 0)
        assert {reason.reason: reason.count for reason in batch.header.rejected} == {"bad-json": 2, "future": 1}

    def test_a_reject_becomes_a_dead_letter_with_its_origin(self) -> None:
        (result,) = results(delivery(line(SEVEN), b"b\xffd"))
        assert result.dead_letters == [
            DeadLetter(
                stage="collector",
                reason="bad-json",
                detail="the line is not JSON",
                payload=b"b\xffd",
                source_id="acme",
                delivery_id="d1",
                line=1,
                received_at_ms=NOW,
                build="0123456789ab",
            )
        ]

    @pytest.mark.parametrize(
        ("event_time_ms", "reason"),
        [
            (NOW + MAX_FUTURE_MS, None),
            (NOW + MAX_FUTURE_MS + 1, "future"),
            (NOW - MAX_AGE_MS, None),
            (NOW - MAX_AGE_MS - 1, "too-old"),
            (0, "too-old"),
            (-1, "too-old"),
            (10**30, "future"),
        ],
    )
    def test_events_of_the_future_and_of_long_ago_are_dead_letters(
        self, event_time_ms: int, reason: str | None
    ) -> None:
        (result,) = results(delivery(line(event_time_ms)))
        assert [letter.reason for letter in result.dead_letters] == ([] if reason is None else [reason])

    def test_a_line_that_is_too_long_is_never_parsed_and_its_letter_fits_a_message(self) -> None:
        (result,) = results(delivery(line(SEVEN), line(SEVEN, path="x" * LINE_MAX_BYTES)))
        (letter,) = result.dead_letters
        assert (letter.reason, letter.line, len(letter.payload)) == ("line-too-long", 1, LINE_MAX_BYTES)

    def test_a_record_that_fits_no_message_is_a_reject_and_its_hour_gets_no_batch(self) -> None:
        (result,) = results(delivery(line(SEVEN), line(SEVEN, status=2**32), line(EIGHT, status=2**32)))
        (batch,) = result.batches
        assert ([record.line for record in batch.records], result.event_times_ms) == ([0], [[SEVEN]])
        assert list(batch.header.rejected) == [ReasonCount(reason="bad-field", count=2)]
        assert [letter.line for letter in result.dead_letters] == [1, 2]

    def test_a_block_of_nothing_but_records_that_fit_no_message_makes_a_batch_without_an_hour(self) -> None:
        (result,) = results(delivery(line(SEVEN, status=2**32)))
        (batch,) = result.batches
        assert (batch.header.hour_ms, list(batch.records), result.event_times_ms) == (0, [], [[]])
        assert list(batch.header.rejected) == [ReasonCount(reason="bad-field", count=1)]

    def test_lines_are_numbered_through_all_blocks(self) -> None:
        blocks = results(delivery(*[line(SEVEN)] * 1_000, b"bad", line(SEVEN)))
        last = blocks[1]
        assert (last.dead_letters[0].line, last.batches[0].header.first_line, last.batches[0].records[0].line) == (
            1_000,
            1_000,
            1_001,
        )

    @given(st.lists(st.sampled_from([b"bad", line(SEVEN), line(EIGHT), line(NOW + HOUR_MS)]), max_size=30))
    def test_lines_are_records_and_rejects_and_all_batches_keep_the_contract(self, lines: list[bytes]) -> None:
        blocks = results(delivery(*lines))
        batches = [batch for block in blocks for batch in block.batches]
        for batch in batches:
            stamp_publication(batch, NOW)
            parse_batch(batch.SerializeToString())
        records = sum(len(batch.records) for batch in batches)
        rejected = sum(reason.count for batch in batches for reason in batch.header.rejected)
        assert records + rejected == len(lines)
        assert rejected == sum(len(block.dead_letters) for block in blocks)


class TestRetries:
    LINES = (line(SEVEN), b"bad", line(EIGHT), *[line(SEVEN + 1)] * 1_200)

    def test_a_retry_makes_the_same_ids_and_records_whoever_takes_it_and_when(self) -> None:
        first = [batch for result in results(delivery(*self.LINES)) for batch in result.batches]
        retry = delivery(*self.LINES, received_at_ms=NOW + 40 * 60_000)
        other = Origin(build="another", boot_id="0002")
        again = [
            batch for block in cut_blocks(retry.lines) for batch in parse_block(retry, block, parse, other).batches
        ]
        assert [batch.header.batch_id for batch in again] == [batch.header.batch_id for batch in first]
        assert [list(batch.records) for batch in again] == [list(batch.records) for batch in first]

    @pytest.mark.parametrize(
        "other",
        [
            delivery(*LINES, delivery_id="d2"),
            Delivery(source_id="other", cdn="generic", delivery_id="d1", received_at_ms=NOW, lines=LINES),
        ],
        ids=["another delivery", "another source"],
    )
    def test_ids_of_anything_else_differ(self, other: Delivery) -> None:
        ids = {batch.header.batch_id for result in results(delivery(*self.LINES)) for batch in result.batches}
        others = {batch.header.batch_id for result in results(other) for batch in result.batches}
        assert not ids & others

    def test_a_block_is_what_the_id_names(self) -> None:
        what = delivery(*self.LINES)
        firsts = [
            (batch.header.first_line, batch.header.hour_ms) for result in results(what) for batch in result.batches
        ]
        assert firsts == [(0, SEVEN), (0, EIGHT), (1_000, SEVEN)]
        assert [Block(0, what.lines[:1_000]), Block(1_000, what.lines[1_000:])] == list(cut_blocks(what.lines))


def test_a_block_is_freed_with_the_last_who_holds_it_and_waits_for_no_garbage_collection() -> None:
    what = delivery(line(SEVEN), b"bad", line(EIGHT))
    results(what)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        results(what)
        assert len(gc.get_objects()) - before < 5
    finally:
        gc.enable()
