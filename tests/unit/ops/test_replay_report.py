"""What a replay tells before it acts."""

from __future__ import annotations

from ops.judgement import Judged, Verdict
from ops.letters import Letter
from ops.replay_report import Report
from schemas.batch import HOUR_MS
from schemas.cdn_logs_pb2 import DeadLetter
from tests.support.batches import batch, delivery

HOUR = 497_000 * HOUR_MS  # 2026-09-12T08


def one(line: int, verdict: Verdict, *, copies: int = 1, hour: int = 0, why: str = "", records: int = 1) -> Judged:
    letter = DeadLetter(reason="bad-json", source_id="edge", delivery_id="d1", line=line)
    made = batch([delivery("/film")] * records, hour_ms=HOUR + hour * HOUR_MS)
    return Judged(
        letters=(Letter(HOUR, letter),) * copies,
        verdict=verdict,
        batch=None if verdict is Verdict.REJECTED else made,
        why=why,
    )


REPORT = Report(
    [
        one(5, Verdict.REJECTED, why="bad-time: no time"),
        one(1, Verdict.REPLAY, copies=3),
        one(2, Verdict.REPLAY, hour=2),
        one(3, Verdict.RECORDED, copies=2),
        one(4, Verdict.COUNTED, why="batch ab holds it"),
        one(6, Verdict.REJECTED, why="bad-path: no path"),
        one(7, Verdict.DOUBTFUL, why="raw does not have batch cd, which may hold it"),
        one(8, Verdict.REJECTED, why="bad-time: no time"),
    ]
)


def test_letters_are_told_by_verdict_source_reason_and_what_is_wrong() -> None:
    assert list(REPORT.lines()) == [
        "to be replayed: 2 of edge bad-json (4 letters): 2 records, 2026-09-12T08 to 2026-09-12T10",
        "in the ledger already: 1 of edge bad-json (2 letters): 1 records, 2026-09-12T08 to 2026-09-12T08",
        (
            "counted by another copy of the delivery: 1 of edge bad-json: 1 records,"
            " 2026-09-12T08 to 2026-09-12T08; such as edge/d1/4"
        ),
        (
            "perhaps counted by another copy of the delivery: 1 of edge bad-json: 1 records,"
            " 2026-09-12T08 to 2026-09-12T08; such as edge/d1/7"
        ),
        "still rejected: 1 of edge bad-json: bad-path: no path; such as edge/d1/6",
        "still rejected: 2 of edge bad-json: bad-time: no time; such as edge/d1/5",
    ]


def test_different_letters_are_counted_by_verdict() -> None:
    assert REPORT.count(Verdict.REPLAY) == 2
    assert REPORT.count(Verdict.REJECTED, Verdict.DOUBTFUL) == 4


def test_nothing_is_told_of_nothing() -> None:
    assert list(Report([]).lines()) == []
