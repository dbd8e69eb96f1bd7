"""Keeps the TaskManagers alive: `python -m local.supervisor STATE`.

A TaskManager that ends is started again, at once the first time, with a growing delay while it keeps ending early.
SIGTERM or SIGINT stops all of them, the last started first. With high availability the JobManager, which runs already,
is kept alive too: Flink ends it where it cannot go on, and counts on whoever starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from local.flink import JOBMANAGER, jobmanager_spec, taskmanager_name, taskmanager_spec
from local.process import Child, Spec, find, start, stop
from local.settings import Settings

log = logging.getLogger(__name__)

#: A TaskManager that ends sooner than this after its start counts as one that cannot start.
_EARLY_SECONDS = 20.0
_LONGEST_DELAY_SECONDS = 30.0


def next_delay(previous: float, lived: float) -> float:
    """Seconds to wait before the next start, after one that lived `lived` seconds and waited `previous` before."""
    if lived >= _EARLY_SECONDS:
        return 0.0
    return min(max(1.0, 2 * previous), _LONGEST_DELAY_SECONDS)


async def keep(spec: Callable[[], Spec], running: Child | None = None) -> None:
    """Run a process, unless it is running, and another by a new spec whenever it ends, until cancelled."""
    delay = 0.0
    while True:
        child, started = running or start(spec()), time.monotonic()
        running = None
        log.info("keep %s, pid %d", child.name, child.pid)
        await ended(child)
        lived = time.monotonic() - started
        delay = next_delay(delay, lived)
        log.warning("%s ended after %.0f s: next start in %.0f s", child.name, lived, delay)
        await asyncio.sleep(delay)


async def ended(child: Child) -> None:
    """Wait until the process is gone."""
    try:
        descriptor = os.pidfd_open(child.pid)
    except ProcessLookupError:
        return
    gone, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_reader(descriptor, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    child.alive()  # reaps it


async def supervise(settings: Settings) -> None:
    """Keep every TaskManager of the stack until SIGTERM or SIGINT, then stop them; the JobManager is left to run."""
    asked, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    specs = [partial(taskmanager_spec, settings, index) for index in range(settings.taskmanagers)]
    keepers = [asyncio.create_task(keep(spec)) for spec in specs]
    if settings.high_availability:
        jobmanager = find(settings.state, JOBMANAGER)
        keepers.append(asyncio.create_task(keep(partial(jobmanager_spec, settings), jobmanager)))
    asked_first = asyncio.create_task(asked.wait())
    await asyncio.wait([asked_first, *keepers], return_when=asyncio.FIRST_COMPLETED)
    failures = [keeper.exception() for keeper in keepers if keeper.done()]
    for keeper in keepers:
        keeper.cancel()
    for index in reversed(range(settings.taskmanagers)):
        stop(settings.state, taskmanager_name(index), grace=10)
    for failure in filter(None, failures):
        raise failure


def main(arguments: list[str]) -> int:
    """Supervise the stack whose state folder is the only argument."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = Settings.load(Path(arguments[0]))
    if settings is None:
        raise SystemExit(f"no stack was started in {arguments[0]}")
    asyncio.run(supervise(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
