"""Background tasks must not end unseen: one that fails ends the process, which is then started anew."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

log = logging.getLogger(__name__)


def supervise(task: asyncio.Task[None], fatal: asyncio.Future[str]) -> None:
    """Set `fatal` with a sentence, once, if the task ends with an exception; cancelling it is no failure."""
    task.add_done_callback(partial(_report, fatal))


def _report(fatal: asyncio.Future[str], task: asyncio.Task[None]) -> None:
    if task.cancelled() or (error := task.exception()) is None:
        return
    log.critical("%s failed", task.get_name(), exc_info=error)
    if not fatal.done():
        fatal.set_result(f"{task.get_name()} failed: {error!r}")
