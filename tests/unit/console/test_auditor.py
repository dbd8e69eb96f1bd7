"""When the audit runs, one at a time, and what is kept of it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial

import psycopg2
import pytest

from console.auditor import Auditor, Finding
from ops.audit import Audit

NOW = datetime(2026, 9, 4, 12, 30, tzinfo=UTC)
CLEAN = Audit(compared=None, account=None, results=())


@asynccontextmanager
async def running(run: Callable[[datetime], Audit], interval_s: float = 3600) -> AsyncIterator[Auditor]:
    auditor = Auditor(run=run, days=2, interval_s=interval_s, now=lambda: NOW)
    task = asyncio.create_task(auditor.run_forever())
    await asyncio.sleep(0)
    try:
        yield auditor
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def held(release: threading.Event, _: datetime) -> Audit:
    release.wait(10)
    return CLEAN


async def test_it_runs_at_once_over_the_last_days_and_keeps_its_finding() -> None:
    asked: list[datetime] = []

    def run(first: datetime) -> Audit:
        asked.append(first)
        return CLEAN

    async with running(run) as auditor:
        await auditor.next()
        assert auditor.latest == Finding(began=NOW, ended=NOW, audit=CLEAN)
        assert asked == [datetime(2026, 9, 2, 12, tzinfo=UTC)]
        assert auditor.running_since is None


async def test_it_runs_again_after_its_interval() -> None:
    count = 0

    def run(_: datetime) -> Audit:
        nonlocal count
        count += 1
        return CLEAN

    async with running(run, interval_s=0.01) as auditor:
        for _ in range(3):
            await auditor.next()
    assert count >= 3


async def test_who_asks_while_one_is_running_gets_another_that_begins_afterwards() -> None:
    release, began = threading.Event(), 0

    def run(first: datetime) -> Audit:
        nonlocal began
        began += 1
        return held(release, first)

    async with running(run) as auditor:
        auditor.ask()
        auditor.ask()
        assert auditor.running_since == NOW
        release.set()
        await auditor.next()
        await auditor.next()
        assert began == 2


@pytest.mark.parametrize(
    "error", [psycopg2.OperationalError("it is away\nDETAIL: ..."), psycopg2.ProgrammingError("it is away")]
)
async def test_a_database_that_refuses_is_a_finding_and_the_next_audit_runs(error: psycopg2.Error) -> None:
    answers: list[Audit | psycopg2.Error] = [error, CLEAN]

    def run(_: datetime) -> Audit:
        answer = answers.pop(0)
        if isinstance(answer, psycopg2.Error):
            raise answer
        return answer

    async with running(run) as auditor:
        await auditor.next()
        assert auditor.latest == Finding(began=NOW, ended=NOW, failure="it is away")
        auditor.ask()
        await auditor.next()
        assert auditor.latest == Finding(began=NOW, ended=NOW, audit=CLEAN)


async def test_a_mistake_of_ours_ends_it_with_its_error() -> None:
    def run(_: datetime) -> Audit:
        raise RuntimeError("a mistake")

    auditor = Auditor(run=run, days=2, interval_s=3600)
    with pytest.raises(RuntimeError, match=r"^a mistake$"):
        await auditor.run_forever()


async def test_stopping_does_not_wait_for_an_audit() -> None:
    release = threading.Event()
    async with running(partial(held, release)):
        pass
    release.set()


def test_a_finding_says_how_long_it_took() -> None:
    assert Finding(began=NOW, ended=NOW + timedelta(seconds=7)).took_s == 7.0
