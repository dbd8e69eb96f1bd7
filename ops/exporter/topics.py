"""How far topics go, and how far those come who read committed data only: the difference is an open transaction."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ListOffsetsResultInfo, OffsetSpec
from prometheus_client.core import GaugeMetricFamily

from ops.exporter.reading import NotRead, family
from schemas.metrics import exporter as defined
from schemas.metrics.metric import Metric
from schemas.topics import DEAD_LETTER, ENRICHED, RAW

_TOPICS: Final = (RAW, ENRICHED, DEAD_LETTER)
_TIMEOUT_S: Final = 20.0


class Topics:
    """Asks one cluster, over connections that are kept."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        self._admin = AdminClient(dict(connection))

    def read(self) -> list[GaugeMetricFamily]:
        """End and stable offset of every partition. Raises NotRead."""
        try:
            partitions = [part for topic in _TOPICS for part in self._partitions(topic)]
            # The stable one first: what is committed between the two questions is then no open transaction.
            stable = self._offsets(defined.STABLE_OFFSET, partitions, IsolationLevel.READ_COMMITTED)
            return [stable, self._offsets(defined.END_OFFSET, partitions, IsolationLevel.READ_UNCOMMITTED)]
        except KafkaException as error:
            raise NotRead(f"Kafka: {error}") from error

    def _partitions(self, topic: str) -> list[TopicPartition]:
        metadata = self._admin.list_topics(topic, _TIMEOUT_S).topics[topic]
        if metadata.error is not None:
            raise KafkaException(metadata.error)
        return [TopicPartition(topic, number) for number in sorted(metadata.partitions)]

    def _offsets(
        self, metric: Metric, partitions: list[TopicPartition], isolation: IsolationLevel
    ) -> GaugeMetricFamily:
        latest = {part: OffsetSpec.latest() for part in partitions}
        asked: dict[TopicPartition, Future[ListOffsetsResultInfo]] = self._admin.list_offsets(
            latest, isolation_level=isolation, request_timeout=_TIMEOUT_S
        )
        answers = [(part, answer.result().offset) for part, answer in asked.items()]
        return family(metric, [((part.topic, str(part.partition)), offset) for part, offset in answers])
