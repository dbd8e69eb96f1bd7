"""What CDNs are made to write is what the product reads: every line of a drawn hour, record by record.

The expectation shares no code with the product; this is the one place where the two are laid side by side, so that a
disagreement shows here in a second and not at the end of a run.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.batches.records import InvalidLine, LineParser, Record
from collectors.sources import load_sources
from local.demo.traffic import Traffic
from local.traffic import catalogue, logs, sources
from local.traffic.events import Cdn, Damage, Event
from local.traffic.told import told
from schemas.cdn_logs_pb2 import Method

DAY = 1_795_392_000_000
EVENTS = [
    event for hour in Traffic(catalogue.build(seed=1, count=40), DAY, seed=1, records=20_000).hours() for event in hour
]


@pytest.fixture(scope="module")
def parsers(tmp_path_factory: pytest.TempPathFactory) -> dict[Cdn, LineParser]:
    file: Path = tmp_path_factory.mktemp("sources") / "sources.yaml"
    sources.write(file, sources.new_secrets())
    loaded = load_sources(file, http_host="127.0.0.1", environ={})
    by_id = {source.id: source for source in loaded.syslog()}
    return {cdn: (by_id.get(cdn.value) or loaded.http(cdn.value)).parse for cdn in Cdn}  # type: ignore[union-attr]  # every CDN has one


def facts_of_record(record: Record) -> tuple[object, ...]:
    return (
        record.event_time_ms,
        record.path,
        record.status,
        record.method == Method.METHOD_GET,
        record.internal,
        record.client_ip,
        record.user_agent,
        record.host,
    )


def facts_of_event(event: Event) -> tuple[object, ...]:
    viewer = event.viewer
    return (
        event.end_ms,
        event.path,
        event.status,
        event.method == "GET",
        event.internal,
        viewer.address,
        viewer.user_agent,
        viewer.host,
    )


@pytest.mark.parametrize("cdn", Cdn)
def test_every_sound_line_is_read_as_what_happened(cdn: Cdn, parsers: dict[Cdn, LineParser]) -> None:
    for event in EVENTS:
        if event.viewer.cdn is cdn and event.damage is Damage.NONE:
            record = parsers[cdn](logs.line(event).encode())
            assert facts_of_record(record) == facts_of_event(event)
            if event.status in (200, 206) and event.method == "GET":
                assert (record.body_bytes, record.object_bytes) == told(event)


@pytest.mark.parametrize("cdn", Cdn)
def test_every_damaged_line_is_refused(cdn: Cdn, parsers: dict[Cdn, LineParser]) -> None:
    damaged = [event for event in EVENTS if event.viewer.cdn is cdn and event.damage is not Damage.NONE]
    assert damaged
    for event in damaged:
        with pytest.raises(InvalidLine):
            parsers[cdn](logs.line(event).encode())
