"""librdkafka configuration of the one producer, with the reason of every value that is not its default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from collectors.settings import InvalidSettings, Settings
from schemas.topics import MAX_MESSAGE_BYTES

_FIXED: Final[Mapping[str, str | int | bool]] = {
    # A 2xx promises that no broker failure loses the delivery.
    "acks": "all",
    # No duplicates and no reordering from the producer's own retries.
    "enable.idempotence": True,
    # Java's default partitioner: raw and enriched must agree on the partition of a key.
    "partitioner": "murmur2_random",
    "message.max.bytes": MAX_MESSAGE_BYTES,
}
_DEFAULTS: Final[Mapping[str, str | int | bool]] = {
    "client.id": "cdn-logs-collector",
    "compression.type": "lz4",
    # Lets the blocks of one delivery share a request; far below what a sender would notice.
    "linger.ms": 5,
    "socket.keepalive.enable": True,
    # Deliveries of nothing but bad lines are many small messages; the bound is the bytes below.
    "queue.buffering.max.messages": 1_000_000,
}


def producer_config(settings: Settings) -> dict[str, str | int | bool]:
    """The producer's configuration. Raises InvalidSettings if the properties file touches what the contract fixes."""
    config = {**_DEFAULTS, **_properties(settings.kafka_properties_file), **_FIXED}
    config["bootstrap.servers"] = settings.kafka_bootstrap
    config["message.timeout.ms"] = round(settings.delivery_timeout_s * 1_000)
    config["queue.buffering.max.kbytes"] = settings.memory_limit_bytes // 1024
    return config


def _properties(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    properties = {key.strip(): value.strip() for key, _, value in pairs}
    for key in sorted(_FIXED.keys() & properties.keys()):
        raise InvalidSettings(f"COLLECTOR_KAFKA_PROPERTIES_FILE: remove {key}, the batch contract fixes it")
    return properties
