"""What is said of a long run."""

from __future__ import annotations

from io import StringIO

from ops.backfill.progress import Progress


def test_it_is_told_every_five_seconds_with_the_rate() -> None:
    stream, moments = StringIO(), iter([0.0, 1.0, 4.9, 10.0, 11.0, 15.0])
    progress = Progress("examined", 2, stream, lambda: next(moments))
    for count in (1_000, 2_000, 17_000):
        progress.lines(count)
    progress.file()
    progress.lines(10_000)
    assert stream.getvalue().splitlines() == [
        "examined: 0 of 2 files, 20,000 lines, 2,000/s",
        "examined: 1 of 2 files, 30,000 lines, 2,000/s",
    ]
