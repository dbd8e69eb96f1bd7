"""A broker and two collectors, with sources for these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from local.ports import free_base
from local.settings import Settings
from local.stack import Stack
from tests.integration.collectors.kafka_log import KafkaLog

SOURCES = [
    {"id": "cloudflare", "cdn": "cloudflare", "listener": {"type": "http"}},
    {"id": "drained", "cdn": "cloudflare", "listener": {"type": "http"}},
    {"id": "outage", "cdn": "cloudflare", "listener": {"type": "http"}},
    {"id": "cloudfront", "cdn": "cloudfront", "listener": {"type": "http"}},
    {"id": "syslog", "cdn": "fastly", "listener": {"type": "syslog-tcp", "port": 0}},
]
ENVIRON = {
    "COLLECTOR_HEARTBEAT_INTERVAL_S": "1",
    "COLLECTOR_DELIVERY_TIMEOUT_S": "4",
    "COLLECTOR_SYSLOG_FLUSH_INTERVAL_S": "0.2",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run a broker and two collectors for the tests of one file."""
    state: Path = tmp_path_factory.mktemp("collectors")
    sources = state / "sources.yaml"
    sources.write_text(yaml.safe_dump({"sources": SOURCES}))
    settings = Settings(
        state=state,
        port_base=free_base(),
        broker_heap_mb=256,
        sources_file=sources,
        collector_environ=ENVIRON,
    )
    with Stack(settings, {"kafka", "collectors"}) as running:
        yield running


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run a broker for the tests of one file that start collectors of their own."""
    settings = Settings(state=tmp_path_factory.mktemp("broker"), port_base=free_base(), broker_heap_mb=256)
    with Stack(settings, {"kafka"}) as running:
        yield running


@pytest.fixture(scope="module")
def kafka_log(stack: Stack) -> KafkaLog:
    """What stands in the broker's topics."""
    return KafkaLog(stack.kafka_bootstrap)
