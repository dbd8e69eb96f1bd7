"""The spool in a collector: opened, put behind the intake, replayed while the collector runs, closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from collectors.batches.records import LineParser
from collectors.intake import Door, Intake
from collectors.metrics import Metrics
from collectors.settings import InvalidSettings, Settings
from collectors.sources import InvalidSources, Sources
from collectors.spool.intake import SpoolingIntake
from collectors.spool.replayer import Replayer
from collectors.spool.spool import Spool
from collectors.spool.store import SpoolInUse, SpoolLimits, SpoolStore
from collectors.supervision import supervise


@asynccontextmanager
async def door(
    settings: Settings, sources: Sources, intake: Intake, *, metrics: Metrics, fatal: asyncio.Future[str]
) -> AsyncIterator[Door]:
    """Where deliveries go in: the intake itself, or with the spool behind it where one is configured.

    Raises InvalidSettings or InvalidSources if what is configured does not fit, or not what the disk holds.
    """
    if settings.spool_dir is None:
        _refuse_without_folder(sources)
        yield intake
        return
    store = _open(settings.spool_dir, settings)
    spool = Spool(store, clock=settings.clock, metrics=metrics)
    try:
        parser_of = partial(_parser, sources)
        for source_id in sorted(store.waiting):
            parser_of(source_id)
        replayer = Replayer(spool, intake, parser_of=parser_of, metrics=metrics)
        async with _running(replayer, fatal):
            yield SpoolingIntake(intake, spool, source_ids=sources.spooled(), metrics=metrics)
    finally:
        await spool.close()


@asynccontextmanager
async def _running(replayer: Replayer, fatal: asyncio.Future[str]) -> AsyncIterator[None]:
    replaying = asyncio.create_task(replayer.run(), name="spool replay")
    supervise(replaying, fatal)
    try:
        yield
    finally:
        replaying.cancel()
        await asyncio.gather(replaying, return_exceptions=True)


def _open(folder: Path, settings: Settings) -> SpoolStore:
    limits = SpoolLimits(max_bytes=settings.spool_max_bytes, min_free_bytes=settings.spool_min_free_bytes)
    try:
        return SpoolStore(folder, limits)
    except SpoolInUse as error:
        raise InvalidSettings(f"COLLECTOR_SPOOL_DIR: {error}: give each collector a folder of its own") from error
    except OSError as error:
        raise InvalidSettings(f"COLLECTOR_SPOOL_DIR: {error}: make it writable for the collector") from error


def _parser(sources: Sources, source_id: str) -> LineParser:
    source = sources.http(source_id)
    if source is None:
        raise InvalidSources(
            f"source {source_id!r}: the spool holds deliveries of it: put its entry back until they are replayed"
        )
    return source.parse


def _refuse_without_folder(sources: Sources) -> None:
    for source_id in sorted(sources.spooled()):
        raise InvalidSources(f"source {source_id!r}, spool: set COLLECTOR_SPOOL_DIR, or remove it")
