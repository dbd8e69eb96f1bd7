"""Records into messages."""

from __future__ import annotations

from typing import Any

import pytest

from collectors.batches.hour_batch import HourBatch
from collectors.batches.records import InvalidLine, Record
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch, BatchHeader, CacheStatus, Method

HOUR = 1_795_417_200_000


def test_every_field_of_a_record_has_its_place() -> None:
    batch = HourBatch(BatchHeader(hour_ms=HOUR))
    batch.add(
        3,
        Record(
            event_time_ms=HOUR + 391,
            status=206,
            path="/a.m4s",
            method=Method.METHOD_GET,
            host="vod.example.com",
            body_bytes=10,
            object_bytes=20,
            aborted=True,
            internal=True,
            cache_status=CacheStatus.CACHE_STATUS_HIT,
            client_ip="192.0.2.1",
            user_agent="Player",
            pop="FRA",
            time_to_first_byte_ms=1,
            elapsed_ms=2,
            request_id="id",
            range_start=0,
            range_end=9,
        ),
    )
    assert batch.message() == AccessLogBatch(
        header=BatchHeader(hour_ms=HOUR),
        records=[
            AccessLog(
                line=3,
                event_offset_ms=391,
                method=Method.METHOD_GET,
                status=206,
                path="/a.m4s",
                host=1,
                body_bytes=10,
                object_bytes=20,
                aborted=True,
                internal=True,
                cache_status=CacheStatus.CACHE_STATUS_HIT,
                client_ip="192.0.2.1",
                user_agent=1,
                pop=1,
                time_to_first_byte_ms=1,
                elapsed_ms=2,
                request_id="id",
                range_start=0,
                range_end=9,
            )
        ],
        hosts=["", "vod.example.com"],
        user_agents=["", "Player"],
        pops=["", "FRA"],
    )


def test_zero_and_unknown_are_told_apart() -> None:
    batch = HourBatch(BatchHeader(hour_ms=HOUR))
    batch.add(0, Record(event_time_ms=HOUR, status=200, path="/", object_bytes=0, elapsed_ms=0, range_start=0))
    (log,) = batch.message().records
    optional = ("object_bytes", "time_to_first_byte_ms", "elapsed_ms", "range_start", "range_end")
    assert [name for name in optional if log.HasField(name)] == ["object_bytes", "elapsed_ms", "range_start"]


def test_a_string_stands_once_in_its_table() -> None:
    batch = HourBatch(BatchHeader(hour_ms=HOUR))
    for host in ("a", "", "b", "a"):
        batch.add(0, Record(event_time_ms=HOUR, status=200, path="/", host=host))
    message = batch.message()
    assert ([log.host for log in message.records], list(message.hosts)) == ([1, 0, 2, 1], ["", "a", "b"])


@pytest.mark.parametrize(
    "unfit",
    [
        {"status": 2**32},
        {"status": -1},
        {"body_bytes": 2**64},
        {"object_bytes": -1},
        {"elapsed_ms": 2**32},
        {"time_to_first_byte_ms": 2**32},
        {"range_end": 2**64},
        {"path": "/\ud800"},
        {"host": "\ud800"},
        {"user_agent": "\udfff"},
        {"pop": "\ud800"},
        {"client_ip": "\ud800"},
        {"request_id": "\ud800"},
    ],
    ids=repr,
)
def test_a_field_that_does_not_fit_rejects_its_line_and_leaves_nothing_of_it(unfit: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"event_time_ms": HOUR, "status": 200, "path": "/b", **unfit}
    batch = HourBatch(BatchHeader(hour_ms=HOUR))
    batch.add(0, Record(event_time_ms=HOUR, status=200, path="/a", host="a", user_agent="a", pop="a"))
    with pytest.raises(InvalidLine, match="bad-field"):
        batch.add(1, Record(**fields))
    batch.add(2, Record(event_time_ms=HOUR + 1, status=200, path="/c", host="c", user_agent="c", pop="c"))
    assert batch.event_times_ms == [HOUR, HOUR + 1]
    assert AccessLogBatch.FromString(batch.message().SerializeToString()) == AccessLogBatch(
        header=BatchHeader(hour_ms=HOUR),
        records=[
            AccessLog(status=200, path="/a", host=1, user_agent=1, pop=1),
            AccessLog(line=2, event_offset_ms=1, status=200, path="/c", host=2, user_agent=2, pop=2),
        ],
        hosts=["", "a", "c"],
        user_agents=["", "a", "c"],
        pops=["", "a", "c"],
    )


def test_strings_of_a_rejected_line_stay_in_their_table_and_move_no_index() -> None:
    """They cost their bytes once. Taking them out again would cost every line that is good."""
    batch = HourBatch(BatchHeader(hour_ms=HOUR))
    with pytest.raises(InvalidLine):
        batch.add(0, Record(event_time_ms=HOUR, status=200, path="/", host="rejected", elapsed_ms=2**32))
    for host in ("good", "rejected"):
        batch.add(1, Record(event_time_ms=HOUR, status=200, path="/", host=host))
    message = batch.message()
    assert ([log.host for log in message.records], list(message.hosts)) == ([2, 1], ["", "rejected", "good"])
