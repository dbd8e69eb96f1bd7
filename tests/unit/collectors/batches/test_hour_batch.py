"""Records into messages."""

from __future__ import annotations

from collectors.batches.hour_batch import HourBatch
from collectors.batches.records import Record
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
