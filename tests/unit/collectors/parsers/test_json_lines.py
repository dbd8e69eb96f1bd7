"""Typed rows from JSON lines, with the null rule for what does not fit."""

from __future__ import annotations

import msgspec
import pytest

from collectors.batches.records import InvalidLine
from collectors.parsers.fields import ByteCount
from collectors.parsers.json_lines import JsonLines, parse_object


class Row(msgspec.Struct):
    size: ByteCount
    name: str = "unnamed"
    age: int | None = None


rows = JsonLines(Row)


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (b'{"size":1,"name":"a","age":2}', Row(1, "a", 2)),
        (b'{"size":"1","age":"2","more":[1]}', Row(1, "unnamed", 2)),
        (b'{"size":1,"age":"-"}', Row(1)),
        (b'{"size":1,"age":"","name":null}', Row(1)),
        (b'  {"size": 1 }\r', Row(1)),
    ],
    ids=["exact", "quoted numbers", "dash", "null for a text", "white space"],
)
def test_rows(line: bytes, row: Row) -> None:
    assert rows.decode(line) == row


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "bad-json"),
        (b"{", "bad-json"),
        (b'{"size":1} x', "bad-json"),
        (b'{"size":1,"name":"\xff"}', "bad-json"),
        (b'{"size":1,"name":"\\ud800"}', "bad-json"),
        (b'{"size":1,"more":' + b"[" * 100_000, "bad-json"),
        (b"[]", "bad-json"),
        (b"{}", "bad-field"),
        (b'{"size":"-"}', "bad-field"),
        (b'{"size":-1}', "bad-field"),
        (b'{"size":9007199254740993}', "bad-field"),
    ],
)
def test_rejects(line: bytes, reason: str) -> None:
    with pytest.raises(InvalidLine) as caught:
        rows.decode(line)
    assert caught.value.reason == reason


def test_an_object_is_parsed_as_it_is() -> None:
    assert parse_object(b'{"a":"-","b":[1]}') == {"a": "-", "b": [1]}
