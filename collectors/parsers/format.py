"""What a parser module offers: its formats, each with options, framing and the look of its test upload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from collectors.batches.records import LineParser
from collectors.framing.header_line import IsHeader

#: How a body is unwrapped to lines: see collectors/framing/unwrap.py.
Framing = Literal[
    "json", "lines", "firehose-json", "firehose-lines", "pubsub-json", "azure-records", "failed-firehose", "w3c"
]


def _no_probe(body: bytes) -> bool:
    """CDNs that check an endpoint otherwise, or not at all."""
    del body
    return False


def always(options: object) -> bool:
    """For formats that hold a request id whatever their options."""
    del options
    return True


def _never(options: object) -> bool:
    del options
    return False


def _no_header(options: object) -> None:
    del options


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format of one CDN: its options, its parser, its usual framing, and what its test upload looks like.

    `has_request_id`: whether, with these options, lines carry an id that the CDN makes for each request, so that a
    line which it sends again in another delivery can be recognised (docs/collectors/repeated-lines.md).
    `header`: what recognises the line of column names that starts each body, None where these options know of none.
    """

    options: type[msgspec.Struct]
    parser: Callable[[Any], LineParser]
    framing: Framing
    is_probe: Callable[[bytes], bool] = _no_probe
    has_request_id: Callable[[Any], bool] = _never
    header: Callable[[Any], IsHeader | None] = _no_header
