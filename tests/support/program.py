"""Stands in for the work of a program, and puts back what a program changes of its process."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def ending_with(outcome: BaseException | int) -> Callable[..., int]:
    """Work that ends so at once."""

    def run(*_: object) -> int:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return run


@contextmanager
def process_state() -> Iterator[None]:
    """Put back the signals' handlers and the logger's level, which a program may change and a test may not."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    level = logging.getLogger("local.stack").level
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    logging.getLogger("local.stack").setLevel(level)
