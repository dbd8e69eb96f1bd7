"""A drill is asked for by three variables, and draws a seed where none is given."""

from __future__ import annotations

import pytest

from local.chaos.settings import ChaosSettings, from_environment
from local.settings import InvalidSetting


def test_all_can_be_chosen() -> None:
    chosen = from_environment({"SEED": "7", "FAULTS": "3", "KINDS": "kill-redis,pause-broker-30"})
    assert chosen == ChaosSettings(seed=7, faults=3, kinds=("kill-redis", "pause-broker-30"))


def test_without_a_number_of_faults_the_drill_is_whole() -> None:
    assert from_environment({"SEED": "7", "FAULTS": "", "KINDS": ""}) == ChaosSettings(seed=7)


def test_seed_zero_is_a_seed() -> None:
    assert from_environment({"SEED": "0"}).seed == 0


def test_without_a_seed_one_is_drawn() -> None:
    assert len({from_environment({}).seed for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        pytest.param({"SEED": "seven"}, "SEED=seven is not a whole number", id="seed"),
        pytest.param({"FAULTS": "1.5"}, "FAULTS=1.5 is not a whole number", id="faults"),
        pytest.param({"FAULTS": "-1"}, "FAULTS=-1 is negative", id="negative"),
    ],
)
def test_what_cannot_be_is_refused_by_name(environ: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        from_environment(environ)
