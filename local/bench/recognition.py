"""What it costs to recognise repeated lines: the same batches once more, as sources that may repeat lines send them."""

from __future__ import annotations

from confluent_kafka import Consumer, Producer, TopicPartition

from local.bench.flink import Run
from schemas.batch import kafka_key, kafka_timestamp, parse_batch
from schemas.cdn_logs_pb2 import AccessLogBatch
from schemas.topics import MAX_MESSAGE_BYTES

_FETCH = 500


def copy_identified(bootstrap: str, source: str, target: str, batches: int, partitions: int) -> None:
    """Copy so many batches from one topic to the other, each line with a request id of its own."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench-identified", "enable.auto.commit": False})
    producer = Producer(
        {"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "message.max.bytes": MAX_MESSAGE_BYTES}
    )
    consumer.assign([TopicPartition(source, partition, 0) for partition in range(partitions)])
    copied = 0
    while copied < batches:
        for message in consumer.consume(min(_FETCH, batches - copied), timeout=5.0):
            batch = _identified(parse_batch(message.value()), copied)
            producer.produce(
                target, batch.SerializeToString(), key=kafka_key(batch.header), timestamp=kafka_timestamp(batch)
            )
            copied += 1
        producer.flush()
    consumer.close()


def _identified(batch: AccessLogBatch, number: int) -> AccessLogBatch:
    batch.header.deduplicate_records = True
    for record in batch.records:
        record.request_id = f"{number:08x}{record.request_id}"
    return batch


def cost(without: Run, within: Run) -> str:
    """One line: the usage job with identified lines beside itself without."""
    rate, before = within.rate.records_a_second, without.rate.records_a_second
    state = (within.state_bytes - without.state_bytes) / within.rate.records
    return (
        f"recognising repeated lines: {rate:.0f} records/s, {rate / before:.2f} of the usage job without; "
        f"{1e6 / rate - 1e6 / before:.1f} us and {state:.0f} bytes of checkpoint a record"
    )
