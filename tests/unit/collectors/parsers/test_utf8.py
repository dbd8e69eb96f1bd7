"""JSON lines with octets that are no UTF-8."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.parsers.utf8 import valid_utf8


@pytest.mark.parametrize(
    ("line", "valid"),
    [
        (b'{"ua":"Player"}', b'{"ua":"Player"}'),
        ('{"ua":"Пр"}'.encode(), '{"ua":"Пр"}'.encode()),
        (b'{"ua":"caf\xe9"}', '{"ua":"caf\N{REPLACEMENT CHARACTER}"}'.encode()),
    ],
    ids=["ASCII", "UTF-8", "Latin-1"],
)
def test_other_encodings_are_replaced(line: bytes, valid: bytes) -> None:
    assert valid_utf8(line) == valid


@given(st.binary())
def test_the_line_is_utf8_whatever_it_was(line: bytes) -> None:
    assert valid_utf8(line).decode() or not line
