"""The day's steps, drawn and rendered in a process of their own, so that playing them waits for nobody."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import wait
from multiprocessing.queues import Queue
from types import TracebackType
from typing import Final, Self

import msgspec

from local.demo.deliveries import Dispatch, Step
from local.demo.traffic import Traffic
from local.traffic import catalogue
from local.traffic.events import Cdn
from local.traffic.oracle import Amount, Key, Oracle

#: Steps that wait to be played: two simulated hours, some 20 MB.
_AHEAD: Final = 24
_POLL_SECONDS: Final = 1.0


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """All that a day is drawn from; `day_ms` is its midnight (UTC) in epoch milliseconds."""

    seed: int
    day_ms: int
    records: int
    assets: int
    secrets: dict[Cdn, str]


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What the day must bill, known once it is drawn to its end."""

    bills: dict[Key, Amount]


class FeedDied(RuntimeError):
    """The process that draws the day ended before the day did."""


class Feed:
    """The steps of a recipe, in order; `expectation` is there once they are all taken.

    A context manager that owns the drawing process.
    """

    def __init__(self, recipe: Recipe) -> None:
        context = multiprocessing.get_context("spawn")
        self._queue: Queue[Step | Expectation] = context.Queue(_AHEAD)
        self._process = context.Process(target=_draw, args=(recipe, self._queue), daemon=True, name="demo-feed")
        self.expectation: Expectation | None = None

    def __enter__(self) -> Self:
        self._process.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()
        self._queue.close()

    @property
    def pid(self) -> int:
        """Id of the drawing process."""
        if self._process.pid is None:
            raise RuntimeError("not started")
        return self._process.pid

    def next(self) -> Step | None:
        """Wait for the next step; None after the last. Raises FeedDied."""
        taken = self._take()
        if isinstance(taken, Step):
            return taken
        self.expectation = taken
        return None

    def _take(self) -> Step | Expectation:
        while True:
            try:
                return self._queue.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if not self._process.is_alive():
                    raise FeedDied(f"the feed ended with status {self._process.exitcode}") from None


def draw(recipe: Recipe) -> Iterator[Step | Expectation]:
    """Yield the steps of a day, then what it must bill."""
    oracle = Oracle()
    published = catalogue.build(recipe.seed, recipe.assets)
    traffic = Traffic(published, recipe.day_ms, seed=recipe.seed, records=recipe.records)
    dispatch = Dispatch(recipe.day_ms, recipe.secrets, oracle, seed=recipe.seed)
    yield from dispatch.steps(traffic.hours())
    yield Expectation(bills=oracle.bills())


def _draw(recipe: Recipe, steps: Queue[Step | Expectation]) -> None:
    # Ctrl-C reaches the whole process group; this process is ended by its owner instead ...
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # ... or ends itself, should the owner be killed.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for step in draw(recipe):
        steps.put(step)


def _end_with_parent() -> None:
    if (parent := multiprocessing.parent_process()) is not None:
        wait([parent.sentinel])
        os._exit(1)
