"""The audit (ops/audit.py), run now and then and when somebody asks, one at a time; its last result is kept."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg2

from ops import audit, hours
from ops.audit import Audit

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One audit. `failure` says why there is no `audit`."""

    began: datetime
    ended: datetime
    audit: Audit | None = None
    failure: str = ""

    @property
    def took_s(self) -> float:
        return (self.ended - self.began).total_seconds()


def run(dsn: str, settling_s: float, first: datetime) -> Audit:
    """The audit from an hour on."""
    return audit.audit(dsn, first=first, wait_s=settling_s)


class Auditor:
    """Runs the audit of the last days. `run` is called in a thread; `now` tells the time in UTC."""

    def __init__(
        self,
        *,
        run: Callable[[datetime], Audit],
        days: int,
        interval_s: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._run = run
        self._days = timedelta(days=days)
        self._interval_s = interval_s
        self._now = now
        self._asked = asyncio.Event()
        self._ended = asyncio.Event()
        #: The last finding; None until the first audit has ended.
        self.latest: Finding | None = None
        #: When the audit that is under way began.
        self.running_since: datetime | None = None

    def ask(self) -> None:
        """Run it as soon as the one under way, if any, has ended."""
        self._asked.set()

    async def next(self) -> None:
        """Wait until an audit ends."""
        await self._ended.wait()

    async def run_forever(self) -> None:
        """Audit, wait until the interval is over or somebody asks, and again."""
        while True:
            self._asked.clear()
            await self._audit()
            try:
                async with asyncio.timeout(self._interval_s):
                    await self._asked.wait()
            except TimeoutError:
                continue

    async def _audit(self) -> None:
        self.running_since = began = self._now()
        first = max(hours.EPOCH, hours.floor(began - self._days))
        found, failure = None, ""
        try:
            found = await _in_background(lambda: self._run(first))
        except psycopg2.Error as error:
            failure = str(error).strip().partition("\n")[0]
            log.warning("the audit could not be run: %s", failure)
        self.latest = Finding(began=began, ended=self._now(), audit=found, failure=failure)
        self.running_since = None
        self._ended.set()
        self._ended = asyncio.Event()


def _in_background(work: Callable[[], Audit]) -> asyncio.Future[Audit]:
    """Do it in a thread that the process does not wait for when it ends: an audit takes as long as it takes."""
    promise: Future[Audit] = Future()
    promise.set_running_or_notify_cancel()

    def run() -> None:
        try:
            promise.set_result(work())
        except BaseException as error:  # noqa: BLE001 - whoever awaits it gets it
            promise.set_exception(error)

    threading.Thread(target=run, name="audit", daemon=True).start()
    return asyncio.wrap_future(promise)
