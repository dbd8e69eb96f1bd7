"""Which formats there are: a CDN is one parser module, and one row here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from collectors.parsers import (
    akamai,
    azure_front_door,
    bunny,
    cdn77,
    cloudflare,
    cloudfront,
    fastly,
    gcore,
    generic,
    google_cloud_cdn,
    google_media_cdn,
    keycdn,
    nginx,
    varnish,
)
from collectors.parsers.format import Format

_CDNS: Final[Mapping[str, Mapping[str, Format]]] = {
    "akamai": akamai.FORMATS,
    "azure_front_door": azure_front_door.FORMATS,
    "bunny": bunny.FORMATS,
    "cdn77": cdn77.FORMATS,
    "cloudflare": cloudflare.FORMATS,
    "cloudfront": cloudfront.FORMATS,
    "fastly": fastly.FORMATS,
    "gcore": gcore.FORMATS,
    "generic": generic.FORMATS,
    "google_cloud_cdn": google_cloud_cdn.FORMATS,
    "google_media_cdn": google_media_cdn.FORMATS,
    "keycdn": keycdn.FORMATS,
    "nginx": nginx.FORMATS,
    "varnish": varnish.FORMATS,
}

#: By name of the CDN and of its format.
FORMATS: Final[Mapping[tuple[str, str], Format]] = {
    (cdn, name): known for cdn, formats in _CDNS.items() for name, known in formats.items()
}
