"""The sources of made-up traffic, as the file that collectors read."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from local.traffic.events import Cdn
from local.traffic.logs import CLOUDFRONT_FIELDS

#: Sources whose lines are told apart one by one. Without CloudFront, so that a day has both kinds.
MAY_REPEAT_LINES: Final = frozenset((Cdn.FASTLY, Cdn.CLOUDFLARE, Cdn.AKAMAI))
#: CDNs that post in the demo, where Fastly sends syslog.
POSTING: Final = tuple(cdn for cdn in Cdn if cdn is not Cdn.FASTLY)


def new_secrets(cdns: Iterable[Cdn] = POSTING) -> dict[Cdn, str]:
    """Make a secret for every CDN that posts; syslog has none."""
    return {cdn: secrets.token_urlsafe(24) for cdn in cdns}


def write(file: Path, known: Mapping[Cdn, str]) -> None:
    """Write the file. A CDN without a known secret sends syslog; the stack gives each collector its port.

    It holds no secret, only their hashes.
    """
    sources = [_source(cdn, known.get(cdn)) for cdn in Cdn]
    file.write_text(yaml.safe_dump({"sources": sources}, sort_keys=False))


def _source(cdn: Cdn, secret: str | None) -> dict[str, Any]:
    source: dict[str, Any] = {"id": cdn.value, "cdn": cdn.value, "deduplicate_records": cdn in MAY_REPEAT_LINES}
    if secret is None:
        return source | {"listener": {"type": "syslog-tcp", "port": 0}}
    source["listener"] = {"type": "http"}
    source["credentials"] = [{"sha256": hashlib.sha256(secret.encode()).hexdigest()}]
    if cdn is Cdn.CLOUDFRONT:
        source |= {"format": "tab", "options": {"fields": list(CLOUDFRONT_FIELDS)}}
    return source
