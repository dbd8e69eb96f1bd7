from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pytest

from jobs.environment import InvalidSetting, settings_from


@dataclass(frozen=True, kw_only=True)
class Settings:
    servers: str
    wait_s: float = 60.0
    parallelism: int = 1
    source: Literal["raw", "enriched"] = "raw"


def test_variables_become_settings() -> None:
    environ = {"JOB_SERVERS": "k:9092", "JOB_WAIT_S": "1.5", "JOB_PARALLELISM": "4", "PATH": "/bin"}
    assert settings_from(Settings, "JOB_", environ) == Settings(servers="k:9092", wait_s=1.5, parallelism=4)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        pytest.param({}, r"JOB_\*: .*missing required field `servers`", id="missing"),
        pytest.param({"JOB_SERVERS": "k", "JOB_PARALLELISM": "many"}, r"JOB_\*: .*parallelism", id="not a number"),
        pytest.param({"JOB_SERVERS": "k", "JOB_SOURCE": "other"}, r"JOB_\*: .*source", id="not one of the choices"),
        pytest.param({"JOB_SERVERS": "k", "JOB_WIAT_S": "1"}, r"unknown setting JOB_WIAT_S: known are", id="mistyped"),
    ],
)
def test_what_is_wrong_is_named(environ: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        settings_from(Settings, "JOB_", environ)
