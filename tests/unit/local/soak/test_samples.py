"""Growth and throughput follow from all samples, and neither from a single one."""

from __future__ import annotations

import random
from statistics import StatisticsError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.soak.samples import Sample, growth_mb_per_h, mean_rss_mb, throughput_ratio


def hour(mb_per_h: float = 0, noise_mb: float = 0, lines_a_second: float = 10_000) -> list[Sample]:
    """An hour of samples, one every ten seconds."""
    chance = random.Random(1)
    return [
        Sample(at, int((900 + mb_per_h * at / 3_600 + chance.gauss(0, noise_mb)) * 1e6), int(lines_a_second * at))
        for at in range(0, 3_601, 10)
    ]


@given(st.floats(-200, 200))
def test_a_steady_growth_is_its_slope(mb_per_h: float) -> None:
    assert growth_mb_per_h(hour(mb_per_h)) == pytest.approx(mb_per_h, abs=0.01)


def test_noise_is_no_growth() -> None:
    assert abs(growth_mb_per_h(hour(noise_mb=20))) < 10


def test_one_high_sample_is_no_leak() -> None:
    samples = hour()
    samples[-1] = samples[-1]._replace(rss_bytes=1_200_000_000)
    assert growth_mb_per_h(samples) < 10


def test_one_sample_has_no_slope() -> None:
    with pytest.raises(StatisticsError):
        growth_mb_per_h(hour()[:1])


def test_steady_throughput_has_the_ratio_one() -> None:
    assert throughput_ratio(hour()) == pytest.approx(1)


def test_throughput_that_halves_in_the_middle_has_the_ratio_a_half() -> None:
    first = hour()
    second = [Sample(3_600 + at, 0, 36_000_000 + 5_000 * at) for at in range(10, 3_601, 10)]
    assert throughput_ratio(first + second) == pytest.approx(0.5)


def test_two_samples_have_no_halves() -> None:
    with pytest.raises(ValueError, match="2 samples have no halves"):
        throughput_ratio(hour()[:2])


def test_the_mean_is_in_megabytes() -> None:
    assert mean_rss_mb([Sample(0, 800_000_000, 0), Sample(1, 1_000_000_000, 0)]) == 900
