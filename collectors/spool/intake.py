"""Acceptance with a spool behind it: what Kafka does not take is promised once the disk has it."""

from __future__ import annotations

import logging
from collections.abc import Set as AbstractSet

from collectors.batches.blocks import Delivery
from collectors.batches.records import LineParser
from collectors.intake import Intake
from collectors.kafka.publisher import KafkaRefused, KafkaUnavailable
from collectors.metrics import Metrics
from collectors.spool.spool import Spool
from collectors.spool.store import SpoolFull

log = logging.getLogger(__name__)


class SpoolingIntake:
    """Accepts as `Intake` does, and spools deliveries of the given sources that it cannot take.

    While Kafka gives no answer, they go to the disk at once instead of waiting for the timeout in memory. As soon as
    Kafka answers the replay, new deliveries go to Kafka again, past those that still wait: bills need no order, and
    the disk is in nobody's way any more.
    """

    def __init__(self, intake: Intake, spool: Spool, *, source_ids: AbstractSet[str], metrics: Metrics) -> None:
        self._intake = intake
        self._spool = spool
        self._source_ids = source_ids
        self._metrics = metrics

    @property
    def needs_kafka(self) -> bool:
        """Whether the spool has no room left."""
        return not self._spool.has_room

    async def accept(self, delivery: Delivery, parse: LineParser) -> None:
        """Return once the delivery is in Kafka or on the disk. Raises KafkaUnavailable if it is in neither."""
        if delivery.source_id not in self._source_ids:
            await self._intake.accept(delivery, parse)
        elif self._spool.kafka_is_silent:
            await self._put(delivery, KafkaUnavailable("Kafka gives no answer"))
        else:
            await self._try(delivery, parse)

    async def _try(self, delivery: Delivery, parse: LineParser) -> None:
        try:
            await self._intake.accept(delivery, parse)
        except KafkaUnavailable as error:
            await self._put(delivery, error)
            # Set behind the delivery on which the replay finds out when it ends.
            self._spool.kafka_is_silent = not isinstance(error, KafkaRefused)

    async def _put(self, delivery: Delivery, error: KafkaUnavailable) -> None:
        try:
            await self._spool.put(delivery)
            self._intake.promised(delivery)
        except SpoolFull as full:
            self._metrics.spool_refused.labels("full").inc()
            raise KafkaUnavailable(f"{error}; {full}") from error
        except OSError as broken:
            self._metrics.spool_refused.labels("disk").inc()
            log.error("the spool's disk: %s", broken)
            raise KafkaUnavailable(f"{error}; the spool's disk: {broken}") from error
