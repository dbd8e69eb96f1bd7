"""A collector's way into Kafka, for batches that a test has made itself."""

from __future__ import annotations

from collections import Counter

from confluent_kafka import Producer

from collectors.kafka.partitioner import keys_by_partition
from schemas.batch import kafka_key, kafka_timestamp
from schemas.cdn_logs_pb2 import AccessLogBatch, SourceTotals
from schemas.topics import MAX_MESSAGE_BYTES, RAW
from tests.support.batches import heartbeat


class Feed:
    """Writes batches and heartbeats into a raw topic as collector "boot-1" does, totals for the audit included."""

    def __init__(self, bootstrap_servers: str, partitions: int, topic: str = RAW) -> None:
        self._topic = topic
        self._config = {
            "bootstrap.servers": bootstrap_servers,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "message.max.bytes": MAX_MESSAGE_BYTES,
        }
        self.spread_over(partitions)
        self._batches: Counter[str] = Counter()
        self._records: Counter[str] = Counter()

    def spread_over(self, partitions: int) -> None:
        """From now on the topic has so many partitions."""
        self._producer = Producer(self._config)
        self._keys = keys_by_partition("heartbeat-", partitions).values()

    def send(self, *batches: AccessLogBatch) -> None:
        """Publish batches in this order; each is acknowledged when this returns."""
        for batch in batches:
            self._queue(batch)
            self._batches[batch.header.source_id] += 1
            self._records[batch.header.source_id] += len(batch.records)
        self._flush()

    def beat(self, now_ms: int) -> None:
        """A heartbeat into every partition: the watermark may follow to `now_ms`, less the allowed disorder."""
        totals = [
            SourceTotals(source_id=source, batches=count, records=self._records[source])
            for source, count in self._batches.items()
        ]
        for key in self._keys:
            self._queue(heartbeat(key, now_ms, totals))
        self._flush()

    def _queue(self, batch: AccessLogBatch) -> None:
        self._producer.produce(
            self._topic, batch.SerializeToString(), key=kafka_key(batch.header), timestamp=kafka_timestamp(batch)
        )

    def _flush(self) -> None:
        unsent = self._producer.flush(60)
        if unsent:
            raise TimeoutError(f"Kafka did not acknowledge {unsent} messages within 60 s")
