"""Parameters of a URL, each checked: a misspelt filter must not show more than was asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

#: Longer than any id that a platform gives.
_MOST_CHARACTERS: Final = 256


class InvalidQuery(ValueError):
    """A parameter of a request is wrong; the message names it and says what is expected."""


def refuse_unknown(query: Mapping[str, str], known: Collection[str]) -> None:
    """Raise InvalidQuery for a parameter that there is not."""
    for name in query:
        if name not in known:
            raise InvalidQuery(f"{name!r} is no parameter: there are {', '.join(sorted(known))}")


def text(query: Mapping[str, str], name: str) -> str | None:
    """An id; None where it is empty or not there. Raises InvalidQuery."""
    value = query.get(name, "").strip()
    if len(value) > _MOST_CHARACTERS or not value.isprintable():
        raise InvalidQuery(f"{name} is no id: at most {_MOST_CHARACTERS} printable characters")
    return value or None


def number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most`. Raises InvalidQuery."""
    given = query.get(name) or str(default)
    if not (given.isascii() and given.isdigit() and len(given) < 10 and 1 <= int(given) <= most):
        raise InvalidQuery(f"{name} is {given!r}: give a whole number from 1 to {most}")
    return int(given)
