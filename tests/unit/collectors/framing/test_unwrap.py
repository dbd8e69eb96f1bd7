"""Bodies to lines by declared framing."""

from __future__ import annotations

import base64
import json

import pytest

from collectors.framing.firehose import open_envelope
from collectors.framing.unwrap import lines_of, lines_of_envelope


@pytest.mark.parametrize(
    ("framing", "lines"),
    [("json", [b"1", b"2"]), ("lines", [b"[1,", b"2]"]), ("azure-records", [b"1", b"2"])],
)
def test_the_framing_decides_what_a_line_is(framing: str, lines: list[bytes]) -> None:
    assert lines_of(b"[1,\n2]", framing) == lines


@pytest.mark.parametrize(
    ("framing", "lines"),
    [("firehose-lines", [b"a\tb", b"c", b"[1,2]"]), ("firehose-json", [b"a\tb", b"c", b"1", b"2"])],
)
def test_lines_of_records_follow_one_another(framing: str, lines: list[bytes]) -> None:
    records = [{"data": base64.b64encode(data).decode()} for data in (b"a\tb\nc\n", b"", b"[1,2]")]
    envelope = open_envelope(json.dumps({"requestId": "x", "records": records}).encode())
    assert lines_of_envelope(envelope, framing) == lines
