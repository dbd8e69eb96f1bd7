"""The host of a URL that a CDN logs as a whole."""

from __future__ import annotations

import re
from typing import Final

_ORIGIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#@]*)")
_PORT: Final = re.compile(r":\d*\Z", re.ASCII)


def host_of(url: str) -> str:
    """Host name without port; "" for a URL without an origin."""
    match = _ORIGIN.match(url)
    return "" if match is None else _PORT.sub("", match[1])
