"""Kafka topics, with every setting that is not the broker's default and its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from schemas.batch import BILLING_HORIZON_MS, HOUR_MS

DAY_MS: Final = 24 * HOUR_MS
#: One size limit everywhere (producers, topics, consumers): a batch is at most 256 KiB of lines, and enriched
#: it stays far below; a limit that differs in one place is a crash loop there.
MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
#: What a dead letter keeps of a message, so that the letter fits one. A batch is far smaller.
MAX_DEAD_PAYLOAD_BYTES: Final = 3 * 1024 * 1024

RAW: Final = "cdn-logs.raw"
ENRICHED: Final = "cdn-logs.enriched"
DEAD_LETTER: Final = "cdn-logs.dead-letter"
#: Collectors compare their clock with the time that the broker puts on an empty message here.
CLOCK: Final = "cdn-logs.clock"

#: Default partition count of raw and enriched; equal, so that one raw partition feeds one enriched partition.
PARTITIONS: Final = 4
RAW_RETENTION_MS: Final = 14 * DAY_MS
#: Raw must outlive the billing horizon by days, or `reprocess` cannot heal what the horizon allows.
MIN_RAW_RETENTION_MS: Final = BILLING_HORIZON_MS + 3 * DAY_MS


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic to create: `config` holds Kafka topic settings by their Kafka names."""

    name: str
    partitions: int
    config: dict[str, str] = field(default_factory=dict)


def topics(partitions: int = PARTITIONS) -> tuple[Topic, ...]:
    """All topics of the system, raw and enriched with the given partition count."""
    return (_raw(partitions), _enriched(partitions), _dead_letter(), _clock())


def _raw(partitions: int) -> Topic:
    return Topic(
        name=RAW,
        partitions=partitions,
        config={
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
            # Event time travels in the record timestamp; the broker must not overwrite it.
            "message.timestamp.type": "CreateTime",
            # Second lock on future-dated batches, behind the collectors' five minutes.
            "message.timestamp.after.max.ms": "600000",
            "retention.ms": str(RAW_RETENTION_MS),
        },
    )


def _enriched(partitions: int) -> Topic:
    return Topic(
        name=ENRICHED,
        partitions=partitions,
        config={
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
            "message.timestamp.type": "CreateTime",
            # Months: what `reprocess` reads once raw is gone.
            "retention.ms": str(120 * DAY_MS),
        },
    )


def _dead_letter() -> Topic:
    return Topic(
        name=DEAD_LETTER,
        partitions=1,
        config={
            "max.message.bytes": str(MAX_MESSAGE_BYTES),
            # Dead letters may be dated in the future or years ago: retention goes by arrival instead.
            "message.timestamp.type": "LogAppendTime",
            # Lines as received hold client addresses and query secrets: kept briefly.
            "retention.ms": str(14 * DAY_MS),
        },
    )


def _clock() -> Topic:
    return Topic(
        name=CLOCK,
        partitions=1,
        config={
            # The whole point: the broker's time, reported back to the producer.
            "message.timestamp.type": "LogAppendTime",
            # Nobody reads it.
            "retention.ms": str(HOUR_MS),
        },
    )
