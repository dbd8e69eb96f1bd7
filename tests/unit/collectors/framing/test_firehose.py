"""Firehose's envelope."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.framing.errors import InvalidBody
from collectors.framing.firehose import open_envelope

ID = "ed4acda5-034f-9f42-bba1-f29aea6d7d8f"


def body(*data: str) -> bytes:
    return json.dumps(
        {"requestId": ID, "timestamp": 1578090901599, "records": [{"data": text} for text in data]}
    ).encode()


def test_an_envelope_has_an_id_a_time_and_records() -> None:
    envelope = open_envelope(body("YQpiCg==", "", "Yw=="))
    assert (envelope.request_id, envelope.timestamp, envelope.payloads()) == (ID, 1578090901599, [b"a\nb\n", b"", b"c"])


def test_a_record_that_is_not_base64_stays_for_the_parser_to_reject() -> None:
    assert open_envelope(body('{"a":1}', "YQ", "Yé")).payloads() == [b'{"a":1}', b"YQ", "Yé".encode()]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"requestId":1}',
        b'{"requestId":"x","records":[{"data":5}]}',
        b'{"requestId":"x","records":{}}',
        b"\xff",
        b'{"requestId":"x","more":' + b"[" * 100_000,
    ],
)
def test_what_is_no_envelope_is_invalid(text: bytes) -> None:
    with pytest.raises(InvalidBody, match="no Firehose request"):
        open_envelope(text)


@given(st.lists(st.binary()))
def test_payloads_come_out_as_they_went_in(payloads: list[bytes]) -> None:
    assert open_envelope(body(*(base64.b64encode(data).decode() for data in payloads))).payloads() == payloads
