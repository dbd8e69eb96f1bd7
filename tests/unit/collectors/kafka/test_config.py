"""The producer's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectors.kafka.config import producer_config
from collectors.settings import InvalidSettings, Settings


def settings(properties: Path | None = None) -> Settings:
    return Settings(
        kafka_bootstrap="kafka:9092",
        sources_file=Path("sources.yaml"),
        kafka_properties_file=properties,
        delivery_timeout_s=7.5,
        memory_limit_bytes=64 * 1024 * 1024,
    )


def test_the_whole_configuration() -> None:
    assert producer_config(settings()) == {
        "bootstrap.servers": "kafka:9092",
        "client.id": "cdn-logs-collector",
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "message.max.bytes": 4_194_304,
        "message.timeout.ms": 7_500,
        "queue.buffering.max.kbytes": 65_536,
        "queue.buffering.max.messages": 1_000_000,
        "compression.type": "lz4",
        "linger.ms": 5,
        "socket.keepalive.enable": True,
    }


def test_a_properties_file_adds_security_and_changes_what_is_free(tmp_path: Path) -> None:
    file = tmp_path / "kafka.properties"
    file.write_text("# SASL\nsecurity.protocol = SASL_SSL\nsasl.password=a=b\n\nlinger.ms=50\n")
    config = producer_config(settings(file))
    assert (config["security.protocol"], config["sasl.password"], config["linger.ms"]) == ("SASL_SSL", "a=b", "50")


@pytest.mark.parametrize("key", ["acks", "enable.idempotence", "partitioner", "message.max.bytes"])
def test_what_the_contract_fixes_cannot_be_changed(tmp_path: Path, key: str) -> None:
    file = tmp_path / "kafka.properties"
    file.write_text(f"{key}=1\n")
    with pytest.raises(InvalidSettings, match=f"COLLECTOR_KAFKA_PROPERTIES_FILE: remove {key}"):
        producer_config(settings(file))
