"""Which formats there are: a CDN is one parser module, and one row here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.parsers import akamai, cloudflare, cloudfront, fastly, generic
from collectors.parsers.format import Format

_CDNS: Final[Mapping[str, Mapping[str, Format]]] = {
    "akamai": akamai.FORMATS,
    "cloudflare": cloudflare.FORMATS,
    "cloudfront": cloudfront.FORMATS,
    "fastly": fastly.FORMATS,
    "generic": generic.FORMATS,
}

#: By name of the CDN and of its format.
FORMATS: Final[Mapping[tuple[str, str], Format]] = {
    (cdn, name): known for cdn, formats in _CDNS.items() for name, known in formats.items()
}
