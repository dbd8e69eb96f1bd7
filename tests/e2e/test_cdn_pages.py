"""Contract: whoever follows a page of docs/collectors/ word for word has that CDN's lines on the bill."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from local.clock import ClockFile
from local.ports import LOOPBACK, free_base
from local.stack import Stack
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch
from schemas.topics import ENRICHED, RAW
from tests.e2e import canaries, topics
from tests.e2e.bill import Bill
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import Pipeline
from tests.e2e.waiting import until
from tests.support.batches import HOUR_MS, MINUTE_MS
from tests.support.cdn_pages import CdnPage, pages
from tests.support.certificates import Issued, issue

pytestmark = [pytest.mark.timeout(900), pytest.mark.release]

ENVIRONMENT: Final = "page-env"
SEGMENT_MS: Final = 4_004
#: Of every page's lines.
VIEWER: Final = "203.0.113.24"
QUERIES: Final = ("token=x", "?t=1")
_REFERENCE: Final = re.compile(r"\$\{env:(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One source of one page, and the command that sends a line for it."""

    page: CdnPage
    source: dict[str, Any]
    command: str

    @property
    def film(self) -> str:
        return self.page.film(self.command)


STEPS: Final = [
    Step(page=page, source=source, command=command)
    for page in pages()
    for source, command in zip(page.sources, page.commands, strict=True)
]


def listen_here(source: dict[str, Any], port: int, issued: Issued) -> dict[str, Any]:
    """The entry as the page has it, on a free port of this machine and with certificates of the test."""
    listener = dict(source["listener"])
    if listener["type"] == "http":
        return source
    listener |= {"host": LOOPBACK, "port": port}
    files = {"certificate_file": issued.certificate, "key_file": issued.key, "client_ca_file": issued.certificate}
    listener |= {name: str(file) for name, file in files.items() if name in listener}
    if "allow_from" in listener:
        listener["allow_from"] = [*listener["allow_from"], f"{LOOPBACK}/32"]
    return source | {"listener": listener}


def secrets_of(sources: list[dict[str, Any]]) -> dict[str, str]:
    return {name: f"a-secret-for-{name}" for name in _REFERENCE.findall(yaml.safe_dump(sources))}


@dataclass(frozen=True, kw_only=True)
class Site:
    """A collector with the sources of every page; `variables` is what the commands of the pages use."""

    sources: list[dict[str, Any]]
    variables: Mapping[str, str]

    def follow(self, step: Step, number: int) -> None:
        """Run a page's command as it stands."""
        listener = self.sources[number]["listener"]
        where = {"SYSLOG_HOST": LOOPBACK, "SYSLOG_PORT": str(listener["port"])} if "port" in listener else {}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", step.command],
            env={**os.environ, **self.variables, **where},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{step.page.path.name}, {step.source['id']}: {done.stdout}{done.stderr}"


def move_date(folder: Path, now_ms: int) -> str:
    """A PATH on which `date` says another time."""
    folder.mkdir()
    script = folder / "date"
    script.write_text(f'#!/bin/sh\nexec /bin/date --date=@{now_ms / 1_000:.3f} "$@"\n')
    script.chmod(0o755)
    return f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"


@pytest.fixture
def site(stack: Stack, first_hour: int, tmp_path: Path) -> Iterator[Site]:
    """The collector runs in the middle of the test's first hour, and so does `date`."""
    issued = issue(tmp_path, "collector.example.com")
    now_ms, base = first_hour + 30 * MINUTE_MS, free_base()
    sources = [listen_here(step.source, base + number, issued) for number, step in enumerate(STEPS)]
    file = tmp_path / "sources.yaml"
    file.write_text(yaml.safe_dump({"sources": sources}))
    secrets = secrets_of(sources)
    environ = {
        "COLLECTOR_CLOCK": f"file:{ClockFile(tmp_path / 'clock', now_ms).path}",
        "COLLECTOR_SOURCES_FILE": str(file),
        "COLLECTOR_SYSLOG_FLUSH_INTERVAL_S": "0.1",
        **secrets,
    }
    stack.start_collector(0, environ)
    path = move_date(tmp_path / "bin", now_ms)
    yield Site(sources=sources, variables={"COLLECTOR": stack.collector_urls[0], "PATH": path, **secrets})
    stack.stop_collector(0)


def records(stack: Stack, begins: dict[int, int]) -> list[AccessLog]:
    """All records in raw since."""
    messages = (message for found in topics.read(stack.kafka_bootstrap, RAW, begins).values() for message in found)
    batches = [AccessLogBatch.FromString(message.value()) for message in messages]
    return [record for batch in batches for record in batch.records]


def addresses(stack: Stack, begins: dict[int, int]) -> set[str]:
    """Clients of all records in raw since."""
    return {record.client_ip for record in records(stack, begins)}


def test_every_page_followed_word_for_word_puts_its_line_on_the_bill(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int, site: Site
) -> None:
    """Contract: the vendor's delivery shape, by its own transport and with its own kind of credential, from the
    page's command to a row of the bill: one whole segment each. The viewer's whole address, the query of the URL and
    the credentials are in raw at most."""
    films = [Film(asset_id=step.film, environment_id=ENVIRONMENT, segment_ms=(SEGMENT_MS,) * 60) for step in STEPS]
    register(stack.assets_dsn, *films)
    begins = topics.ends(stack.kafka_bootstrap, RAW)
    enriched_begins = topics.ends(stack.kafka_bootstrap, ENRICHED)

    for number, step in enumerate(STEPS):
        site.follow(step, number)
    # Syslog answers nothing.
    until(lambda: len(records(stack, begins)) >= len(STEPS), "every line in raw")
    pipeline.drain(feed, bill, first_hour + HOUR_MS)

    billed = [(row.asset_id, row.delivered_ms, row.deliveries) for row in bill.rows()]
    assert sorted(billed) == sorted((film.asset_id, SEGMENT_MS, 1) for film in films)

    assert VIEWER in addresses(stack, begins)
    secrets = [value for name, value in site.variables.items() if name not in ("COLLECTOR", "PATH")]
    assert canaries.found(stack, enriched_begins, [VIEWER, *QUERIES, *secrets]) == set()
