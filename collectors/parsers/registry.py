"""Which parser reads which format of which CDN: one table, so that a new format is one module and one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec

from collectors.parsers import akamai, cloudflare, cloudfront, fastly, generic
from collectors.records import LineParser

#: How a body is unwrapped to lines: see collectors/framing.
Framing = Literal["json", "lines", "firehose-json", "firehose-lines"]


def _no_probe(body: bytes) -> bool:
    """CDNs that check an endpoint otherwise, or not at all."""
    del body
    return False


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format of one CDN: its options, its parser, its usual framing, and what its test upload looks like."""

    options: type[msgspec.Struct]
    parser: Callable[[Any], LineParser]
    framing: Framing
    is_probe: Callable[[bytes], bool] = _no_probe


FORMATS: Final[Mapping[tuple[str, str], Format]] = {
    ("fastly", "json"): Format(options=fastly.Options, parser=fastly.parser, framing="json"),
    ("cloudflare", "json"): Format(
        options=cloudflare.Options, parser=cloudflare.parser, framing="json", is_probe=cloudflare.is_probe
    ),
    ("akamai", "json"): Format(options=akamai.Options, parser=akamai.parser, framing="json", is_probe=akamai.is_probe),
    ("cloudfront", "json"): Format(
        options=cloudfront.JsonOptions, parser=cloudfront.json_parser, framing="firehose-json"
    ),
    ("cloudfront", "tab"): Format(
        options=cloudfront.TabOptions, parser=cloudfront.tab_parser, framing="firehose-lines"
    ),
    ("generic", "json"): Format(options=generic.Options, parser=generic.parser, framing="json"),
}
