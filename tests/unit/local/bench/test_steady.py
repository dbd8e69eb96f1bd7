from __future__ import annotations

import pytest

from local.bench.steady import Rate, steady_rate


def test_start_and_end_do_not_count() -> None:
    progress = [(0.0, 0), (10.0, 100), (11.0, 200), (12.0, 500), (13.0, 900), (60.0, 1000)]
    assert steady_rate(progress) == Rate(records=1000, records_a_second=350.0)


@pytest.mark.parametrize("progress", [[], [(0.0, 0)], [(0.0, 0), (1.0, 100)]])
def test_too_few_points_give_no_rate(progress: list[tuple[float, int]]) -> None:
    with pytest.raises(ValueError, match="measure more records"):
        steady_rate(progress)
