"""The progress line: rewritten on a terminal, now and then in a log."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from local.demo.progress import Progress

AT_MS = 1_795_417_200_000


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def ticks() -> list[float]:
    return [0.0]


@pytest.fixture
def now(ticks: list[float]) -> Callable[[], float]:
    return lambda: ticks[0]


def test_a_terminal_shows_one_line_that_is_rewritten(ticks: list[float], now: Callable[[], float]) -> None:
    screen = Screen()
    progress = Progress(screen, now)
    for seconds, records in ((1.0, 1_000), (1.2, 1_500), (2.0, 40_000)):
        ticks[0] = seconds
        progress.show(AT_MS, records)
    progress.show(AT_MS + 60_000, 41_000, finished=True)
    assert screen.getvalue() == (
        "\r  2026-11-23 07:00 UTC      1,000 records    1,000/s"
        "\r  2026-11-23 07:00 UTC     40,000 records   20,000/s"
        "\r  2026-11-23 07:01 UTC     41,000 records   20,500/s\n"
    )


def test_a_note_does_not_write_over_the_line(now: Callable[[], float]) -> None:
    screen = Screen()
    progress = Progress(screen, now)
    progress.note("before")
    progress.show(AT_MS, 1)
    progress.note("in between")
    progress.note("and another")
    assert screen.getvalue() == (
        "before\n\r  2026-11-23 07:00 UTC          1 records    1,000/s\nin between\nand another\n"
    )


def test_a_log_gets_a_line_every_ten_seconds_and_the_last(ticks: list[float], now: Callable[[], float]) -> None:
    log = io.StringIO()
    progress = Progress(log, now)
    for seconds in (1.0, 5.0, 10.9, 11.0, 12.0):
        ticks[0] = seconds
        progress.show(AT_MS, int(seconds * 100))
    progress.show(AT_MS, 1_250, finished=True)
    assert log.getvalue().splitlines() == [
        "  2026-11-23 07:00 UTC        100 records      100/s",
        "  2026-11-23 07:00 UTC      1,100 records      100/s",
        "  2026-11-23 07:00 UTC      1,250 records      104/s",
    ]


def test_no_time_at_all_is_no_division_by_zero(now: Callable[[], float]) -> None:
    log = io.StringIO()
    Progress(log, now).show(AT_MS, 5)
    assert log.getvalue() == "  2026-11-23 07:00 UTC          5 records    5,000/s\n"
