"""One viewer's session: what a player asks for, from the master manifest to the segment that it leaves in."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import ClassVar, Final, Unpack

from local.traffic.catalogue import Asset, Rendition
from local.traffic.connection import Answer, Connection
from local.traffic.events import Cdn, Event, Kind, Viewer

#: A player keeps this much media ahead of the picture, then asks only as fast as it plays.
_BUFFER_MS: Final = 30_000
#: Patience of a player before it asks again after an error.
_RETRY_MS: Final = 1_000
_RETURNS: Final = 0.1
_SEEKS: Final = 0.1
_SWITCHES: Final = 0.04
_READS_SUBTITLES: Final = 0.15
_SEES_THUMBNAIL: Final = 0.02
_LEAVES_MIDWAY: Final = 0.3
_ERRORS: Final = (404, 403, 500, 502, 503, 504)
_PROBE_BYTES: Final = 2
#: Below this nobody stays.
_SLOWEST_BPS: Final = 1_000_000

_Fate = Callable[["Session", Rendition, int], Iterator[Event]]


class Session:
    """Draws the requests of one viewer for one asset."""

    def __init__(self, draw: random.Random, viewer: Viewer, asset: Asset, start_ms: int) -> None:
        self._draw = draw
        self._asset = asset
        self._connection = Connection(draw, viewer, asset, start_ms)
        self._rung = self._best_rung()

    def play(self, segments: int) -> Iterator[Event]:
        """Yield the events in the order of the requests, for at most so many segments."""
        is_returning = self._draw.random() < _RETURNS
        yield self._manifest("master.m3u8", is_returning)
        yield from self._open(is_returning)
        numbers = self._numbers(segments)
        if self._draw.random() >= _LEAVES_MIDWAY:
            yield from self._watch(numbers)
        else:
            yield from self._watch(numbers[:-1])
            yield self._cut_short(self._rendition, numbers[-1])

    @property
    def _rendition(self) -> Rendition:
        return self._asset.renditions[self._rung]

    def _best_rung(self) -> int:
        """Highest rendition that the viewer's line carries with some reserve."""
        limit = self._connection.bits_per_second * 0.8
        return max(0, sum(rendition.bandwidth_bps < limit for rendition in self._asset.renditions) - 1)

    def _numbers(self, segments: int) -> range:
        total = len(self._rendition.segment_ms)
        skipped = self._draw.randrange(total) if self._draw.random() < _SEEKS else 0
        first = self._rendition.first_segment
        return range(first + skipped, first + min(total, skipped + segments))

    def _open(self, is_returning: bool) -> Iterator[Event]:
        """Ask for what comes before the segments: playlists, keys, init segments."""
        for rendition in (self._rendition, *self._asset.companions):
            yield self._manifest(f"{rendition.name}/playlist.m3u8", is_returning)
            if rendition.extension == "m4s":
                yield self._connection.get(f"{rendition.name}/init.mp4", Kind.INIT, 1_200)
        if self._asset.packaging == "ts":
            yield self._connection.get("content.key", Kind.KEY, 16)

    def _watch(self, numbers: range) -> Iterator[Event]:
        """Ask for the segments in order, as fast as the buffer has room."""
        has_subtitles = self._draw.random() < _READS_SUBTITLES
        playing_since_ms, buffered_ms = self._connection.now_ms, 0
        for number in numbers:
            yield from self._maybe_switch()
            yield from self._segment(number)
            yield from self._beside(number, has_subtitles)
            buffered_ms += self._rendition.duration_ms(number)
            self._connection.wait_until(playing_since_ms + buffered_ms - _BUFFER_MS)

    def _maybe_switch(self) -> Iterator[Event]:
        """Go to another rendition now and then, as the line gets slower or faster."""
        if self._draw.random() >= _SWITCHES:
            return
        factor = self._draw.choice((0.5, 2.0))
        self._connection.bits_per_second = max(_SLOWEST_BPS, self._connection.bits_per_second * factor)
        before, self._rung = self._rung, self._best_rung()
        if self._rung != before:
            yield self._manifest(f"{self._rendition.name}/playlist.m3u8")
            if self._rendition.extension == "m4s":
                yield self._connection.get(f"{self._rendition.name}/init.mp4", Kind.INIT, 1_200)

    def _beside(self, number: int, has_subtitles: bool) -> Iterator[Event]:
        """Ask for what players fetch beside the media."""
        if has_subtitles and number % 5 == 0:
            yield self._connection.get(f"subtitles/en-{number}.vtt", Kind.SUBTITLE, 3_100)
        if self._draw.random() < _SEES_THUMBNAIL:
            yield self._connection.get(f"thumbnail-{number}.jpg", Kind.IMAGE, 14_500)

    def _segment(self, number: int) -> Iterator[Event]:
        for rendition in (self._rendition, *self._asset.companions):
            fate = self._FATES[bisect(self._FATE_EDGES, self._draw.random())]
            yield from fate(self, rendition, number)

    def _whole(self, rendition: Rendition, number: int) -> Iterator[Event]:
        yield self._media(rendition, number)

    def _after_an_error(self, rendition: Rendition, number: int) -> Iterator[Event]:
        page_bytes = self._draw.randint(150, 900)
        yield self._media(rendition, number, status=self._draw.choice(_ERRORS), body=page_bytes)
        self._connection.now_ms += _RETRY_MS
        yield self._media(rendition, number)

    def _after_an_abort(self, rendition: Rendition, number: int) -> Iterator[Event]:
        """A stalled download is cancelled and asked for again: both have delivered media."""
        yield self._cut_short(rendition, number)
        yield self._media(rendition, number)

    def _unanswered(self, rendition: Rendition, number: int) -> Iterator[Event]:
        """The viewer leaves before the first byte, and comes back."""
        status = 499 if self._connection.viewer.cdn is Cdn.CLOUDFLARE else 0
        yield self._media(rendition, number, status=status, body=0, completed=False)
        self._connection.now_ms += _RETRY_MS
        yield self._media(rendition, number)

    def _in_ranges(self, rendition: Rendition, number: int) -> Iterator[Event]:
        """Two ranges make the whole; the second is sometimes cut short and fetched once more."""
        size = rendition.segment_bytes(number)
        middle = self._draw.randint(size // 4, 3 * size // 4)
        yield self._range(rendition, number, 0, middle - 1)
        if self._draw.random() < 0.1:
            yield self._range(rendition, number, middle, size - 1, share=self._draw.random())
        yield self._range(rendition, number, middle, size - 1)

    def _after_a_probe(self, rendition: Rendition, number: int) -> Iterator[Event]:
        """Apple's players ask for the first two bytes to see whether ranges work."""
        yield self._range(rendition, number, 0, _PROBE_BYTES - 1)
        yield self._media(rendition, number)

    def _revalidated(self, rendition: Rendition, number: int) -> Iterator[Event]:
        yield self._media(rendition, number, status=304, body=0)

    def _after_a_head(self, rendition: Rendition, number: int) -> Iterator[Event]:
        yield self._media(rendition, number, method="HEAD", body=0)
        yield self._media(rendition, number)

    def _manifest(self, name: str, is_returning: bool = False) -> Event:
        if is_returning:
            return self._connection.get(name, Kind.MANIFEST, 2_400, status=304, body=0)
        return self._connection.get(name, Kind.MANIFEST, 2_400)

    def _cut_short(self, rendition: Rendition, number: int) -> Event:
        """A viewer who goes away in the middle of a segment."""
        body = int(rendition.segment_bytes(number) * self._draw.uniform(0.02, 0.95))
        viewer = self._connection.viewer
        # Since 2026 Cloudflare logs what a viewer cancels over HTTP/3 as 499, and leaves 200 elsewhere.
        gone = viewer.cdn is Cdn.CLOUDFLARE and viewer.protocol == "3"
        return self._media(rendition, number, status=499 if gone else 200, body=body, completed=False)

    def _range(self, rendition: Rendition, number: int, first: int, last: int, share: float = 1.0) -> Event:
        body = int((last - first + 1) * share)
        whole = share == 1.0
        return self._media(rendition, number, status=206, body=body, first=first, last=last, completed=whole)

    def _media(self, rendition: Rendition, number: int, **answer: Unpack[Answer]) -> Event:
        name = f"{rendition.name}/segment-{number}.{rendition.extension}"
        size = rendition.segment_bytes(number)
        return self._connection.get(name, Kind.SEGMENT, size, rendition, number, **answer)

    #: What becomes of a segment, with its share of all segments; the rest arrive whole at the first attempt.
    _SHARES: ClassVar[dict[_Fate, float]] = {
        _after_an_error: 0.006,
        _after_an_abort: 0.010,
        _unanswered: 0.002,
        _in_ranges: 0.015,
        _after_a_probe: 0.004,
        _revalidated: 0.005,
        _after_a_head: 0.002,
    }
    _FATES: ClassVar[tuple[_Fate, ...]] = (*_SHARES, _whole)
    _FATE_EDGES: ClassVar[tuple[float, ...]] = tuple(accumulate(_SHARES.values()))
