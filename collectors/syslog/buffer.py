"""Lines of a source's syslog connections, gathered into deliveries.

Syslog has no deliveries and cannot acknowledge. Lines are gathered to the size of one block, or for a short while;
each delivery gets a random identity once and keeps it through every attempt to publish it, so that an attempt which
failed half-way bills nothing twice. While too many deliveries are unanswered there is no room: connections are to be
read no further, and TCP pushes back to the sender.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from collectors.batches.blocks import Delivery
from collectors.kafka.publisher import KafkaUnavailable
from collectors.sources import Source
from collectors.syslog.surroundings import Surroundings
from schemas.batch import BLOCK_MAX_BYTES, BLOCK_MAX_LINES

log = logging.getLogger(__name__)

#: Deliveries of one source that may wait for Kafka at a time; each holds at most one block of 256 KiB.
_MAX_UNANSWERED: Final = 16
_RETRY_S: Final = 0.5


class LineBuffer:
    """Gathers and publishes the lines of one source. `on_room` is called when there is room again."""

    def __init__(self, source: Source, surroundings: Surroundings, *, on_room: Callable[[], None]) -> None:
        self._source = source
        self._intake = surroundings.intake
        self._clock = surroundings.clock
        self._metrics = surroundings.metrics
        self._memory = surroundings.memory
        self._flush_interval_s = surroundings.flush_interval_s
        self._on_room = on_room
        self._lines: list[bytes] = []
        self._size = 0
        self._received_at_ms = 0
        self._timer: asyncio.TimerHandle | None = None
        self._unanswered: set[asyncio.Task[None]] = set()

    @property
    def has_room(self) -> bool:
        """Whether connections may be read on."""
        return len(self._unanswered) < _MAX_UNANSWERED

    def add(self, lines: Sequence[bytes]) -> None:
        """Take lines. Never refuses: the caller stops reading while there is no room."""
        self._memory.hold(sum(map(len, lines)))
        for line in lines:
            if len(self._lines) == BLOCK_MAX_LINES or self._size + len(line) > BLOCK_MAX_BYTES:
                self._flush()
            if not self._lines:
                self._begin()
            self._lines.append(line)
            self._size += len(line)

    async def drain(self, timeout_s: float) -> None:
        """Publish what is left and wait for it; what Kafka has not taken by then is lost, and counted."""
        self._flush()
        if not self._unanswered:
            return
        _, late = await asyncio.wait(self._unanswered, timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _begin(self) -> None:
        self._received_at_ms = self._clock.now_ms()
        self._timer = asyncio.get_running_loop().call_later(self._flush_interval_s, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self._lines:
            return
        delivery = self._source.delivery(secrets.token_hex(16), self._lines, self._received_at_ms)
        task = asyncio.get_running_loop().create_task(self._publish(delivery))
        self._unanswered.add(task)
        task.add_done_callback(partial(self._answered, self._size))
        self._lines, self._size = [], 0

    def _answered(self, size: int, task: asyncio.Task[None]) -> None:
        had_room = self.has_room
        self._unanswered.discard(task)
        self._memory.release(size)
        if self.has_room and not had_room:
            self._on_room()

    async def _publish(self, delivery: Delivery) -> None:
        try:
            await self._until_acknowledged(delivery)
        except asyncio.CancelledError:
            self._metrics.syslog_lost_lines.labels(delivery.source_id).inc(len(delivery.lines))
            log.error("source %s: gave up %d lines at shutdown", delivery.source_id, len(delivery.lines))
            raise

    async def _until_acknowledged(self, delivery: Delivery) -> None:
        while True:
            try:
                return await self._intake.accept(delivery, self._source.parse)
            except KafkaUnavailable as error:
                log.warning("source %s: %s; trying again", delivery.source_id, error)
            # Most attempts have waited for Kafka long enough; this is for those that fail at once.
            await asyncio.sleep(_RETRY_S)
