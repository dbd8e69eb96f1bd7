"""Why jobs failed last, from the exceptions that Flink's REST API remembers.

A counter of the job could not tell: it is gone with the attempt of the task that failed, before anybody reads it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

import aiohttp
import msgspec
from prometheus_client.core import GaugeMetricFamily

from jobs.build import BuildMismatch
from jobs.enrichment.fuse import FuseBlown
from jobs.enrichment.lookup import LookupUnavailable
from ops.exporter.reading import NotRead, family, job_label
from schemas.metrics import exporter as defined

_TIMEOUT: Final = aiohttp.ClientTimeout(total=20)
#: Python's exceptions stand in the stack trace of Java's.
_CAUSES: Final = tuple(cause.__name__ for cause in (FuseBlown, LookupUnavailable, BuildMismatch))
_OTHER: Final = "other"

_Answer = TypeVar("_Answer", bound=msgspec.Struct)


class _Job(msgspec.Struct):
    jid: str
    name: str


class _Overview(msgspec.Struct):
    jobs: list[_Job]


class _Failure(msgspec.Struct):
    timestamp: int
    stacktrace: str


class _History(msgspec.Struct):
    entries: list[_Failure]


class _Exceptions(msgspec.Struct, rename="camel"):
    exception_history: _History


async def read(urls: Sequence[str]) -> list[GaugeMetricFamily]:
    """Newest failure of every job by its cause, of one JobManager or of several. Raises NotRead."""
    newest: dict[tuple[str, str], float] = {}
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        for told in await asyncio.gather(*(_of_jobmanager(session, url.rstrip("/")) for url in urls)):
            for job, failures in told:
                _add(newest, job_label(job.name), failures.exception_history.entries)
    return [family(defined.JOB_FAILED, newest.items())]


def cause_of(stacktrace: str) -> str:
    """Name of the exception that a stack trace ends with, as far as it is one that alerts know."""
    named = [(match.start(), cause) for cause in _CAUSES for match in re.finditer(rf"\b{cause}\b", stacktrace)]
    return max(named)[1] if named else _OTHER


def _add(newest: dict[tuple[str, str], float], job: str, failures: Iterable[_Failure]) -> None:
    for failure in failures:
        key = (job, cause_of(failure.stacktrace))
        newest[key] = max(newest.get(key, 0), failure.timestamp / 1_000)


async def _of_jobmanager(session: aiohttp.ClientSession, url: str) -> list[tuple[_Job, _Exceptions]]:
    try:
        overview = await _get(session, f"{url}/jobs/overview", _Overview)
        return [(job, await _get(session, f"{url}/jobs/{job.jid}/exceptions", _Exceptions)) for job in overview.jobs]
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
        raise NotRead(f"Flink at {url}: {str(error) or 'no answer in time'}") from error


async def _get(session: aiohttp.ClientSession, url: str, kind: type[_Answer]) -> _Answer:
    async with session.get(url, raise_for_status=True) as answer:
        return msgspec.json.decode(await answer.read(), type=kind)
