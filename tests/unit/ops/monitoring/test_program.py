"""What is generated is current."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ops.monitoring.__main__ import GENERATED, main


@pytest.mark.parametrize(("file", "content"), GENERATED.items(), ids=[file.name for file in GENERATED])
def test_a_generated_file_is_current(file: Path, content: Callable[[], str]) -> None:
    assert file.read_text() == content(), "run `make monitoring`"


def test_generating_again_changes_nothing() -> None:
    before = {file: file.read_text() for file in GENERATED}
    main()
    assert {file: file.read_text() for file in GENERATED} == before
