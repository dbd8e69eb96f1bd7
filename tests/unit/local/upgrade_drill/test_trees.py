"""The releases of the drill: each differs from this one by what it stands for, and jobs can run from it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jobs.build import BUILD_ID
from local import flink_home
from local.settings import ROOT, Settings
from local.upgrade import builds
from local.upgrade_drill import trees
from local.upgrade_drill.trees import Edit, StaleEdit


def run(folder: Path, code: str) -> str:
    """What a program in a release prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param(trees.CODE, id="code"),
        pytest.param(trees.SCHEMA, id="schema"),
        pytest.param(trees.CRASHING, id="crashing"),
        pytest.param(trees.WRONG_DURATIONS, id="wrong durations"),
        pytest.param(trees.WRONG_RULE, id="wrong rule"),
    ],
)
def test_a_release_can_be_built_and_is_another_one(tmp_path: Path, edits: tuple[Edit, ...]) -> None:
    release = trees.derive(ROOT, tmp_path / "release", edits)
    kept = builds.keep(Settings(state=tmp_path), release)
    assert kept.id != BUILD_ID


def test_another_flink_configuration_is_the_same_build(tmp_path: Path) -> None:
    release = trees.derive(ROOT, tmp_path / "release", trees.ROCKSDB)
    assert builds.keep(Settings(state=tmp_path), release).id == BUILD_ID
    options = flink_home.read_options(release / "flink-conf" / "media-usage.yaml")
    before = flink_home.read_options(ROOT / "flink-conf" / "media-usage.yaml")
    assert {key: value for key, value in options.items() if before.get(key) != value} == {
        "state.backend.type": "rocksdb",
        "execution.checkpointing.incremental": "True",
        "state.backend.rocksdb.timer-service.factory": "ROCKSDB",
    }


def test_releases_add_up(tmp_path: Path) -> None:
    schema = trees.derive(ROOT, tmp_path / "schema", trees.SCHEMA)
    wrong = trees.derive(schema, tmp_path / "wrong", trees.WRONG_RULE)
    assert "optional uint32 records = 17;" in (wrong / "schemas" / "cdn_logs.proto").read_text()


_MAKE = (
    "from tests.support.batches import batch, delivery; "
    "made = batch([delivery('/a'), delivery('/b')], hour_ms=3_600_000 * 400_000); {}"
    "print(made.SerializeToString().hex())"
)
_READ = "from schemas.batch import parse_batch; print(len(parse_batch(bytes.fromhex('{}')).records))"


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The release with the next schema, and this one's helpers for tests."""
    release = trees.derive(ROOT, tmp_path_factory.mktemp("releases") / "schema", trees.SCHEMA)
    (release / "tests").symlink_to(ROOT / "tests")
    return release


@pytest.fixture(scope="module")
def new_message(newer: Path) -> str:
    """As a producer of the next release makes it."""
    return run(newer, _MAKE.format("made.header.records = 2; "))


class TestSchema:
    """Messages of either version are read by jobs of either version."""

    def test_the_field_is_there(self, new_message: str) -> None:
        assert new_message != run(ROOT, _MAKE.format(""))

    @pytest.mark.parametrize("new_reader", [False, True], ids=["old reader", "new reader"])
    @pytest.mark.parametrize("new_producer", [False, True], ids=["old producer", "new producer"])
    def test_it_is_read(self, newer: Path, new_message: str, new_reader: bool, new_producer: bool) -> None:
        message = new_message if new_producer else run(ROOT, _MAKE.format(""))
        assert run(newer if new_reader else ROOT, _READ.format(message)) == "2"

    def test_a_new_reader_uses_it(self, newer: Path, new_message: str) -> None:
        message = run(newer, _MAKE.format("made.header.records = 3; "))
        with pytest.raises(subprocess.CalledProcessError) as failed:
            run(newer, _READ.format(message))
        assert "InvalidBatch: records are missing" in failed.value.stderr


@pytest.mark.parametrize(
    ("old", "count"),
    [pytest.param("nothing like that", 0, id="gone"), pytest.param("hashlib", 2, id="not the only one")],
)
def test_an_edit_that_no_longer_fits_says_so(tmp_path: Path, old: str, count: int) -> None:
    with pytest.raises(StaleEdit, match=rf"jobs/build.py holds '{old}' {count} times"):
        trees.derive(ROOT, tmp_path / "release", [Edit("jobs/build.py", old, "")])
