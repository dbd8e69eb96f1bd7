"""Clocks that never go backwards."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from collectors.clock import FileClock, SystemClock, clock_from


class Stopwatch:
    """A time since boot that stands until a test turns it."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_the_system_clock_tells_epoch_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    assert before <= SystemClock().now_ms() <= time.time_ns() // 1_000_000


def test_the_system_clock_waits_out_a_step_backwards() -> None:
    times = iter([5_000_000, 3_000_000, 6_000_000])
    system = SystemClock(lambda: next(times))
    assert [system.now_ms() for _ in range(3)] == [5, 5, 6]


def test_a_file_turns_the_clock(tmp_path: Path) -> None:
    file, stopwatch = tmp_path / "clock", Stopwatch()
    file.write_text("1000\n")
    turned = FileClock(file, stopwatch)
    file.write_text("2000")
    stopwatch.seconds += 0.04
    assert turned.now_ms() == 1_000
    stopwatch.seconds += 0.02
    assert turned.now_ms() == 2_000


@pytest.mark.parametrize("content", ["1500", "", "soon", None], ids=["earlier", "empty", "no number", "gone"])
def test_a_file_clock_keeps_the_highest_time_it_has_read(tmp_path: Path, content: str | None) -> None:
    file, stopwatch = tmp_path / "clock", Stopwatch()
    file.write_text("2000")
    turned = FileClock(file, stopwatch)
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    stopwatch.seconds += 1
    assert turned.now_ms() == 2_000


def test_a_setting_names_the_clock(tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("7")
    assert isinstance(clock_from("system"), SystemClock)
    assert clock_from(f"file:{tmp_path / 'clock'}").now_ms() == 7


@pytest.mark.parametrize("setting", ["", "sundial", "file:", "file:/no/such/file"])
def test_a_clock_that_cannot_be_read_is_refused_at_start(setting: str) -> None:
    with pytest.raises((ValueError, OSError)):
        clock_from(setting)
