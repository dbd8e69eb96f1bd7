"""The expectation: what each hour, environment, asset and tier must bill, from what happened.

Written from the design and sharing no code with the product, so that a mistake there shows as a difference here.
"""

from __future__ import annotations

from collections import defaultdict
from ipaddress import ip_network
from typing import Final, NamedTuple

from local.traffic.events import Cdn, Damage, Event, Kind
from local.traffic.told import told

HOUR_MS: Final = 3_600_000
#: Highest picture height of each tier; above the last one it is 2160p.
_TIERS: Final = ((0, "audio-only"), (720, "up-to-720p"), (1080, "1080p"), (1440, "1440p"))


class Key(NamedTuple):
    """What a row of the bill is about. `hour_ms` is the start of the UTC hour in epoch milliseconds."""

    hour_ms: int
    environment_id: str
    asset_id: str
    tier: str


class Amount(NamedTuple):
    """What a row of the bill says: milliseconds of media, deliveries that have any, body bytes of all billed."""

    delivered_ms: int
    deliveries: int
    bytes: int


class Ranges(NamedTuple):
    """Ranges of one segment to one client in one hour, which together bill it once; a client is as far as is kept."""

    about: Key
    cdn: Cdn
    network: str
    user_agent: str
    host: str
    path: str
    duration_ms: int


class Oracle:
    """Adds up a day of events; each must be added once, however often its line is delivered."""

    def __init__(self) -> None:
        self._sums: defaultdict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
        self._ranges: defaultdict[Ranges, int] = defaultdict(int)

    def add(self, event: Event) -> None:
        """Count an event, if it bills."""
        row = billed(event)
        if row is not None:
            about, amount = row
            sums = self._sums[about]
            sums[1] += amount.deliveries
            sums[2] += amount.bytes
            if event.status == 206:
                self._ranges[_ranges(about, event)] += amount.delivered_ms
            else:
                sums[0] += amount.delivered_ms

    def bills(self) -> dict[Key, Amount]:
        """Return every row that must be there; a row of 0 ms is one, if anything billable was delivered."""
        in_ranges: defaultdict[Key, int] = defaultdict(int)
        for ranges, delivered_ms in self._ranges.items():
            in_ranges[ranges.about] += min(delivered_ms, ranges.duration_ms)
        return {about: Amount(sums[0] + in_ranges[about], *sums[1:]) for about, sums in self._sums.items()}


def billed(event: Event) -> tuple[Key, Amount] | None:
    """Return what one event adds to which row; None where it is no successful delivery of media to a viewer."""
    asset, rendition = event.asset, event.rendition
    if asset is None or rendition is None or rendition in asset.companions or not _is_delivery(event):
        return None
    body, size = told(event)
    if body == 0 or (event.status == 206 and size is None):
        return None
    duration = rendition.duration_ms(event.number)
    delivered = duration if size is None else min(duration, duration * body // size)
    hour_ms = event.end_ms - event.end_ms % HOUR_MS
    about = Key(hour_ms, asset.environment_id, asset.asset_id, tier(rendition.height))
    return about, Amount(delivered, int(delivered > 0), body)


def tier(height: int) -> str:
    """Resolution tier of a picture height; 0 is audio, which bills only where an asset has nothing else."""
    return next((name for highest, name in _TIERS if height <= highest), "2160p")


def _ranges(about: Key, event: Event) -> Ranges:
    viewer, rendition = event.viewer, event.rendition
    if rendition is None:
        raise ValueError("what bills is a segment of a rendition")
    prefix = 48 if ":" in viewer.address else 24
    network = str(ip_network(f"{viewer.address}/{prefix}", strict=False))
    duration_ms = rendition.duration_ms(event.number)
    return Ranges(about, viewer.cdn, network, viewer.user_agent, viewer.host, event.path, duration_ms)


def _is_delivery(event: Event) -> bool:
    return (
        event.damage is Damage.NONE
        and event.kind is Kind.SEGMENT
        and event.method == "GET"
        and not event.internal
        and event.status in (200, 206)
    )
