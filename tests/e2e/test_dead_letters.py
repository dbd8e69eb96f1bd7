"""Contract: a line that could not be read is billed after the fix, once, however often it was sent and replayed."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from local.clock import ClockFile
from local.stack import Stack
from tests.e2e import commands
from tests.e2e.bill import Bill, BillRow
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import Pipeline
from tests.support.batches import HOUR_MS, MINUTE_MS, SECOND_MS

pytestmark = pytest.mark.timeout(900)

SOURCE = "mended"
FILM = Film(asset_id="mended-film", environment_id="mended-env")
SEGMENT_MS = 4_004
SETTLED_HOURS = 73


def sources(folder: Path, status_field: str) -> str:
    """A file of sources that looks for the status in that field."""
    fields = {"end_time": "time", "method": "method", "path": "path", "status": status_field, "body_bytes": "bytes"}
    options = {"time_unit": "ms", "fields": fields}
    source = {"id": SOURCE, "cdn": "generic", "listener": {"type": "http"}, "options": options}
    file = folder / f"{status_field}.yaml"
    file.write_text(yaml.safe_dump({"sources": [source]}))
    return str(file)


def line(time_ms: int, number: int) -> dict[str, object]:
    return {"time": time_ms, "method": "GET", "path": FILM.path("720p", number), "status": 200, "bytes": 1_000}


@dataclass(frozen=True, kw_only=True)
class Site:
    """A collector that misreads the status, and the environment of an operator who has the right file."""

    stack: Stack
    clock: ClockFile
    operator: Mapping[str, str]

    def post(self, *lines: dict[str, object]) -> int:
        connection = http.client.HTTPConnection(self.stack.collector_urls[0].removeprefix("http://"), timeout=60)
        try:
            connection.request("POST", f"/v1/logs/{SOURCE}", "\n".join(map(json.dumps, lines)).encode())
            return connection.getresponse().status
        finally:
            connection.close()

    def replay(self) -> commands.Done:
        options = ("--source", SOURCE, "--yes")
        return commands.run(self.stack, "ops.dead_letters", "replay", *options, environ=self.operator)


@pytest.fixture
def site(stack: Stack, first_hour: int, tmp_path: Path) -> Iterator[Site]:
    clock = ClockFile(tmp_path / "clock", first_hour + 30 * MINUTE_MS)
    variables = {"COLLECTOR_CLOCK": f"file:{clock.path}"}
    stack.start_collector(0, {**variables, "COLLECTOR_SOURCES_FILE": sources(tmp_path, "code")})
    mended = {**variables, "COLLECTOR_SOURCES_FILE": sources(tmp_path, "status")}
    yield Site(stack=stack, clock=clock, operator=mended)
    stack.stop_collector(0)


def row(hour_ms: int, plays: int) -> BillRow:
    return BillRow(hour_ms, FILM.environment_id, FILM.asset_id, "up-to-720p", plays * SEGMENT_MS, plays, plays * 1_000)


def test_lines_that_were_rejected_are_billed_once_after_the_fix(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int, site: Site
) -> None:
    """Contract: a delivery is sent three times to a collector whose file of sources names a wrong field. Its five
    lines leave fifteen dead letters; replayed, on time and once more, they are billed once, and one that is replayed
    beyond the billing horizon is billed as a correction. The audit finds every replayed batch, and a recount of the
    hours changes nothing."""
    register(stack.assets_dsn, FILM)
    delivery = [line(first_hour + number * SECOND_MS, number) for number in range(5)]
    assert [site.post(*delivery) for _ in range(3)] == [200] * 3
    assert bill.rows() == []

    replayed = site.replay()
    assert (replayed.status, replayed.errors) == (0, "")
    assert replayed.lines[0].startswith(f"to be replayed: 5 of {SOURCE} bad-field (15 letters): 5 records, ")
    assert site.replay().status == 0
    pipeline.drain(feed, bill, first_hour)
    assert bill.rows() == [row(first_hour, 5)]

    assert site.post(line(first_hour + MINUTE_MS, 5)) == 200
    pipeline.drain(feed, bill, first_hour + SETTLED_HOURS * HOUR_MS)
    site.clock.advance(first_hour + SETTLED_HOURS * HOUR_MS)
    late = site.replay()
    assert [text.split(":")[0] for text in late.lines[:2]] == ["to be replayed", "in the ledger already"]
    pipeline.drain(feed, bill, first_hour + (SETTLED_HOURS + 1) * HOUR_MS)
    assert bill.rows() == [row(first_hour, 6)]
    assert len(bill.corrections()) == 1

    audited = commands.run(stack, "ops.audit", "--from", commands.hour(first_hour), "--wait", "60")
    assert audited.of(SOURCE, commands.hour(first_hour)[:10])[1:] == []
    assert "rejected lines (6 replayed)" in "".join(audited.lines)
    recounted = commands.run(stack, "ops.reprocess", *[commands.hour(first_hour)] * 2, "--yes")
    assert recounted.lines[-1].endswith(": nothing changed")
