"""The build id names the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import collectors
from collectors.build import BUILD_ID, hash_sources


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.py").write_text("a = 1\n")
    (tmp_path / "inner" / "b.py").write_text("b = 2\n")
    return tmp_path


def test_the_build_id_is_that_of_this_package() -> None:
    assert hash_sources(Path(collectors.__file__).parent) == BUILD_ID
    assert re.fullmatch("[0-9a-f]{12}", BUILD_ID)


def test_equal_sources_have_an_equal_id(package: Path) -> None:
    assert hash_sources(package) == hash_sources(package)


def test_files_that_are_no_code_do_not_count(package: Path) -> None:
    before = hash_sources(package)
    (package / "sources.yaml").write_text("sources: []\n")
    assert hash_sources(package) == before


@pytest.mark.parametrize("change", ["content", "name", "one more"])
def test_any_change_of_the_code_changes_the_id(package: Path, change: str) -> None:
    before = hash_sources(package)
    if change == "content":
        (package / "inner" / "b.py").write_text("b = 3\n")
    elif change == "name":
        (package / "a.py").rename(package / "c.py")
    else:
        (package / "inner" / "d.py").touch()
    assert hash_sources(package) != before
