"""Pub/Sub's wrapped push."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.framing.errors import InvalidBody
from collectors.framing.pubsub import open_push

#: The sample of "Push subscriptions: receive messages", shortened.
SAMPLE = {
    "deliveryAttempt": 5,
    "message": {
        "attributes": {"logging.googleapis.com/timestamp": "2026-11-23T07:00:00.391882Z"},
        "data": "SGVsbG8gQ2xvdWQgUHViL1N1YiEgSGVyZSBpcyBteSBtZXNzYWdlIQ==",
        "messageId": "2070443601311540",
        "message_id": "2070443601311540",
        "publishTime": "2021-02-26T19:13:55.749Z",
        "publish_time": "2021-02-26T19:13:55.749Z",
    },
    "subscription": "projects/myproject/subscriptions/mysubscription",
}


def body(**message: Any) -> bytes:
    return json.dumps({**SAMPLE, "message": message}).encode()


def test_the_documented_push_has_an_id_and_data() -> None:
    message = open_push(json.dumps(SAMPLE).encode())
    assert (message.message_id, message.payload()) == (
        "2070443601311540",
        b"Hello Cloud Pub/Sub! Here is my message!",
    )


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"messageId": "1", "data": "YQ=="}, ("1", b"a")),
        ({"message_id": "2", "data": "YQ=="}, ("2", b"a")),
        ({"messageId": "3"}, ("3", b"")),
        ({"data": "YQ=="}, ("", b"a")),
        ({"messageId": "5", "data": '{"a":1}'}, ("5", b'{"a":1}')),
        ({"messageId": "6", "data": "YQ"}, ("6", b"YQ")),
        ({"messageId": "7", "data": "Yé"}, ("7", "Yé".encode())),
    ],
    ids=["id", "old spelling", "no data", "no id", "not base64", "cut off", "not ASCII"],
)
def test_a_message_is_opened_whatever_it_holds(message: dict[str, str], expected: tuple[str, bytes]) -> None:
    opened = open_push(body(**message))
    assert (opened.message_id, opened.payload()) == expected


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b'{"message":null}',
        b'{"message":[]}',
        b'{"message":{"messageId":1}}',
        b'{"message":{"data":5}}',
        b'{"message":{"data":"\\ud800"}}',
        b'{"message":{"data":"\xff"}}',
        b'{"message":{"data":"YQ=="}',
        b'{"message":{"x":' + b"[" * 100_000,
    ],
)
def test_what_is_no_push_is_invalid(text: bytes) -> None:
    with pytest.raises(InvalidBody, match="no Pub/Sub push"):
        open_push(text)


@given(st.binary())
def test_data_comes_out_as_it_went_in(data: bytes) -> None:
    assert open_push(body(messageId="1", data=base64.b64encode(data).decode())).payload() == data


@given(st.binary() | st.recursive(st.none() | st.text(), st.lists).map(lambda value: json.dumps(value).encode()))
def test_any_body_is_a_push_or_invalid(text: bytes) -> None:
    for changed in (text, b'{"message":' + text + b"}", b'{"message":{"data":' + text + b"}}"):
        try:
            open_push(changed).payload()
        except InvalidBody:
            continue


@pytest.mark.parametrize("unit", [b"A", b"=", b'\\"', b"[", b'{"', b"\\u0041"])
def test_no_input_takes_more_than_linear_time(unit: bytes) -> None:
    started = time.process_time()
    for text in (unit * 200_000, b'{"message":{"data":"' + unit * 200_000 + b'"}}'):
        try:
            open_push(text).payload()
        except InvalidBody:
            continue
    assert time.process_time() - started < 5
