from __future__ import annotations

import re

import pytest

from jobs.build import BUILD_ID, BuildMismatch, require_build


def test_the_build_id_names_the_imported_sources() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", BUILD_ID)
    require_build(BUILD_ID)


def test_another_build_is_refused_with_what_to_do() -> None:
    with pytest.raises(BuildMismatch, match=r"submitted with build old, .*replace the TaskManagers"):
        require_build("old")
