"""The simulated clock is a file that always holds a whole number and never goes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.clock import ClockFile


def test_a_new_clock_stands_at_its_start(tmp_path: Path) -> None:
    clock = ClockFile(tmp_path / "clock", 1_000)
    assert (clock.now_ms, int(clock.path.read_text())) == (1_000, 1_000)


def test_advancing_writes_the_new_time(tmp_path: Path) -> None:
    clock = ClockFile(tmp_path / "clock", 1_000)
    clock.advance(2_500)
    assert (clock.now_ms, int(clock.path.read_text())) == (2_500, 2_500)


def test_the_file_is_replaced_not_rewritten(tmp_path: Path) -> None:
    clock = ClockFile(tmp_path / "clock", 1_000)
    with clock.path.open() as reader:
        clock.advance(2_000)
        assert reader.read() == "1000\n"
    assert [file.name for file in tmp_path.iterdir()] == ["clock"]


def test_going_back_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    clock = ClockFile(tmp_path / "clock", 1_000)
    with pytest.raises(ValueError, match="stands at 1000 and cannot go back to 999"):
        clock.advance(999)
    assert int(clock.path.read_text()) == 1_000
