"""Health, readiness and metrics."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from confluent_kafka import KafkaError

from collectors.intake import Intake
from collectors.kafka.clock_check import ClockCheck
from collectors.routes import health
from collectors.routes.keys import LISTENERS, PUBLISHER
from tests.support.http_world import serving
from tests.support.syslog_world import World, syslog_source

NOW = 1_795_417_260_000


async def test_a_collector_is_healthy_until_its_producer_cannot_go_on(collector: Any) -> None:
    assert (await collector.client.get("/healthz")).status == 200
    collector.producer.config["error_cb"](KafkaError(KafkaError._FATAL, "fenced", fatal=True))
    await asyncio.sleep(0)
    answer = await collector.client.get("/healthz")
    assert (answer.status, await answer.text()) == (503, "fenced\n")


async def test_a_collector_is_ready_while_kafka_answers(collector: Any) -> None:
    assert (await collector.client.get("/readyz")).status == 200
    assert collector.metrics.registry.get_sample_value("collector_ready") == 1
    collector.producer.metadata_error = KafkaError(KafkaError._TRANSPORT)
    answer = await collector.client.get("/readyz")
    assert (answer.status, (await answer.text()).startswith("Kafka: ")) == (503, True)
    assert collector.metrics.registry.get_sample_value("collector_ready") == 0
    assert (await collector.client.get("/healthz")).status == 200


async def test_a_collector_that_can_spool_is_ready_without_kafka(
    collector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Intake, "needs_kafka", False)
    collector.producer.metadata_error = KafkaError(KafkaError._TRANSPORT)
    assert (await collector.client.get("/readyz")).status == 200


@pytest.mark.parametrize(("skew_ms", "status"), [(0, 200), (119_000, 200), (-121_000, 503), (121_000, 503)])
async def test_a_collector_is_not_ready_while_its_clock_is_off_the_brokers(
    collector: Any, monkeypatch: pytest.MonkeyPatch, skew_ms: int, status: int
) -> None:
    check = ClockCheck(collector.clock, collector.app[PUBLISHER].broker_time_ms)
    monkeypatch.setattr(health, "CLOCK_CHECK", "clock check of this test")
    monkeypatch.setitem(collector.app._state, "clock check of this test", check)
    collector.producer.broker_time_ms = NOW + skew_ms
    answer = await collector.client.get("/readyz")
    assert answer.status == status
    assert ("synchronise" in await answer.text()) is (status == 503)


async def test_metrics_hold_what_the_kernel_has_dropped_of_udp_until_now(collector_type: Any) -> None:
    listening = World(syslog_source(transport="udp"))
    await listening.listener.start()

    def prepare(collector: Any) -> None:
        collector.app[LISTENERS] = [listening.listener]

    async with serving(collector_type, prepare=prepare) as world:
        listening.listener._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # type: ignore[union-attr]  # of UDP
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(50):
                sender.sendto(b"x" * 1_000, ("127.0.0.1", listening.listener.port))
        await world.get("/metrics")
        assert listening.sample("collector_syslog_dropped_datagrams_total", reason="kernel") > 0
    await listening.listener.stop(1)


async def test_metrics_are_in_prometheus_text_format(collector: Any) -> None:
    answer = await collector.client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "# TYPE collector_deliveries_total counter" in await answer.text()


async def test_silence_is_measured_when_metrics_are_asked_for(collector: Any) -> None:
    def sample(name: str) -> float | None:
        value: float | None = collector.metrics.registry.get_sample_value(name, {"source": "akamai"})
        return value

    collector.clock.ms += 900_000
    await collector.client.get("/metrics")
    assert (sample("collector_last_delivery_seconds"), sample("collector_source_silent")) == (NOW / 1_000, 0)
    collector.clock.ms += 1
    await collector.client.get("/metrics")
    assert sample("collector_source_silent") == 1
