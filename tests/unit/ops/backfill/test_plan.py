"""Which hours of files may be published, and which batches of them."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.blocks import Block, BlockResult, Delivery, parse_block
from collectors.batches.records import InvalidLine, Record
from collectors.origin import Origin
from jobs.media_usage.repeated_lines import is_recognised
from ops import hours
from ops.backfill.plan import Contents, Counted, Judged, Surroundings, Verdict, doubtful, judge, lines_of, wanted
from schemas.batch import BILLING_HORIZON_MS, HOUR_MS
from schemas.cdn_logs_pb2 import BatchHeader, Method

HOUR_NUMBER = 497_000
NOW_MS = (HOUR_NUMBER + 10) * HOUR_MS


def parse(line: bytes) -> Record:
    """A line is how many hours ago it was, and a request id that may be missing."""
    ago, _, request_id = line.decode().partition(" ")
    if not ago.isdigit():
        raise InvalidLine("bad-line", "no number of hours")
    return Record(
        event_time_ms=(HOUR_NUMBER - int(ago)) * HOUR_MS,
        status=200,
        path="/film",
        method=Method.METHOD_GET,
        request_id=request_id,
    )


def block(*lines: bytes) -> BlockResult:
    made = Delivery(source_id="edge", cdn="generic", delivery_id="d1", received_at_ms=NOW_MS, lines=lines)
    return parse_block(made, Block(0, lines), parse, Origin(build="b", boot_id="backfill-1"))


def hour(ago: int = 0) -> datetime:
    return hours.of_epoch_ms((HOUR_NUMBER - ago) * HOUR_MS)


NEWEST = hour()


def contents(*lines: bytes, recorded: dict[str, int] | None = None) -> Contents:
    found = Contents()
    found.add(block(*lines), recorded or {})
    return found


def verdicts(
    found: Contents,
    *,
    ledger: dict[datetime, Counted] | None = None,
    closed: datetime | None = NEWEST,
    deduplicates: bool = False,
    now_ms: int = NOW_MS,
) -> list[Judged]:
    around = Surroundings(ledger=ledger or {}, closed=closed, deduplicates=deduplicates, now_ms=now_ms)
    return judge(found, around)


class TestContents:
    def test_lines_are_counted_by_what_becomes_of_them(self) -> None:
        found = contents(b"0 r1", b"1", b"?", b"0 r2")
        assert (found.lines, found.records, dict(found.rejected)) == (4, 3, {"bad-line": 1})
        assert {when: (sums.new, sums.unidentified) for when, sums in found.hours.items()} == {
            hour(): (Counted(1, 2), 0),
            hour(1): (Counted(1, 1), 1),
        }

    def test_a_block_of_nothing_but_rejects_is_of_no_hour(self) -> None:
        found = contents(b"?", b"!")
        assert (found.new_rejects, dict(found.hours)) == (1, {})

    def test_a_batch_that_the_ledger_has_is_counted_as_the_ledger_has_it(self) -> None:
        [name] = [batch.header.batch_id for batch in block(b"0", b"0").batches]
        found = contents(b"0", b"0", recorded={name: 5})
        assert (found.hours[hour()].new, found.hours[hour()].recorded) == (Counted(), Counted(1, 5))

    @given(st.lists(st.sampled_from([b"0 a", b"1", b"2 b", b"?"]), min_size=1), st.integers(0, 20))
    def test_parts_add_up_to_the_whole(self, lines: list[bytes], cut: int) -> None:
        parts = [block(*some) for some in (lines[:cut], lines[cut:]) if some]
        one, other = Contents(), Contents()
        for part in parts:
            one.add(part, {})
            single = Contents()
            single.add(part, {})
            other.merge(single)
        assert one == other
        assert one.lines == len(lines) == sum(map(lines_of, parts))


class TestVerdict:
    @pytest.mark.parametrize(
        ("ledger", "closed", "verdict"),
        [
            pytest.param({}, hour(), Verdict.MISSING, id="nothing else, closed"),
            pytest.param({hour(): Counted(3, 9)}, hour(), Verdict.OTHERS, id="other deliveries"),
            pytest.param({hour(1): Counted(3, 9)}, hour(), Verdict.MISSING, id="other deliveries of another hour"),
            pytest.param({}, hour(1), Verdict.OPEN, id="not closed"),
            pytest.param({}, None, Verdict.OPEN, id="no watermark yet"),
            pytest.param({hour(): Counted(3, 9)}, None, Verdict.OTHERS, id="not closed, and others already"),
        ],
    )
    def test_of_an_hour(self, ledger: dict[datetime, Counted], closed: datetime | None, verdict: Verdict) -> None:
        [judged] = verdicts(contents(b"0"), ledger=ledger, closed=closed)
        assert judged.verdict is verdict
        assert bool(doubtful([judged])) == (verdict in (Verdict.OTHERS, Verdict.OPEN))

    def test_batches_that_the_ledger_has_are_no_others(self) -> None:
        name = block(b"0").batches[0].header.batch_id
        found = contents(b"0", recorded={name: 1})
        found.merge(contents(b"0"))
        [judged] = verdicts(found, ledger={hour(): Counted(1, 1)})
        assert (judged.verdict, judged.others) == (Verdict.MISSING, Counted())

    def test_of_an_hour_with_nothing_new(self) -> None:
        name = block(b"0").batches[0].header.batch_id
        [judged] = verdicts(contents(b"0", recorded={name: 1}), ledger={hour(): Counted(4, 9)})
        assert (judged.verdict, judged.others) == (Verdict.RECORDED, Counted(3, 8))

    @pytest.mark.parametrize(
        ("line", "deduplicates", "verdict"),
        [
            pytest.param(b"0 r1", True, Verdict.RECOGNISED, id="lines with ids"),
            pytest.param(b"0", True, Verdict.OTHERS, id="a line without"),
            pytest.param(b"0 r1", False, Verdict.OTHERS, id="a source that does not ask for it"),
        ],
    )
    def test_where_lines_may_be_recognised(self, line: bytes, deduplicates: bool, verdict: Verdict) -> None:
        [judged] = verdicts(contents(line), ledger={hour(): Counted(3, 9)}, deduplicates=deduplicates)
        assert judged.verdict is verdict

    @given(st.integers(0, 100 * HOUR_MS), st.integers(0, 12 * HOUR_MS))
    def test_lines_are_only_taken_for_recognised_where_the_job_will(self, age_ms: int, run_ms: int) -> None:
        now_ms = HOUR_NUMBER * HOUR_MS + age_ms
        [judged] = verdicts(contents(b"0 r1"), ledger={hour(): Counted(3, 9)}, deduplicates=True, now_ms=now_ms)
        header = BatchHeader(hour_ms=HOUR_NUMBER * HOUR_MS, deduplicate_records=True, published_at_ms=now_ms + run_ms)
        assert judged.verdict is not Verdict.RECOGNISED or is_recognised(header)

    @pytest.mark.parametrize(("over_ms", "late"), [(0, False), (1, True)])
    def test_beyond_the_horizon_an_hour_is_late(self, over_ms: int, late: bool) -> None:
        now_ms = (HOUR_NUMBER + 1) * HOUR_MS + BILLING_HORIZON_MS + over_ms
        [judged] = verdicts(contents(b"0"), now_ms=now_ms)
        assert judged.late is late


class TestWanted:
    def test_all_of_a_block_that_nobody_has(self) -> None:
        result = block(b"0", b"1", b"?")
        assert wanted(result, {}, {hour(), hour(1)}) == result

    def test_batches_of_chosen_hours_that_the_ledger_lacks(self) -> None:
        result = block(b"0", b"1", b"2", b"?")
        has = {result.batches[1].header.batch_id}
        found = wanted(result, has, {hour(1), hour(2)})
        assert [batch.header.hour_ms for batch in found.batches] == [(HOUR_NUMBER - 2) * HOUR_MS]
        assert found.event_times_ms == [[(HOUR_NUMBER - 2) * HOUR_MS]]

    def test_rejected_lines_go_with_the_batch_that_counts_them(self) -> None:
        result = block(b"0", b"1", b"?")
        assert len(wanted(result, {}, {hour(1)}).dead_letters) == 1
        assert wanted(result, {}, {hour()}).dead_letters == []

    def test_a_block_of_nothing_but_rejects_needs_no_hour(self) -> None:
        result = block(b"?")
        assert wanted(result, {}, set()) == result
        assert wanted(result, {result.batches[0].header.batch_id}, set()).batches == []
