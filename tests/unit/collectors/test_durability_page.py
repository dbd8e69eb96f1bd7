"""docs/collectors/durability.md names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import collectors
from collectors.settings import Settings
from collectors.sources import Source
from schemas.metrics.collectors import COLLECTORS

PAGE = (Path(collectors.__file__).parents[1] / "docs" / "collectors" / "durability.md").read_text()
DEFAULTS = {"off": None, "10 GiB": 10 * 2**30, "1 GiB": 2**30, "`false`": False}


def test_every_metric_it_names_exists_and_none_of_the_spool_is_left_out() -> None:
    named = set(re.findall(r"\bcollector_\w+", PAGE))
    known = {metric.name for metric in COLLECTORS}
    assert named <= known
    assert {name for name in known if "spool" in name} <= named


@pytest.mark.parametrize(
    ("where", "setting", "default"), re.findall(r"^\| (\w+) \| `([A-Z_a-z]+).*?` \| ([^|]+) \|", PAGE, re.MULTILINE)
)
def test_every_setting_has_the_default_that_it_says(where: str, setting: str, default: str) -> None:
    fields = (Source if where == "source" else Settings).__dataclass_fields__
    assert fields[setting.removeprefix("COLLECTOR_").lower()].default == DEFAULTS[default]


def test_every_setting_of_the_spool_is_there() -> None:
    spooled = [name for name in Settings.__dataclass_fields__ if name.startswith("spool_")]
    assert len(spooled) == 3
    assert all(f"COLLECTOR_{name.upper()}" in PAGE for name in spooled)


def test_every_test_it_names_exists() -> None:
    files = set(re.findall(r"\btest_\w+\.py", PAGE))
    assert files == {path.name for path in Path(__file__).parents[2].glob("integration/collectors/*.py")} & files
