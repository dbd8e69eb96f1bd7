"""Exceptions of tasks that ran side by side, told as one."""

from __future__ import annotations


def first_of(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first exception in a group of exceptions and groups: what went wrong before the rest was cancelled."""
    first = failures.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first
