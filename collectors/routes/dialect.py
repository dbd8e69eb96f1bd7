"""A sender's dialect: how it wraps a delivery, and which answer it takes for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from aiohttp import web

from collectors.framing.errors import InvalidBody
from collectors.routes.refusals import Refused

#: It travels with every batch.
_MAX_ID_CHARACTERS: Final = 128


class Contents(NamedTuple):
    """What a request holds: the identity of its delivery, the same over retries, and its lines."""

    delivery_id: str
    lines: list[bytes]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One way to deliver.

    `unwrap` makes contents of the framing's name, the request's headers and its decompressed body, or raises
    InvalidBody. `answer` says yes (None) or why not.
    """

    unwrap: Callable[[str, Mapping[str, str], bytes], Contents]
    answer: Callable[[web.Request, Refused | None], web.Response]


def identified(delivery_id: str, lines: list[bytes]) -> Contents:
    """Contents under the identity that the provider gave them. Raises InvalidBody where that is none."""
    if not 0 < len(delivery_id) <= _MAX_ID_CHARACTERS:
        raise InvalidBody(f"the delivery's id is empty or longer than {_MAX_ID_CHARACTERS} characters")
    return Contents(delivery_id, lines)
