"""The day: who watches what, when and through which CDN, as one stream of events per hour.

Drawn from a seed, so that a day can be drawn again in another process. Each hour has a quota of events, which
makes the total certain whatever the sessions turn out to be.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from local.traffic.audience import Audience
from local.traffic.catalogue import Asset, Catalogue
from local.traffic.events import Event

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


class Traffic:
    """One simulated UTC day of at least `records` events, starting at `day_ms` (epoch milliseconds)."""

    def __init__(self, catalogue: Catalogue, day_ms: int, *, seed: int, records: int = DEFAULT_RECORDS) -> None:
        self._draw = random.Random(f"traffic-{seed}")
        self._catalogue = catalogue
        self._day_ms = day_ms
        self._records = records
        self._audience = Audience(self._draw)
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
        return self._audience.visit(asset, start_ms)
