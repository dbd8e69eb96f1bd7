"""How much the system carries: measured from the first line sent to the last one counted."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from local.drill import offsets
from local.drill.account import Account
from local.drill.jobs import ENRICHMENT_GROUP, USAGE_GROUP
from local.drill.load import Load
from schemas.topics import ENRICHED, RAW

_WARM_UP_SECONDS: Final = 10.0
_STRETCH_SECONDS: Final = 20.0
_DRAIN_SECONDS: Final = 900.0
_POLL_SECONDS: Final = 0.5


async def measure(load: Load, account: Account, bootstrap_servers: str) -> float:
    """Lines a second that go through everything, without a limit, after a while of warming up. The load then pauses.

    Raises TimeoutError if what was sent does not get through.
    """
    await _stretch(load, account, bootstrap_servers, _WARM_UP_SECONDS)
    return await _stretch(load, account, bootstrap_servers, _STRETCH_SECONDS)


async def drained(bootstrap_servers: str) -> None:
    """Wait until all that is in raw now is enriched, counted and in a checkpoint. Raises TimeoutError."""
    await _reach(bootstrap_servers, ENRICHMENT_GROUP, RAW)
    await _reach(bootstrap_servers, USAGE_GROUP, ENRICHED)


async def _stretch(load: Load, account: Account, bootstrap_servers: str, seconds: float) -> float:
    began, before = time.monotonic(), account.lines
    load.go()
    await asyncio.sleep(seconds)
    await load.pause()
    await drained(bootstrap_servers)
    return (account.lines - before) / (time.monotonic() - began)


async def _reach(bootstrap_servers: str, group: str, topic: str) -> None:
    wanted = await asyncio.to_thread(offsets.ends, bootstrap_servers, topic)
    deadline = time.monotonic() + _DRAIN_SECONDS
    while True:
        done = await asyncio.to_thread(offsets.committed, bootstrap_servers, group, topic)
        if offsets.reached(done, wanted):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{group} is {offsets.behind(done, wanted)} messages behind in {topic}")
        await asyncio.sleep(_POLL_SECONDS)
