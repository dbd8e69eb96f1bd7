"""The spool as the event loop sees it: its disk work happens on one thread of its own, in the order asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from collectors.batches.blocks import Delivery
from collectors.clock import Clock
from collectors.metrics import Metrics
from collectors.spool.parcel import Parcel
from collectors.spool.store import SpoolStore

#: Bytes, unpacked, that are in memory for the replay; a larger delivery comes alone.
_TAKEN_BYTES: Final = 8 * 1024 * 1024
_Value = TypeVar("_Value")


class Spool:
    """Deliveries wait here in order. Close it when nothing uses it any more."""

    def __init__(self, store: SpoolStore, *, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._arrived = asyncio.Event()
        self._oldest_received_at_ms: int | None = None
        #: Whether the disk takes more.
        self.has_room = True
        #: Kafka gives no answer: what comes now goes to the disk at once. Any answer, to the replay, ends that.
        self.kafka_is_silent = False
        self._known_sources: set[str] = set()
        metrics.spool_torn_records.inc(store.torn_records)
        metrics.spool_oldest_age.set_function(self._oldest_age_s)
        self._export()

    async def put(self, delivery: Delivery) -> None:
        """Keep a delivery; it is on the disk when this returns. Raises SpoolFull or OSError."""
        await self._do(partial(self._append, delivery))
        self._metrics.spooled.labels(delivery.source_id).inc()
        if self._oldest_received_at_ms is None:
            self._oldest_received_at_ms = delivery.received_at_ms
        self._arrived.set()

    async def take(self) -> list[Delivery]:
        """The oldest deliveries, once there are any: some MiB of them. The same again until `done`. Raises OSError."""
        while True:
            self._arrived.clear()
            taken = await self._do(self._unpacked_head)
            if taken:
                self._oldest_received_at_ms = taken[0].received_at_ms
                return taken
            if not self._arrived.is_set():
                self._oldest_received_at_ms = None
            await self._arrived.wait()

    async def done(self) -> None:
        """Forget what `take` gave: Kafka has all of it. Raises OSError."""
        await self._do(self._store.commit)

    async def close(self) -> None:
        """Finish what the disk is doing, and let go of the folder."""
        await self._do(self._store.close)
        self._thread.shutdown()

    def _oldest_age_s(self) -> float:
        oldest_ms = self._oldest_received_at_ms
        return 0.0 if oldest_ms is None else (self._clock.now_ms() - oldest_ms) / 1_000

    async def _do(self, work: Callable[[], _Value]) -> _Value:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._exporting, work)

    def _exporting(self, work: Callable[[], _Value]) -> _Value:
        try:
            return work()
        finally:
            self._export()

    def _append(self, delivery: Delivery) -> None:
        self._store.append(Parcel.of(delivery))

    def _unpacked_head(self) -> list[Delivery]:
        return [parcel.delivery() for parcel in self._store.head(_TAKEN_BYTES)]

    def _export(self) -> None:
        waiting = self._store.waiting
        self._known_sources |= waiting.keys()
        for source_id in self._known_sources:
            self._metrics.spool_deliveries.labels(source_id).set(waiting[source_id])
        self.has_room = self._store.has_room
        self._metrics.spool_bytes.set(self._store.size)
        self._metrics.spool_damaged_segments.set(self._store.damaged_segments)
