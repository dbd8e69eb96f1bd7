"""One exception is told, however deep it lies."""

from __future__ import annotations

import pytest

from local.failures import first_of

CAUSE, OTHER = ValueError("the cause"), KeyError("another")


@pytest.mark.parametrize(
    "group",
    [
        pytest.param(ExceptionGroup("tasks", [CAUSE]), id="alone"),
        pytest.param(ExceptionGroup("tasks", [CAUSE, OTHER]), id="first"),
        pytest.param(ExceptionGroup("tasks", [ExceptionGroup("inner", [CAUSE, OTHER]), OTHER]), id="nested"),
    ],
)
def test_the_first_one_is_found(group: ExceptionGroup[Exception]) -> None:
    assert first_of(group) is CAUSE
