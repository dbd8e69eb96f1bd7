"""Progress is compared partition by partition."""

from __future__ import annotations

import pytest

from local.drill.offsets import behind, reached


@pytest.mark.parametrize(
    ("now", "end", "is_reached", "messages"),
    [
        pytest.param({0: 5, 1: 7}, {0: 5, 1: 7}, True, 0, id="at-the-end"),
        pytest.param({0: 9, 1: 7}, {0: 5, 1: 7}, True, 0, id="beyond-it"),
        pytest.param({0: 9, 1: 6}, {0: 5, 1: 7}, False, 1, id="one-partition-ahead-makes-up-for-none"),
        pytest.param({}, {0: 5, 1: 7}, False, 12, id="nothing-committed-yet"),
        pytest.param({0: 1}, {}, True, 0, id="nothing-there"),
    ],
)
def test_offsets(now: dict[int, int], end: dict[int, int], is_reached: bool, messages: int) -> None:
    assert (reached(now, end), behind(now, end)) == (is_reached, messages)
