"""A soak is asked for by two variables."""

from __future__ import annotations

import pytest

from local.settings import InvalidSetting
from local.soak.settings import SoakSettings, from_environment


def test_both_can_be_chosen() -> None:
    assert from_environment({"MINUTES": "2.5", "SEED": "9"}) == SoakSettings(minutes=2.5, seed=9)


def test_by_default_a_soak_lasts_an_hour() -> None:
    assert from_environment({"MINUTES": "", "SEED": ""}) == SoakSettings(minutes=60)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        pytest.param({"MINUTES": "long"}, "MINUTES=long is no number", id="no-number"),
        pytest.param({"MINUTES": "1"}, r"MINUTES=1 is not within 2\.\.1440", id="too-short-to-have-a-second-half"),
        pytest.param({"MINUTES": "2000"}, r"MINUTES=2000 is not within 2\.\.1440", id="too-long"),
        pytest.param({"SEED": "x"}, "SEED=x is no number", id="seed"),
    ],
)
def test_what_cannot_be_is_refused_by_name(environ: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        from_environment(environ)
