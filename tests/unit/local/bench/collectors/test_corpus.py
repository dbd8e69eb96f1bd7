from __future__ import annotations

import gzip

import msgspec
import pytest

from collectors.batches.records import Record
from collectors.parsers.registry import FORMATS
from collectors.syslog.frames import FrameDecoder
from collectors.syslog.messages import message_of
from local.bench.collectors.corpus import LINES_A_DELIVERY, Corpus, corpus, fastly_fields, logpush_fields
from schemas.batch import LINE_MAX_BYTES
from schemas.cdn_logs_pb2 import Method

NOW = 1_795_417_260_000
LINES = 2 * LINES_A_DELIVERY


@pytest.fixture(scope="module")
def made() -> Corpus:
    return corpus(NOW, "a-secret-of-the-bench", lines=LINES)


def records(cdn: str, lines: list[bytes]) -> list[Record]:
    known = FORMATS[cdn, "json"]
    parse = known.parser(msgspec.convert({}, known.options))
    return [parse(line) for line in lines]


def test_a_delivery_is_gzip_of_lines_of_600_bytes_that_the_parser_reads(made: Corpus) -> None:
    assert len(made.deliveries) == 2
    for delivery in made.deliveries:
        lines = gzip.decompress(delivery.body).splitlines()
        assert len(lines) == LINES_A_DELIVERY
        assert 550 < sum(map(len, lines)) / len(lines) < 650
        assert list(msgspec.json.decode(lines[0])) == logpush_fields()
        parsed = records("cloudflare", lines)
        assert all(NOW - 60_000 < record.event_time_ms <= NOW for record in parsed)
        assert {record.method for record in parsed} == {Method.METHOD_GET}
        assert len({record.client_ip for record in parsed}) > LINES_A_DELIVERY / 10


def test_syslog_holds_the_same_lines_in_either_framing(made: Corpus) -> None:
    frames = [FrameDecoder(LINE_MAX_BYTES).feed(stream) for stream in (made.counted, made.classic)]
    counted, classic = ([message_of(frame) for frame in stream] for stream in frames)
    assert counted == classic
    assert len(records("fastly", counted)) == LINES
    assert set(msgspec.json.decode(counted[0])) <= set(fastly_fields())
