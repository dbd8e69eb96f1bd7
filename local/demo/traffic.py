"""The day: who watches what, when and through which CDN, as one stream of events per hour.

Drawn from a seed, so that a day can be drawn again in another process. Each hour has a quota of events, which
makes the total certain whatever the sessions turn out to be.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from msgspec.structs import replace

from local.demo.catalogue import Asset, Catalogue
from local.demo.events import Cdn, Damage, Event, Kind, Viewer
from local.demo.session import Session

#: Above a million even without the lines that are damaged on the way.
DEFAULT_RECORDS: Final = 1_010_000
HOURS: Final = 24
HOUR_MS: Final = 3_600_000
DAY_MS: Final = HOURS * HOUR_MS

#: Relative traffic of each UTC hour: quiet at night, most in the evening.
_LOAD: Final = (3, 2, 1.5, 1, 1, 1, 1.5, 2.5, 3, 3, 3, 3.5, 4, 4, 4, 4, 4.5, 5, 7, 9, 11, 9, 6, 4.5)
#: Share of the viral asset in each hour's events: a surge after the goal was shot.
_VIRAL_SHARE: Final = (*[0.16] * 18, 0.33, 0.6, 0.66, 0.58, 0.42, 0.3)
#: Hours in which the withheld asset is watched, and its share then.
WITHHELD_HOURS: Final = range(18, 21)
_WITHHELD_SHARE: Final = 0.03
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


class Traffic:
    """One simulated UTC day of at least `records` events, starting at `day_ms` (epoch milliseconds)."""

    def __init__(self, catalogue: Catalogue, day_ms: int, *, seed: int, records: int = DEFAULT_RECORDS) -> None:
        self._draw = random.Random(f"traffic-{seed}")
        self._catalogue = catalogue
        self._day_ms = day_ms
        self._records = records
        special = (catalogue.viral, catalogue.withheld)
        self._ordinary = [asset for asset in catalogue.assets if asset not in special]
        # Zipf: few titles are watched much, and most now and then.
        self._popularity = tuple(accumulate(1 / (rank + 3) for rank in range(len(self._ordinary))))

    def hours(self) -> Iterator[list[Event]]:
        """Yield for each hour the events of the sessions that start in it, in no order.

        A session may last into the next hours, never beyond the day.
        """
        for hour in range(HOURS):
            yield self._hour(hour)

    def _hour(self, hour: int) -> list[Event]:
        quota = self._records * _LOAD[hour] / sum(_LOAD)
        events: list[Event] = []
        made = {self._catalogue.viral.asset_id: 0, self._catalogue.withheld.asset_id: 0}
        while len(events) < quota:
            asset = self._next_asset(hour, made, len(events))
            seen = [event for event in self._visit(asset, hour) if event.end_ms < self._day_ms + DAY_MS]
            made[asset.asset_id] = made.get(asset.asset_id, 0) + len(seen)
            events += seen
        return events

    def _next_asset(self, hour: int, made: dict[str, int], total: int) -> Asset:
        """Draw an asset; the viral and the withheld one as soon as they are below their share of the hour."""
        viral, withheld = self._catalogue.viral, self._catalogue.withheld
        if made[viral.asset_id] < total * _VIRAL_SHARE[hour]:
            return viral
        if hour in WITHHELD_HOURS and made[withheld.asset_id] < total * _WITHHELD_SHARE:
            return withheld
        return self._draw.choices(self._ordinary, cum_weights=self._popularity)[0]

    def _visit(self, asset: Asset, hour: int) -> Iterator[Event]:
        start_ms = self._day_ms + hour * HOUR_MS + self._draw.randrange(HOUR_MS)
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
