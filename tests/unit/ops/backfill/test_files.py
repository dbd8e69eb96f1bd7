"""Which files an operator has named."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.backfill.files import find
from ops.backfill.log_file import NoFiles


def test_a_folder_is_all_files_below_it_by_name(tmp_path: Path) -> None:
    for name in ("b.log", "a/2.log", "a/1.log", ".hidden", "a/.partial/3.log"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(name)
    assert [(file.name, file.size, file.read()) for file in find([str(tmp_path)])] == [
        (f"{tmp_path}/a/1.log", 7, b"a/1.log"),
        (f"{tmp_path}/a/2.log", 7, b"a/2.log"),
        (f"{tmp_path}/b.log", 5, b"b.log"),
    ]


def test_a_file_that_is_named_twice_is_read_once_and_may_be_hidden(tmp_path: Path) -> None:
    for name in (".a", "b"):
        (tmp_path / name).touch()
    places = [str(tmp_path / "b"), str(tmp_path / ".a"), str(tmp_path)]
    assert [Path(file.name).name for file in find(places)] == ["b", ".a"]


@pytest.mark.parametrize("place", ["absent", "."])
def test_nothing_there_is_an_error(tmp_path: Path, place: str) -> None:
    with pytest.raises(NoFiles, match="there is no file at "):
        find([str(tmp_path / place)])
