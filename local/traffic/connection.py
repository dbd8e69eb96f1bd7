"""A viewer's connection to a CDN: turns requests into events with plausible times, on a clock of its own."""

from __future__ import annotations

import random
from typing import Final, TypedDict, Unpack

from local.traffic.catalogue import Asset, Rendition
from local.traffic.events import Event, Kind, Viewer

#: Share of responses that the CDN has to fetch from the origin first, and how long that takes at most.
_MISS: Final = 0.06
_ORIGIN_MS: Final = 150


class Answer(TypedDict, total=False):
    """What is special about a response; the rest is a whole 200 to a GET."""

    method: str
    status: int
    #: Body bytes that left; the whole object where not given.
    body: int
    first: int
    last: int
    completed: bool


class Connection:
    """One viewer, one asset. `now_ms` is when the next request leaves, in epoch milliseconds."""

    def __init__(self, draw: random.Random, viewer: Viewer, asset: Asset, start_ms: int) -> None:
        self._draw = draw
        self._asset = asset
        self._latency_ms = draw.randint(5, 60)
        self.viewer = viewer
        self.now_ms = start_ms
        #: 1.5 to 48 Mbit/s.
        self.bits_per_second = 1_500_000 * 2 ** draw.uniform(0, 5)

    def get(
        self,
        name: str,
        kind: Kind,
        object_bytes: int,
        rendition: Rendition | None = None,
        number: int = 0,
        **answer: Unpack[Answer],
    ) -> Event:
        """Ask for a file of the asset's folder; time goes on to the end of the response.

        `rendition` and `number` say which media segment it is, if it is one.
        """
        body = answer.get("body", object_bytes)
        hit = self._draw.random() >= _MISS
        first_byte_ms = self._latency_ms if hit else self._latency_ms + self._draw.randint(20, _ORIGIN_MS)
        elapsed_ms = first_byte_ms + int(body * 8_000 / self.bits_per_second)
        self.now_ms += elapsed_ms
        return Event(
            viewer=self.viewer,
            end_ms=self.now_ms,
            elapsed_ms=elapsed_ms,
            first_byte_ms=first_byte_ms,
            method=answer.get("method", "GET"),
            path=f"{self._asset.folder}/{name}",
            status=answer.get("status", 200),
            kind=kind,
            object_bytes=object_bytes,
            body_bytes=body,
            request_id=self._draw.getrandbits(64),
            first=answer.get("first", 0),
            last=answer.get("last", 0),
            completed=answer.get("completed", True),
            hit=hit,
            asset=self._asset,
            rendition=rendition,
            number=number,
        )

    def wait_until(self, at_ms: int) -> None:
        """Let the next request leave no sooner than at this time."""
        self.now_ms = max(self.now_ms, at_ms)
