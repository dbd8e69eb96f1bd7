"""Who watches: viewers with a device, an address and a CDN, and what else their CDN logs beside their requests."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from local.traffic.catalogue import Asset
from local.traffic.events import Cdn, Damage, Event, Kind, Viewer
from local.traffic.session import Session

_CDNS: Final = {Cdn.FASTLY: 30, Cdn.CLOUDFLARE: 25, Cdn.AKAMAI: 20, Cdn.CLOUDFRONT: 25}
_SEGMENTS_MEAN: Final = 45
_NOISE: Final = 0.002
_DAMAGED: Final = 0.0005
#: CDNs that log shield, mid-tier or sub-requests in the same stream, and the share of misses with such a row.
_LOGS_INTERNAL: Final = frozenset((Cdn.FASTLY, Cdn.CLOUDFLARE))
_INTERNAL: Final = 0.5

_USER_AGENTS: Final = (
    "AppleCoreMedia/1.0.0.22B83 (iPhone; U; CPU OS 18_1 like Mac OS X; en_us)",
    "AppleCoreMedia/1.0.0.22J580 (Apple TV; U; CPU OS 18_1 like Mac OS X; de_de)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "ExamplePlayer/3.1 (Linux;Android 16) AndroidXMedia3/1.8.0",
    "Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.0.0",
)
_POPS: Final = ("FRA", "CDG", "LHR", "JFK", "ORD", "NRT", "EZE", "DKR")
_BOT_PATHS: Final = ("/favicon.ico", "/robots.txt", "/wp-login.php", "/apple-touch-icon.png")


class Audience:
    """Draws viewers and their sessions."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw

    def visit(self, asset: Asset, start_ms: int) -> Iterator[Event]:
        """Yield what is logged of one viewer's session, which starts at this time (epoch milliseconds)."""
        session = Session(self._draw, self._viewer(asset), asset, start_ms)
        for event in session.play(segments=1 + int(self._draw.expovariate(1 / _SEGMENTS_MEAN))):
            roll = self._draw.random()
            yield self._damaged(event) if roll < _DAMAGED else event
            if not event.hit and roll > 1 - _INTERNAL and event.viewer.cdn in _LOGS_INTERNAL:
                yield replace(event, internal=True, request_id=self._draw.getrandbits(64))
            elif _DAMAGED < roll < _DAMAGED + _NOISE:
                yield self._bot(event)

    def _viewer(self, asset: Asset) -> Viewer:
        return Viewer(
            address=self._address(),
            user_agent=self._draw.choice(_USER_AGENTS),
            cdn=self._draw.choices(tuple(_CDNS), tuple(_CDNS.values()))[0],
            host=f"{asset.environment_id.removeprefix('env-')}.example.com",
            pop=self._draw.choice(_POPS),
            protocol=self._draw.choice(("1.1", "2", "2", "3")),
        )

    def _address(self) -> str:
        """Draw an address of a range that local/geo.py knows."""
        if self._draw.random() < 0.25:
            site, subnet = self._draw.getrandbits(16), self._draw.getrandbits(16)
            return f"2001:db8:{site:x}:{subnet:x}::{self._draw.randint(1, 9)}"
        bits = self._draw.getrandbits(17)
        return f"198.{18 + (bits >> 16)}.{bits >> 8 & 255}.{bits & 255}"

    def _damaged(self, event: Event) -> Event:
        return replace(event, damage=self._draw.choice((Damage.TRUNCATED, Damage.WRONG_TYPE)))

    def _bot(self, event: Event) -> Event:
        """Make a crawler's request for a file that no asset has, at the time of another event."""
        return replace(
            event,
            path=self._draw.choice(_BOT_PATHS),
            method="GET",
            kind=Kind.OTHER,
            status=404,
            object_bytes=512,
            body_bytes=512,
            completed=True,
            request_id=self._draw.getrandbits(64),
            asset=None,
            rendition=None,
        )
