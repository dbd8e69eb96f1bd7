"""Lines of one CDN that are drawn once and delivered many times, each time by other viewers at another time.

Drawing and writing a line costs more than the whole system spends on it. A stencil is cut up where times and viewers
stand, so that the drill loads the system and not itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from local.traffic import wire
from local.traffic.events import Cdn, Event
from local.traffic.oracle import HOUR_MS, Amount, Key, Oracle

#: Where the times stand, as epoch milliseconds or as seconds with three decimals.
_TIMES: Final[Mapping[Cdn, re.Pattern[bytes]]] = {
    Cdn.FASTLY: re.compile(rb'(?<=_ms":)(\d{13})'),
    Cdn.CLOUDFLARE: re.compile(rb'(?<=Timestamp":)(\d{13})'),
    Cdn.AKAMAI: re.compile(rb'(?<=reqTimeSec":")(\d{10}\.\d{3})'),
    Cdn.CLOUDFRONT: re.compile(rb"^(\d{10}\.\d{3})(?=\t)", re.MULTILINE),
}
#: Stands in every user agent: other viewers have another number. Nothing of it is escaped in any CDN's lines.
_VIEWERS: Final = "viewers-00000000"


class Stencil:
    """Lines of these events, all of one CDN and of one hour."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = [_marked(event) for event in events]
        self.cdn = events[0].viewer.cdn
        self.lines = len(events)
        self._first_ms = min(event.end_ms for event in events)
        #: Newest event, in epoch milliseconds.
        self.last_ms = max(event.end_ms for event in events)
        self._bill = _bill(self._events)
        self._pieces = _TIMES[self.cdn].split(wire.text(self._events))
        self._in_seconds = b"." in self._pieces[1]
        self._times = [int(piece.replace(b".", b"")) for piece in self._pieces[1::2]]

    def text(self, shift_ms: int, viewers: int) -> bytes:
        """The lines, this much later, of other viewers."""
        pieces = self._pieces.copy()
        moved = (time + shift_ms for time in self._times)
        if self._in_seconds:
            pieces[1::2] = [b"%d.%03d" % divmod(time, 1_000) for time in moved]
        else:
            pieces[1::2] = [b"%d" % time for time in moved]
        return b"".join(pieces).replace(_VIEWERS.encode(), b"viewers-%08d" % viewers)

    def bill(self, shift_ms: int) -> dict[Key, Amount]:
        """What the lines bill, this much later: exact too where they then belong to two hours."""
        first_hour, last_hour = ((at + shift_ms) // HOUR_MS for at in (self._first_ms, self.last_ms))
        if first_hour != last_hour:
            return _bill(replace(event, end_ms=event.end_ms + shift_ms) for event in self._events)
        return {key._replace(hour_ms=first_hour * HOUR_MS): amount for key, amount in self._bill.items()}


def _marked(event: Event) -> Event:
    return replace(event, viewer=replace(event.viewer, user_agent=f"{event.viewer.user_agent} {_VIEWERS}"))


def _bill(events: Iterator[Event] | Sequence[Event]) -> dict[Key, Amount]:
    oracle = Oracle()
    for event in events:
        oracle.add(event)
    return oracle.bills()
