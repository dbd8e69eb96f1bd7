"""What Firehose could not deliver."""

from __future__ import annotations

import base64
import json

import pytest

from collectors.framing.failed_firehose import split_failed


def failed(data: bytes) -> bytes:
    document = {
        "attemptsMade": 4,
        "arrivalTimestamp": 1_788_256_801_000,
        "errorCode": "HttpEndpoint.DestinationException",
        "errorMessage": "503",
        "attemptEndingTimestamp": 1_788_264_001_000,
        "rawData": base64.b64encode(data).decode(),
    }
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        pytest.param(failed(b'{"a":1}\n') + b"\n" + failed(b'{"a":2}'), [b'{"a":1}', b'{"a":2}'], id="a line each"),
        pytest.param(failed(b"1") + failed(b"2"), [b"1", b"2"], id="behind each other"),
        pytest.param(failed(b'{"a":1}\n{"a":2}\n'), [b'{"a":1}', b'{"a":2}'], id="a record of several lines"),
        pytest.param(failed(b"1\t2\n"), [b"1\t2"], id="columns"),
        pytest.param(b'{"a":1}\n{"rawData":"?"}', [b'{"a":1}', b'{"rawData":"?"}'], id="something else"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_lines_of_failed_records_follow_one_another(body: bytes, lines: list[bytes]) -> None:
    assert split_failed(body) == lines
