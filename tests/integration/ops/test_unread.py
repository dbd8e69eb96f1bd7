"""What only raw has, on a real broker and a real Postgres."""

from __future__ import annotations

import pytest
from confluent_kafka import Producer

from local.stack import Stack
from ops import audit, unread
from ops.hours import epoch_ms, of_epoch_ms, show
from schemas.batch import kafka_key, kafka_timestamp
from schemas.cdn_logs_pb2 import AccessLogBatch
from schemas.topics import RAW
from tests.integration.billing import HOUR, Billing
from tests.support.batches import HOUR_MS, batch, delivery, heartbeat

HOUR_START = epoch_ms(HOUR)
NAMES = iter(f"source-{number}" for number in range(100))


@pytest.fixture
def source() -> str:
    return next(NAMES)


def publish(broker: Stack, *batches: AccessLogBatch) -> None:
    producer = Producer({"bootstrap.servers": broker.kafka_bootstrap})
    for made in batches:
        producer.produce(RAW, made.SerializeToString(), key=kafka_key(made.header), timestamp=kafka_timestamp(made))
    assert producer.flush(30) == 0


def record(billing: Billing, made: AccessLogBatch) -> None:
    hour = of_epoch_ms(made.header.hour_ms)
    billing.ledger(made.header.batch_id, 0, hour=hour, source=made.header.source_id, environments={})


def made(source: str, name: str, published_at_ms: int = HOUR_START + 2 * HOUR_MS) -> AccessLogBatch:
    lines = [delivery("/film")] * 3
    return batch(lines, hour_ms=HOUR_START, source_id=source, delivery_id=name, published_at_ms=published_at_ms)


def test_batches_that_the_ledger_lacks_are_named_as_far_as_the_watermark(
    broker: Stack, billing: Billing, source: str
) -> None:
    known, lost, later = made(source, "d1"), made(source, "d2"), made(source, "d3", HOUR_START + 5 * HOUR_MS)
    publish(broker, known, lost, lost, later, heartbeat("key", HOUR_START))
    record(billing, known)
    billing.watermark(of_epoch_ms(HOUR_START + 5 * HOUR_MS))
    found = unread.check(billing.dsn, {"bootstrap.servers": broker.kafka_bootstrap})
    hour = show(HOUR)
    told = f"{source} {hour}: 1 batches (3 records, 0 rejected lines) are in raw only, such as {lost.header.batch_id}"
    assert found.examined == 3
    assert found.differences == (f"{told}: python -m ops.reprocess {hour} {hour}",)


def test_before_the_job_has_seen_anything_nothing_is_missed(broker: Stack, billing: Billing, source: str) -> None:
    publish(broker, made(source, "d1"))
    found = unread.check(billing.dsn, {"bootstrap.servers": broker.kafka_bootstrap})
    assert (found.examined, found.differences) == (0, ())


class TestCommand:
    @pytest.fixture
    def lost(self, broker: Stack, billing: Billing, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BILLING_DSN", billing.dsn)
        monkeypatch.setenv("COLLECTOR_KAFKA_BOOTSTRAP", broker.kafka_bootstrap)
        publish(broker, made(source, "d1"))
        billing.watermark(of_epoch_ms(HOUR_START + 5 * HOUR_MS))

    def test_raw_is_read_on_request(self, lost: None, capsys: pytest.CaptureFixture[str]) -> None:
        assert audit.main([]) == 0
        assert audit.main(["--raw"]) == 1
        assert "every batch in raw is in the ledger" in capsys.readouterr().out

    def test_a_broker_that_is_not_named_is(
        self, lost: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("COLLECTOR_KAFKA_BOOTSTRAP")
        assert audit.main(["--raw"]) == 2
        assert capsys.readouterr().err.startswith("audit: COLLECTOR_KAFKA_BOOTSTRAP is not set")
