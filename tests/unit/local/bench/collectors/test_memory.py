from __future__ import annotations

import pytest

from local.bench.collectors.memory import Memory, memory

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("samples", "found", "is_flat"),
    [
        ([1, *[100] * 19], Memory(100, 100, 100), True),
        ([90, 90, *[100] * 18], Memory(100, 100, 100), True),
        ([*[100] * 18, 105, 105], Memory(100, 105, 105), True),
        ([*[100] * 18, 106, 106], Memory(100, 106, 106), False),
        ([*range(100, 120)], Memory(102.5, 118.5, 119), False),
        ([*[100] * 10, 300, *[100] * 9], Memory(100, 100, 300), True),
    ],
    ids=["steady", "warming up", "a little more", "more", "creeping", "a peak that goes"],
)
def test_what_grows_is_not_flat(samples: list[int], found: Memory, is_flat: bool) -> None:
    assert memory(samples) == found
    assert memory(samples).is_flat is is_flat


def test_it_is_told_in_mebibytes() -> None:
    assert str(memory([100 * MIB] * 20)) == ("100 MiB at the start, 100 MiB at the end, 100 MiB at most: flat")
    assert str(memory([MIB * size for size in range(20)])).endswith("NOT FLAT")


def test_too_few_samples_say_nothing() -> None:
    with pytest.raises(ValueError, match="run for longer"):
        memory([1] * 9)
