"""Builds are copies that stay, and trees that no job could run from are refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jobs.build import BUILD_ID
from local.settings import ROOT, Settings
from local.upgrade import builds
from local.upgrade.builds import Build, InvalidBuild


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path / "state")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of this tree, as far as jobs need it."""
    for name in builds.FOLDERS:
        shutil.copytree(ROOT / name, tmp_path / "tree" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "tree"


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def drafts(settings: Settings) -> list[Path]:
    return list(builds.folder(settings).glob(".draft-*"))


def test_a_build_has_the_id_that_its_operators_compare(settings: Settings) -> None:
    kept = builds.keep(settings, ROOT)
    assert kept == Build(BUILD_ID, settings.state / "builds" / BUILD_ID)
    assert (kept.folder / "jobs" / "enrichment" / "job.py").exists()
    assert drafts(settings) == []


def test_it_stays_as_it_was_when_the_tree_changes(settings: Settings, tree: Path) -> None:
    before = builds.keep(settings, tree)
    append(tree / "jobs" / "build.py", "# changed\n")
    after = builds.keep(settings, tree)
    assert before.id != after.id
    assert "# changed" not in (before.folder / "jobs" / "build.py").read_text()
    assert builds.find(settings, before.id) == before


def test_both_jobs_may_keep_the_same_one_at_once(settings: Settings) -> None:
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda _: builds.keep(settings, ROOT), range(2))
    assert first == second
    assert drafts(settings) == []


def without_packages(tree: Path) -> None:
    shutil.rmtree(tree / "jobs")


def with_a_mistake(tree: Path) -> None:
    append(tree / "jobs" / "build.py", "import nothing_of_that_name\n")


def with_another_meaning(tree: Path) -> None:
    """Without the rejected lines of the header, whose number and name are not reserved."""
    proto = (tree / "schemas" / "cdn_logs.proto").read_text()
    module = tree / "schemas" / "compatibility.py"
    assert "repeated ReasonCount rejected" in proto
    changed = module.read_text().replace(
        "    return FileDescriptorSet(file=[file])",
        "    del file.message_type[1].field[11]\n    return FileDescriptorSet(file=[file])",
    )
    module.write_text(changed)


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        pytest.param(without_packages, "is no tree of this project: .*jobs is missing", id="no tree"),
        pytest.param(with_a_mistake, "cannot be imported:\n(.|\n)*nothing_of_that_name", id="no import"),
        pytest.param(with_another_meaning, "not compatible with the released ones:\nfield", id="another schema"),
    ],
)
def test_a_tree_that_cannot_run_is_refused_and_leaves_nothing(
    settings: Settings, tree: Path, damage: Callable[[Path], None], why: str
) -> None:
    damage(tree)
    with pytest.raises(InvalidBuild, match=why):
        builds.keep(settings, tree)
    assert list(builds.folder(settings).glob("*")) == []


@pytest.mark.parametrize("name", ["", "0123456789ab"])
def test_a_build_that_was_not_kept_is_not_found(settings: Settings, name: str) -> None:
    with pytest.raises(InvalidBuild, match="is not in"):
        builds.find(settings, name)
