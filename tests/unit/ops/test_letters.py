"""Choosing and reading dead letters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops.letters import Letter, Selection, by_provenance, describe, moment, overview
from schemas.cdn_logs_pb2 import DeadLetter

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
NOON_MS = 1_788_264_000_000


def line(number: int = 7, reason: str = "bad-json", source: str = "edge", at_ms: int = NOON_MS) -> Letter:
    letter = DeadLetter(
        stage="collector",
        reason=reason,
        detail="the line is no JSON object",
        payload=b"caf\xe9 {",
        source_id=source,
        delivery_id="d1",
        line=number,
        received_at_ms=at_ms,
    )
    return Letter(at_ms, letter)


def message(payload: bytes = b"?") -> Letter:
    letter = DeadLetter(
        stage="enrichment",
        reason="invalid-batch",
        detail="no AccessLogBatch message",
        payload=payload,
        topic="cdn-logs.raw",
        topic_timestamp_ms=NOON_MS,
    )
    return Letter(NOON_MS, letter)


@pytest.mark.parametrize(
    ("letter", "provenance", "origin"),
    [
        (line(), "edge/d1/7", "edge"),
        (message(), "cdn-logs.raw@1788264000000#8a8de823", "cdn-logs.raw"),
        (message(b"!"), "cdn-logs.raw@1788264000000#bb7208bc", "cdn-logs.raw"),
    ],
    ids=["a line", "a message", "another message of the same time"],
)
def test_provenance_names_where_a_letter_came_from(letter: Letter, provenance: str, origin: str) -> None:
    assert (letter.provenance, letter.origin) == (provenance, origin)


CHOICES: dict[str, tuple[Selection, bool]] = {
    "everything": (Selection(), True),
    "its source": (Selection(origin="edge"), True),
    "another source": (Selection(origin="fastly"), False),
    "its reason": (Selection(reason="bad-json"), True),
    "another reason": (Selection(reason="future"), False),
    "its provenance": (Selection(provenance="edge/d1/7"), True),
    "another line": (Selection(provenance="edge/d1/70"), False),
    "since then": (Selection(since=NOON), True),
    "since later": (Selection(since=NOON + timedelta(milliseconds=1)), False),
    "until later": (Selection(until=NOON + timedelta(milliseconds=1)), True),
    "until then": (Selection(until=NOON), False),
    "all of it": (Selection(origin="edge", reason="bad-json", since=NOON, until=NOON + timedelta(days=1)), True),
    "one thing wrong": (Selection(origin="edge", reason="future"), False),
}


@pytest.mark.parametrize(("selection", "taken"), CHOICES.values(), ids=CHOICES)
def test_a_selection_takes_what_has_all_that_it_names(selection: Selection, taken: bool) -> None:
    assert selection.takes(line()) is taken


def test_a_topic_is_chosen_as_a_source_is() -> None:
    assert Selection(origin="cdn-logs.raw").takes(message())


def test_a_selection_of_nothing_in_particular_is_empty() -> None:
    assert not Selection()
    assert Selection(reason="bad-json")


def test_copies_of_a_line_are_put_together_in_the_order_of_arrival() -> None:
    one, other, copy = line(1), line(2), line(1, at_ms=NOON_MS + 5)
    assert by_provenance([one, other, copy]) == [[one, copy], [other]]


def test_the_overview_counts_by_source_and_reason() -> None:
    letters = [line(1), line(2, at_ms=NOON_MS - 60_000), line(1, at_ms=NOON_MS + 5_000), line(9, "future"), message()]
    assert list(overview(letters)) == [
        (
            "cdn-logs.raw invalid-batch: 1 letters, 1 different, 2026-09-01T12:00:00Z to 2026-09-01T12:00:00Z,"
            " such as cdn-logs.raw@1788264000000#8a8de823"
        ),
        ("edge bad-json: 3 letters, 2 different, 2026-09-01T11:59:00Z to 2026-09-01T12:00:05Z, such as edge/d1/1"),
        "edge future: 1 letters, 1 different, 2026-09-01T12:00:00Z to 2026-09-01T12:00:00Z, such as edge/d1/9",
    ]


def test_a_letter_is_described_without_its_content_unless_asked() -> None:
    told = "2026-09-01T12:00:00Z edge/d1/7 bad-json: the line is no JSON object"
    assert describe(line(), payload=False) == told
    assert describe(line(), payload=True) == f"{told}\n    caf\\xe9 {{"


def test_a_moment_is_spelt_as_options_read_it() -> None:
    assert datetime.fromisoformat(moment(NOON_MS)) == NOON
