"""Failures of jobs as a made-up REST API of Flink tells them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ops.exporter import failures
from ops.exporter.reading import NotRead

Serve = Callable[[web.Application], Awaitable[TestServer]]

#: As Flink 2.3 tells it, shortened.
FUSE = """org.apache.flink.runtime.taskmanager.AsynchronousException: Caught exception while processing timer.
\tat java.base/java.lang.Thread.run(Unknown Source)
Caused by: pemja.core.PythonException: <class 'jobs.enrichment.fuse.FuseBlown'>: 9001 of 10000 records of source 'acme'
are unresolved
\tat /opt/jobs/enrichment/fuse.count(fuse.py:36)
"""


@pytest.mark.parametrize(
    ("stacktrace", "cause"),
    [
        (FUSE, "FuseBlown"),
        (
            "... <class 'jobs.enrichment.lookup.LookupUnavailable'>: no answer from the asset database",
            "LookupUnavailable",
        ),
        ("jobs.build.BuildMismatch: the job was submitted with build 1", "BuildMismatch"),
        ("LookupUnavailable\nDuring its handling:\nFuseBlown: ...", "FuseBlown"),
        ("org.apache.flink.util.FlinkException: NotFuseBlownAtAll", "other"),
        ("", "other"),
    ],
)
def test_the_last_exception_that_alerts_know_is_the_cause(stacktrace: str, cause: str) -> None:
    assert failures.cause_of(stacktrace) == cause


def flink(jobs: dict[str, list[tuple[int, str]]]) -> web.Application:
    """Jobs by name, each with its exceptions."""

    async def overview(_: web.Request) -> web.Response:
        return web.json_response({"jobs": [{"jid": f"id-{name}", "name": name, "state": "RUNNING"} for name in jobs]})

    async def exceptions(request: web.Request) -> web.Response:
        told = jobs[request.match_info["job"].removeprefix("id-")]
        entries: list[dict[str, Any]] = [
            {"timestamp": at, "stacktrace": trace, "exceptionName": "x", "taskName": None} for at, trace in told
        ]
        return web.json_response({"exceptionHistory": {"entries": entries, "truncated": False}})

    app = web.Application()
    app.router.add_get("/jobs/overview", overview)
    app.router.add_get("/jobs/{job}/exceptions", exceptions)
    return app


async def test_the_newest_failure_of_every_job_is_told_by_its_cause(aiohttp_server: Serve) -> None:
    one = await aiohttp_server(flink({"enrichment": [(5_000, FUSE), (9_500, FUSE), (7_000, "lost a TaskManager")]}))
    other = await aiohttp_server(flink({"media-usage": [(8_000, "Postgres is away")], "reprocess": []}))
    (family,) = await failures.read([str(one.make_url("/")), str(other.make_url(""))])
    assert {tuple(sample.labels.values()): sample.value for sample in family.samples} == {
        ("enrichment", "FuseBlown"): 9.5,
        ("enrichment", "other"): 7.0,
        ("media_usage", "other"): 8.0,
    }


async def test_a_jobmanager_that_does_not_answer_is_named(aiohttp_server: Serve) -> None:
    with pytest.raises(NotRead, match=r"Flink at http://127\.0\.0\.1:1: "):
        await failures.read(["http://127.0.0.1:1"])


@pytest.mark.parametrize("answer", [web.Response(status=500), web.Response(text="<html>"), web.Response(text="{}")])
async def test_an_answer_that_is_none_of_flink_is_a_failed_reading(aiohttp_server: Serve, answer: web.Response) -> None:
    async def overview(_: web.Request) -> web.Response:
        return web.Response(status=answer.status, body=answer.body)

    app = web.Application()
    app.router.add_get("/jobs/overview", overview)
    server = await aiohttp_server(app)
    with pytest.raises(NotRead, match="Flink at http"):
        await failures.read([str(server.make_url(""))])
