"""Deliveries without end, drawn from stencils of every CDN: most of now, some hours late, a few beyond the horizon."""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from local.drill.account import Delivery
from local.drill.stencil import Stencil
from local.traffic import wire
from local.traffic.audience import Audience
from local.traffic.catalogue import Asset
from local.traffic.events import Cdn, Event
from local.traffic.oracle import HOUR_MS
from local.traffic.wire import Wire

#: Stencils of each CDN, and their lines: two to four batches each.
_STENCILS: Final = 6
_LINES: Final = 1_000
_MINUTE_MS: Final = 60_000
#: When the events of stencils happen: any hour, and well inside it.
_DRAWN_MS: Final = 1_795_392_000_000 + 20 * _MINUTE_MS
_SPAN_MS: Final = 20 * _MINUTE_MS
#: How long ago the newest line of a delivery was written, with how common that is. Between 47 and 49 hours it depends
#: on the minute whether a batch is late; above, every batch is.
_AGES: Final = (
    (range(_MINUTE_MS), 80),
    (range(_MINUTE_MS, 6 * HOUR_MS), 14),
    (range(6 * HOUR_MS, 49 * HOUR_MS), 5),
    (range(49 * HOUR_MS, 52 * HOUR_MS), 1),
)
#: The oldest line of any delivery is not older than this.
OLDEST_MS: Final = 53 * HOUR_MS


class Supply:
    """Makes one delivery after the other. `now_ms` is the clock that collectors go by."""

    def __init__(
        self, stencils: Sequence[Stencil], secrets: Mapping[Cdn, str], now_ms: Callable[[], int], seed: int
    ) -> None:
        self._stencils = stencils
        self._secrets = secrets
        self._now_ms = now_ms
        self._draw = random.Random(f"supply-{seed}")
        self._shifts: defaultdict[int, set[int]] = defaultdict(set)
        self._number = 0

    def next(self) -> Delivery:
        """Make the next delivery: lines that no other one holds."""
        self._number += 1
        index = self._draw.randrange(len(self._stencils))
        stencil = self._stencils[index]
        shift_ms = self._new_shift(index)
        return Delivery(
            number=self._number,
            cdn=stencil.cdn,
            lines=stencil.lines,
            wire=self._wire(stencil.cdn, stencil.text(shift_ms, self._number), stencil.last_ms + shift_ms),
            bill=stencil.bill(shift_ms),
        )

    def _new_shift(self, index: int) -> int:
        """A shift that this stencil was not delivered with: the same request at the same time is the same line."""
        [ages] = self._draw.choices([ages for ages, _ in _AGES], [weight for _, weight in _AGES])
        shift_ms = self._now_ms() - self._draw.choice(ages) - self._stencils[index].last_ms
        while shift_ms in self._shifts[index]:
            shift_ms -= 1
        self._shifts[index].add(shift_ms)
        return shift_ms

    def _wire(self, cdn: Cdn, lines: bytes, sent_ms: int) -> Wire:
        secret = self._secrets[cdn]
        if cdn is Cdn.CLOUDFRONT:
            request_id = uuid.UUID(int=self._draw.getrandbits(128))
            return wire.cloudfront_post(lines, secret, request_id, sent_ms)
        post = {Cdn.FASTLY: wire.fastly_post, Cdn.CLOUDFLARE: wire.cloudflare_post, Cdn.AKAMAI: wire.akamai_post}[cdn]
        return post(lines, secret)


def draw_stencils(assets: Sequence[Asset], seed: int, lines: int = _LINES) -> list[Stencil]:
    """Draw stencils of every CDN from sessions with these assets."""
    draw = random.Random(f"stencils-{seed}")
    audience = Audience(draw)
    events: dict[Cdn, list[Event]] = {cdn: [] for cdn in Cdn}
    while min(map(len, events.values())) < _STENCILS * lines:
        start_ms = _DRAWN_MS + draw.randrange(_MINUTE_MS)
        for event in audience.visit(draw.choice(assets), start_ms):
            if event.end_ms < _DRAWN_MS + _SPAN_MS:
                events[event.viewer.cdn].append(event)
    starts = range(0, _STENCILS * lines, lines)
    return [Stencil(of_cdn[start : start + lines]) for of_cdn in events.values() for start in starts]
