"""Which batches may hold a line already, and which do."""

from __future__ import annotations

import pytest

from ops.counted import look, suspects_of
from ops.judgement import Judged, Verdict
from ops.letters import Letter
from schemas.batch import HOUR_MS, batch_id
from schemas.cdn_logs_pb2 import AccessLogBatch, DeadLetter
from tests.support.batches import batch, delivery

HOUR = 497_000 * HOUR_MS
LINE = 1_500
RECEIVED = HOUR + 5_000


def judged(*received_ms: int, topic: str = "") -> Judged:
    letters = (
        DeadLetter(source_id="edge", delivery_id="d1", line=LINE, received_at_ms=moment, topic=topic)
        for moment in received_ms or (RECEIVED,)
    )
    return Judged(
        letters=tuple(Letter(HOUR, letter) for letter in letters),
        verdict=Verdict.REPLAY,
        batch=batch([delivery("/film")], hour_ms=HOUR, delivery_id="dead-letter:d1", source_id="edge"),
    )


def block(first_line: int, *, delivery_id: str = "d1", hour_ms: int = HOUR) -> str:
    return batch_id("edge", delivery_id, hour_ms, first_line)


SUSPECTS: dict[str, tuple[Judged, dict[str, int], list[str]]] = {
    "an empty ledger": (judged(), {}, []),
    "its block, received at another time": (judged(), {block(1_000): HOUR}, [block(1_000)]),
    "its block, received when the line was rejected": (judged(), {block(1_000): RECEIVED}, []),
    "its block, received when a copy was rejected": (judged(HOUR, RECEIVED), {block(1_000): HOUR}, []),
    "every block that it may be in": (
        judged(),
        {block(number): HOUR for number in (500, 501, 1_000, 1_500, 1_501)},
        [block(501), block(1_000), block(1_500)],
    ),
    "another delivery": (judged(), {block(1_000, delivery_id="d2"): HOUR}, []),
    "another hour": (judged(), {block(1_000, hour_ms=HOUR + HOUR_MS): HOUR}, []),
    "a message, which keeps its id": (judged(topic="cdn-logs.raw"), {block(1_000): HOUR}, []),
}


@pytest.mark.parametrize(("one", "received_ms", "found"), SUSPECTS.values(), ids=SUSPECTS)
def test_a_batch_of_another_copy_of_the_delivery_is_suspect(
    one: Judged, received_ms: dict[str, int], found: list[str]
) -> None:
    assert suspects_of(one, received_ms) == found


def copy(first_line: int, lines: int) -> AccessLogBatch:
    return batch([delivery("/film")] * lines, hour_ms=HOUR, delivery_id="d1", source_id="edge", first_line=first_line)


LOOKS: dict[str, tuple[list[str], dict[str, AccessLogBatch], Verdict, str]] = {
    "no suspect": ([], {}, Verdict.REPLAY, ""),
    "it holds the line": (["a"], {"a": copy(1_000, 600)}, Verdict.COUNTED, "batch a holds it"),
    "it holds other lines": (["a"], {"a": copy(1_000, 500)}, Verdict.REPLAY, ""),
    "it is gone": (["a"], {}, Verdict.DOUBTFUL, "raw does not have batch a, which may hold it"),
    "one is gone, another holds the line": (
        ["a", "b"],
        {"b": copy(1_500, 1)},
        Verdict.COUNTED,
        "batch b holds it",
    ),
}


@pytest.mark.parametrize(("suspects", "copies", "verdict", "why"), LOOKS.values(), ids=LOOKS)
def test_a_line_that_a_suspect_holds_is_counted(
    suspects: list[str], copies: dict[str, AccessLogBatch], verdict: Verdict, why: str
) -> None:
    found = look(judged(), suspects, copies)
    assert (found.verdict, found.why) == (verdict, why)
