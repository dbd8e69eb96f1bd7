"""Publishes what the spool holds, in order, once Kafka takes it: as its senders' retries would have been."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from collectors.batches.blocks import Delivery
from collectors.batches.records import LineParser
from collectors.intake import Intake, Sending
from collectors.kafka.publisher import KafkaRefused, KafkaUnavailable
from collectors.metrics import Metrics
from collectors.spool.spool import Spool

log = logging.getLogger(__name__)

#: For attempts that fail at once; most have waited for Kafka long enough.
_RETRY_S: Final = 1.0
_Value = TypeVar("_Value")


class Replayer:
    """Empties the spool. A delivery keeps identity and `received_at`; its batches say when they were published.

    Killed between Kafka's answer and the ledger's entry, it publishes deliveries again: copies of the same batches.
    """

    def __init__(
        self, spool: Spool, intake: Intake, *, parser_of: Callable[[str], LineParser], metrics: Metrics
    ) -> None:
        self._spool = spool
        self._intake = intake
        self._parser_of = parser_of
        self._metrics = metrics

    async def run(self) -> None:
        """Replay until cancelled."""
        while True:
            taken = await _insist(self._spool.take)
            await self._until_acknowledged(taken)
            await _insist(self._spool.done)
            for delivery in taken:
                self._metrics.spool_replayed.labels(delivery.source_id).inc()

    async def _until_acknowledged(self, deliveries: Sequence[Delivery]) -> None:
        """Publish all of them; what Kafka has taken is not sent again because another failed."""
        while deliveries := await self._publish(deliveries):  # noqa: ASYNC110  # Kafka tells nobody that it is back
            await asyncio.sleep(_RETRY_S)

    async def _publish(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Queue them in order, then wait for the answers; those that Kafka did not take."""
        sendings = [await self._begin(delivery) for delivery in deliveries]
        pairs = zip(deliveries, sendings, strict=True)
        return [delivery for delivery, sending in pairs if not await self._is_stored(delivery, sending)]

    async def _begin(self, delivery: Delivery) -> Sending | None:
        try:
            return await self._intake.send(delivery, self._parser_of(delivery.source_id))
        except KafkaUnavailable as error:
            self._note(delivery, error)
            return None

    async def _is_stored(self, delivery: Delivery, sending: Sending | None) -> bool:
        if sending is None:
            return False
        try:
            await sending.acknowledged()
        except KafkaUnavailable as error:
            self._note(delivery, error)
            return False
        self._spool.kafka_is_silent = False
        return True

    def _note(self, delivery: Delivery, error: KafkaUnavailable) -> None:
        log.warning("source %s: a spooled delivery has to wait: %s", delivery.source_id, error)
        if isinstance(error, KafkaRefused):
            self._spool.kafka_is_silent = False


async def _insist(work: Callable[[], Awaitable[_Value]]) -> _Value:
    """Do disk work until the disk lets it be done."""
    while True:
        try:
            return await work()
        except OSError as error:
            log.error("the spool's disk: %s", error)
        await asyncio.sleep(_RETRY_S)
