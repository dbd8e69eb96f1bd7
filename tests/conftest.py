"""`make test` runs some processes side by side: most tests wait for servers while others compute."""

from __future__ import annotations

from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
#: Tests of one of these folders share servers, so one process runs them, one after the other. The first that matches.
_GROUPS = ("e2e", "integration/collectors", "integration/ops", "integration", "unit")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tell which tests belong together, before xdist reads the marks of what was collected."""
    path = item.path.relative_to(_TESTS).as_posix()
    item.add_marker(pytest.mark.xdist_group(next(group for group in (*_GROUPS, path) if path.startswith(group))))
