"""What becomes of dead letters when they are read anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.blocks import Block, Delivery, parse_block
from collectors.batches.records import InvalidLine, Record
from collectors.origin import Origin
from collectors.parsers.registry import FORMATS
from collectors.sources import Source
from collectors.trust.credentials import Credentials
from ops.judgement import Judged, Verdict, judge
from ops.letters import Letter
from schemas.batch import HOUR_MS, LINE_MAX_BYTES, MAX_FUTURE_MS, batch_id
from schemas.cdn_logs_pb2 import AccessLogBatch, DeadLetter, Method
from schemas.topics import MAX_DEAD_PAYLOAD_BYTES
from tests.support.batches import batch, delivery, heartbeat

HOUR = 497_000 * HOUR_MS
ORIGIN = Origin(build="fixed", boot_id="dead-letters-1")
BROKEN = Origin(build="broken", boot_id="boot-1")


def broken(line: bytes) -> Record:
    raise InvalidLine("bad-line", "this release reads nothing")


def fixed(line: bytes) -> Record:
    """A line is the path, or the path and how many milliseconds after the hour it was asked for."""
    path, _, offset = line.decode(errors="replace").partition(" ")
    if not path.startswith("/"):
        raise InvalidLine("bad-path", "a path begins with a slash")
    return Record(event_time_ms=HOUR + int(offset or 0), status=200, path=path, method=Method.METHOD_GET)


SOURCE = Source(
    id="edge",
    cdn="generic",
    parse=fixed,
    framing="lines",
    format=FORMATS["generic", "json"],
    credentials=Credentials(),
    deduplicate_records=True,
)
SOURCES: Mapping[str, Source] = {"edge": SOURCE}


def letters_of(
    lines: list[bytes], delivery_id: str = "d1", received_at_ms: int = HOUR, first_line: int = 0
) -> list[Letter]:
    """What a release that reads nothing has left of a delivery."""
    made = Delivery(
        source_id="edge", cdn="generic", delivery_id=delivery_id, received_at_ms=received_at_ms, lines=lines
    )
    found = parse_block(made, Block(first_line, lines), broken, BROKEN).dead_letters
    return [Letter(received_at_ms, letter) for letter in found]


def judged(letters: list[Letter], sources: Mapping[str, Source] = SOURCES) -> list[Judged]:
    return judge(letters, sources.get, ORIGIN)


def test_a_line_that_can_be_read_now_becomes_a_batch_of_its_own() -> None:
    [found] = judged(letters_of([b"/film 5"], first_line=41))
    assert found.verdict is Verdict.REPLAY
    assert found.batch is not None
    assert MessageToDict(found.batch, preserving_proto_field_name=True) == {
        "header": {
            "kind": "BATCH_KIND_RECORDS",
            "batch_id": batch_id("edge", "dead-letter:d1", HOUR, 41),
            "id_version": 1,
            "source_id": "edge",
            "cdn": "generic",
            "delivery_id": "dead-letter:d1",
            "first_line": 41,
            "hour_ms": str(HOUR),
            "received_at_ms": str(HOUR),
            "collector_build": "fixed",
            "collector_boot": "dead-letters-1",
            "deduplicate_records": True,
        },
        "records": [{"line": 41, "event_offset_ms": 5, "method": "METHOD_GET", "status": 200, "path": "/film"}],
        "hosts": [""],
        "user_agents": [""],
        "pops": [""],
    }


def test_letters_of_one_retried_line_become_one_batch() -> None:
    copies = [letter for received in (0, 60_000, 900_000) for letter in letters_of([b"/film"], "d1", HOUR + received)]
    [found] = judged(copies)
    assert found.letters == tuple(copies)


@given(
    received=st.lists(st.integers(min_value=HOUR, max_value=HOUR + 10**9), min_size=2, max_size=4),
    number=st.integers(min_value=0, max_value=10**6),
)
def test_every_replay_of_a_line_makes_the_same_id_whichever_letter_it_comes_from(
    received: list[int], number: int
) -> None:
    names = {
        one.batch.header.batch_id
        for moment in received
        for one in judged(letters_of([b"/film"], "d1", moment, number))
        if one.batch is not None
    }
    assert names == {batch_id("edge", "dead-letter:d1", HOUR, number)}


def test_lines_of_one_delivery_and_equal_lines_of_two_stay_apart() -> None:
    found = judged(letters_of([b"/film", b"/film"]) + letters_of([b"/film"], "d2"))
    assert len({one.batch.header.batch_id for one in found if one.batch}) == 3


def test_a_line_that_lay_in_the_future_of_one_copy_only_is_read_from_the_other() -> None:
    early, later = (
        letters_of([f"/film {MAX_FUTURE_MS + 1}".encode()], "d1", HOUR),
        letters_of([f"/film {MAX_FUTURE_MS + 1}".encode()], "d1", HOUR + 1),
    )
    assert [one.verdict for one in judged(early)] == [Verdict.REJECTED]
    assert [one.verdict for one in judged(early + later)] == [Verdict.REPLAY]


def cut_off() -> list[Letter]:
    delivery_ = Delivery(source_id="edge", cdn="generic", delivery_id="d1", received_at_ms=HOUR, lines=[])
    line = b"/" + b"a" * LINE_MAX_BYTES
    return [Letter(HOUR, letter) for letter in parse_block(delivery_, Block(0, [line]), fixed, BROKEN).dead_letters]


def message(payload: bytes) -> list[Letter]:
    letter = DeadLetter(
        stage="enrichment", reason="invalid-batch", payload=payload, topic="cdn-logs.raw", topic_timestamp_ms=HOUR
    )
    return [Letter(HOUR, letter)]


REJECTED = {
    "a line that is as bad as ever": (letters_of([b"film"]), SOURCES, "bad-path: a path begins with a slash"),
    "a line of the future": (
        letters_of([f"/film {MAX_FUTURE_MS + 1}".encode()]),
        SOURCES,
        "future: the event is more than 5 minutes ahead",
    ),
    "a line whose source is gone": (letters_of([b"/film"]), {}, "the file of sources does not have its source"),
    "a line that was cut off": (cut_off(), SOURCES, "only its beginning was kept"),
    "a message that was cut off": (message(bytes(MAX_DEAD_PAYLOAD_BYTES)), SOURCES, "only its beginning was kept"),
    "a message that is no batch": (message(b"\xff"), SOURCES, "invalid-batch: no AccessLogBatch message"),
    "a heartbeat": (
        message(heartbeat("key", HOUR).SerializeToString()),
        SOURCES,
        "a heartbeat tells nothing that a later one has not told",
    ),
}


@pytest.mark.parametrize(("letters", "sources", "why"), REJECTED.values(), ids=REJECTED)
def test_what_cannot_be_read_is_told_with_the_reason(
    letters: list[Letter], sources: Mapping[str, Source], why: str
) -> None:
    assert judged(letters, sources) == [Judged(letters=tuple(letters), verdict=Verdict.REJECTED, why=why)]


def test_a_message_that_can_be_read_now_is_the_batch_that_it_holds() -> None:
    """Its writer has claimed it: the claim of a replay would be a second one."""
    sent = batch([delivery("/film")], hour_ms=HOUR)
    [found] = judged(message(sent.SerializeToString()))
    assert (found.verdict, found.batch) == (Verdict.REPLAY, sent)
    assert found.batch is not None
    assert found.batch.header.collector_boot == "boot-1"


def test_a_source_that_does_not_repeat_lines_says_so_in_its_batch() -> None:
    sources = {"edge": replace(SOURCE, deduplicate_records=False)}
    [found] = judged(letters_of([b"/film"]), sources)
    assert found.batch is not None
    assert not found.batch.header.deduplicate_records


@given(payload=st.binary(max_size=200))
def test_no_content_stops_a_replay(payload: bytes) -> None:
    for letters in (letters_of([payload]), message(payload)):
        [found] = judged(letters)
        assert (found.batch is None) == (found.verdict is Verdict.REJECTED)
        assert found.batch is None or isinstance(found.batch, AccessLogBatch)
