"""Parameters of an address."""

from __future__ import annotations

import pytest

from console import query
from console.query import InvalidQuery


def test_known_parameters_pass_and_an_unknown_one_is_named() -> None:
    query.refuse_unknown({"a": "1"}, {"a", "b"})
    with pytest.raises(InvalidQuery, match=r"^'c' is no parameter: there are a, b$"):
        query.refuse_unknown({"a": "1", "c": "2"}, {"b", "a"})


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, None), ({"id": ""}, None), ({"id": "  "}, None), ({"id": " film "}, "film"), ({"id": "x" * 256}, "x" * 256)],
    ids=["not there", "empty", "blank", "with blanks around it", "as long as may be"],
)
def test_an_id_is_its_text(given: dict[str, str], expected: str | None) -> None:
    assert query.text(given, "id") == expected


@pytest.mark.parametrize("value", ["x" * 257, "a\x00b", "a\nb", "a\u202eb"])
def test_what_no_id_can_be_is_refused(value: str) -> None:
    with pytest.raises(InvalidQuery, match=r"^id is no id: at most 256 printable characters$"):
        query.text({"id": value}, "id")


@pytest.mark.parametrize(("given", "expected"), [({}, 7), ({"n": ""}, 7), ({"n": "1"}, 1), ({"n": "0100"}, 100)])
def test_a_number_is_read_or_its_default_taken(given: dict[str, str], expected: int) -> None:
    assert query.number(given, "n", default=7, most=100) == expected


@pytest.mark.parametrize("value", ["0", "101", "-1", "+1", "1.0", "1e2", "x", " 1", "\u0661", "9" * 5_000])
def test_any_other_number_is_refused(value: str) -> None:
    with pytest.raises(InvalidQuery, match=r"give a whole number from 1 to 100$"):
        query.number({"n": value}, "n", default=7, most=100)
