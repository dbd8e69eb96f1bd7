"""A connection turns requests into events whose times and sizes fit together."""

from __future__ import annotations

import random

import pytest

from local.traffic import catalogue
from local.traffic.connection import Connection
from local.traffic.events import Cdn, Event, Kind, Viewer

VIEWER = Viewer(
    address="198.18.0.1",
    user_agent="ExamplePlayer/3.1",
    cdn=Cdn.FASTLY,
    host="sportivo.example.com",
    pop="FRA",
    protocol="2",
)
ASSET = catalogue.build(seed=1, count=5).viral
START_MS = 1_795_392_000_000


@pytest.fixture
def connection() -> Connection:
    return Connection(random.Random(1), VIEWER, ASSET, START_MS)


def test_a_plain_request_is_a_whole_200_to_a_get(connection: Connection) -> None:
    connection.bits_per_second = 8_000_000
    assert connection.get("thumbnail-3.jpg", Kind.IMAGE, 14_500) == Event(
        viewer=VIEWER,
        end_ms=START_MS + 27,
        elapsed_ms=27,
        first_byte_ms=13,
        method="GET",
        path="/goal-of-the-year/thumbnail-3.jpg",
        status=200,
        kind=Kind.IMAGE,
        object_bytes=14_500,
        body_bytes=14_500,
        request_id=4705193143269049553,
        asset=ASSET,
    )


def test_an_unusual_answer_says_what_is_unusual(connection: Connection) -> None:
    rendition = ASSET.renditions[0]
    event = connection.get(
        "x.ts", Kind.SEGMENT, 900, rendition, 7, status=206, body=50, first=0, last=99, completed=False
    )
    assert (event.status, event.object_bytes, event.body_bytes, event.first, event.last) == (206, 900, 50, 0, 99)
    assert (event.rendition, event.number, event.completed) == (rendition, 7, False)


def test_time_goes_on_from_request_to_request(connection: Connection) -> None:
    first = connection.get("a", Kind.OTHER, 1_000_000)
    second = connection.get("b", Kind.OTHER, 1_000_000)
    assert START_MS < first.end_ms == second.end_ms - second.elapsed_ms


def test_a_faster_line_takes_less_time(connection: Connection) -> None:
    connection.bits_per_second = 1_000_000
    slow = connection.get("a", Kind.OTHER, 1_000_000)
    connection.bits_per_second = 100_000_000
    fast = connection.get("a", Kind.OTHER, 1_000_000)
    assert slow.elapsed_ms - slow.first_byte_ms == 8_000
    assert fast.elapsed_ms - fast.first_byte_ms == 80


def test_waiting_never_goes_back_in_time(connection: Connection) -> None:
    connection.wait_until(START_MS + 500)
    connection.wait_until(START_MS + 100)
    assert connection.now_ms == START_MS + 500
