"""Kafka source and transactional sink of the jobs."""

from __future__ import annotations

from pyflink.common import ByteArraySchema, TypeInformation, Types
from pyflink.common.serialization import RowFieldExtractorSchema
from pyflink.datastream.connectors.base import DeliveryGuarantee
from pyflink.datastream.connectors.kafka import (
    KafkaOffsetsInitializer,
    KafkaRecordSerializationSchema,
    KafkaSink,
    KafkaSource,
    KafkaSourceBuilder,
)

from jobs.kafka_connection import KafkaConnection
from schemas.topics import MAX_MESSAGE_BYTES


def key_and_value() -> TypeInformation:
    """Type of a Kafka message between operators, (key, value). A new object each time: see OutputTag in PyFlink."""
    return Types.ROW([Types.PRIMITIVE_ARRAY(Types.BYTE()), Types.PRIMITIVE_ARRAY(Types.BYTE())])


def source(kafka: KafkaConnection, topic: str, group: str, discovery_s: float) -> KafkaSource:
    """Values of a topic as bytes, committed data only; partitions that are added are found within `discovery_s`.

    Without state it starts at earliest, always, and not at offsets committed to Kafka: a JobManager that recovers
    runs `main` again, and what is then repeated the media-usage job drops.
    """
    return (
        _source(kafka, topic, group)
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_property("partition.discovery.interval.ms", _milliseconds(discovery_s))
        # Committed offsets are for lag monitors only; nothing starts from them.
        .set_property("commit.offsets.on.checkpoint", "true")
        .build()
    )


def bounded_source(kafka: KafkaConnection, topic: str, group: str) -> KafkaSource:
    """Values of a topic from its beginning to the offsets that are the latest when the job starts."""
    return (
        _source(kafka, topic, group)
        .set_starting_offsets(KafkaOffsetsInitializer.earliest())
        .set_bounded(KafkaOffsetsInitializer.latest())
        .set_property("commit.offsets.on.checkpoint", "false")
        .build()
    )


def _source(kafka: KafkaConnection, topic: str, group: str) -> KafkaSourceBuilder:
    builder = (
        KafkaSource.builder()
        .set_bootstrap_servers(kafka.bootstrap_servers)
        .set_topics(topic)
        .set_group_id(group)
        .set_value_only_deserializer(ByteArraySchema())
        # Aborted transactions of the enrichment job are no data.
        .set_property("isolation.level", "read_committed")
        # The largest message must fit: the same 4 MiB as producers and topics.
        .set_property("max.partition.fetch.bytes", str(MAX_MESSAGE_BYTES))
    )
    for name, value in kafka.java().items():
        builder.set_property(name, value)
    return builder


def exactly_once_sink(
    kafka: KafkaConnection, topic: str, transactional_id_prefix: str, transaction_timeout_ms: int, discovery_s: float
) -> KafkaSink:
    """Writes (key, value) rows in transactions that are committed with the checkpoint.

    The record timestamp is the stream record's, hence that of the source message: event time passes through.
    Transaction ids are named by the connector's default (INCREMENTING): POOLING has FLINK-40626 and FLINK-40689 open.
    """
    serializer = (
        KafkaRecordSerializationSchema.builder()
        .set_topic(topic)
        .set_key_serialization_schema(RowFieldExtractorSchema(0))
        .set_value_serialization_schema(RowFieldExtractorSchema(1))
        .build()
    )
    builder = (
        KafkaSink.builder()
        .set_bootstrap_servers(kafka.bootstrap_servers)
        .set_record_serializer(serializer)
        .set_delivery_guarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .set_transactional_id_prefix(transactional_id_prefix)
        .set_property("transaction.timeout.ms", str(transaction_timeout_ms))
        # A partition that nothing is written to holds back everybody's watermark once it is read.
        .set_property("metadata.max.age.ms", _milliseconds(discovery_s))
        .set_property("max.request.size", str(MAX_MESSAGE_BYTES))
        # Batches are about 200 KB of repeating text: lz4 halves them at little CPU.
        .set_property("compression.type", "lz4")
        .set_property("linger.ms", "20")
        # A message is far above Kafka's default of 16 KiB: without room for several, each would be a request.
        .set_property("batch.size", str(1024 * 1024))
    )
    for name, value in kafka.java().items():
        builder.set_property(name, value)
    return builder.build()


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1_000))
