"""JSON bodies in whichever arrangement to one value a line."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.framing.json_values import _elements, split_json

OBJECTS = st.lists(
    st.dictionaries(
        st.text(), st.none() | st.integers() | st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.text())
    ),
    max_size=6,
)


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (b'{"a":1}\n{"a":2}\n', [b'{"a":1}', b'{"a":2}']),
        (b'[{"a":1}, {"a":[2,3]}]', [b'{"a":1}', b'{"a":[2,3]}']),
        (b' \n[\n{"a":1},\n{"a":2}\n]\n', [b'{"a":1}', b'{"a":2}']),
        (b"[]", []),
        (b"", []),
        (b'{"a":1}{"a":2}', [b'{"a":1}', b'{"a":2}']),
        (b'{"a":1} {"a":"}{"}\n{"a":3}', [b'{"a":1}', b'{"a":"}{"}', b'{"a":3}']),
        (b'{"a":"}{"}\n', [b'{"a":"}{"}']),
        (b'{"a":1}{"a":2', [b'{"a":1}', b'{"a":2']),
        (b"[1,2]", [b"1", b"2"]),
        (b"tests", [b"tests"]),
    ],
    ids=[
        "lines",
        "array",
        "array over lines",
        "empty array",
        "empty",
        "in a row",
        "in a row with braces in strings",
        "braces in a string",
        "cut off",
        "no objects",
        "no JSON",
    ],
)
def test_values_of_a_body(body: bytes, values: list[bytes]) -> None:
    assert split_json(body) == values


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (b'[{"a":1},{"ua":"\\x22"},{"a":3}]', [b'{"a":1}', b'{"ua":"\\x22"}', b'{"a":3}']),
        (b'[{"a":1},{"a":2', [b'{"a":1}', b'{"a":2']),
        (b'[{"a":1},,{"a":3}]', [b'{"a":1}', b'{"a":3}']),
        (b'[{"a":"\xff"},{"a":3}]', [b'{"a":"\xff"}', b'{"a":3}']),
        (b'[{"a":1}] x', [b'{"a":1}', b"x"]),
        (b'[{"a":"b', [b'{"a":"b']),
        (b'[{"a":"b\\', [b'{"a":"b\\']),
        (b"]]]", [b"]]]"]),
        (b"[]]]", [b"]]"]),
    ],
    ids=[
        "an escape that is none",
        "cut off",
        "comma",
        "encoding",
        "a rest",
        "open string",
        "open escape",
        "lines",
        "ends",
    ],
)
def test_a_broken_element_of_an_array_does_not_hide_the_others(body: bytes, values: list[bytes]) -> None:
    assert split_json(body) == values


@given(OBJECTS)
def test_the_arrangement_does_not_change_the_values(objects: list[dict[str, Any]]) -> None:
    texts = [json.dumps(value).encode() for value in objects]
    array = b"[" + b" , ".join(texts) + b"]"
    assert split_json(b"\n".join(texts)) == texts
    assert split_json(b"".join(texts)) == texts
    assert split_json(array) == texts
    assert list(_elements(array)) == texts


@given(st.text(alphabet='[]{},"\\ ab\n', max_size=60))
def test_nothing_but_separators_and_white_space_is_lost(text: str) -> None:
    body = text.encode()
    kept = b"".join(split_json(body))
    assert not set(body) - set(kept) - set(b"[],{} \n")


@pytest.mark.parametrize("unit", [b'"', b'\\"', b'{"', b"[", b"}{", b'"\\', b"{}", b"{"])
def test_no_input_takes_more_than_linear_time(unit: bytes) -> None:
    started = time.process_time()
    split_json(b"[" + unit * 200_000)
    split_json(b"{}{" + unit * 200_000)
    assert time.process_time() - started < 5
