"""What every test of the local programs leaves as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.program import process_state


@pytest.fixture(autouse=True)
def unchanged_process() -> Iterator[None]:
    """The signals' handlers and the logger's level."""
    with process_state():
        yield
