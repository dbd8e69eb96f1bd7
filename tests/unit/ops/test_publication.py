"""Publishing as a collector does, without a broker."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from collectors.kafka.publisher import Publisher
from collectors.settings import Settings
from ops import publication
from ops.account import REPLAY_BOOT
from ops.publication import NotPublished, new_origin, publish
from schemas.batch import HOUR_MS
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchKind, DeadLetter, SourceTotals
from schemas.topics import DEAD_LETTER
from tests.support.batches import batch, delivery
from tests.support.fake_kafka import TIMED_OUT, FakeProducer, TurnedClock

HOUR = 490_000 * HOUR_MS
NOW = HOUR + 10 * HOUR_MS
ORIGIN = new_origin()


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> FakeProducer:
    made = FakeProducer(broker_time_ms=NOW)
    monkeypatch.setattr(publication, "Publisher", partial(Publisher, new_producer=made))
    return made


def settings(*, is_real: bool = True) -> Settings:
    return Settings(
        kafka_bootstrap="b:1",
        sources_file=Path(),
        clock=TurnedClock(NOW),
        clock_is_real=is_real,
        delivery_timeout_s=0.2,
    )


def made(name: str, boot: str = ORIGIN.boot_id) -> AccessLogBatch:
    one = batch([delivery("/film")] * 2, hour_ms=HOUR, delivery_id=name, rejected={"bad-json": 1})
    one.header.collector_boot = boot
    return one


def heartbeats(producer: FakeProducer) -> list[AccessLogBatch]:
    return [sent for sent in producer.batches() if sent.header.kind == BatchKind.BATCH_KIND_HEARTBEAT]


def test_batches_are_stamped_with_their_publication_and_heartbeats_claim_them_behind(producer: FakeProducer) -> None:
    publish(settings(), ORIGIN, [made("d1"), made("d2")])
    sent = producer.batches()
    assert [each.header.kind for each in sent] == [1, 1, 2, 2, 2, 2]
    assert {each.header.published_at_ms for each in sent} == {NOW}
    totals = SourceTotals(source_id="fastly-main", batches=2, records=4, rejected=2)
    assert [list(beat.header.heartbeat.totals) for beat in heartbeats(producer)] == [[totals]] * 4
    assert {beat.header.heartbeat.boot_id for beat in heartbeats(producer)} == {ORIGIN.boot_id}


def test_a_batch_that_another_process_has_claimed_is_not_claimed_again(producer: FakeProducer) -> None:
    publish(settings(), ORIGIN, [made("d1", "boot-1")])
    assert [list(beat.header.heartbeat.totals) for beat in heartbeats(producer)] == [[]] * 4


def test_dead_letters_go_to_their_topic_and_are_not_claimed(producer: FakeProducer) -> None:
    letter = DeadLetter(stage="collector", reason="bad-json", source_id="fastly-main", delivery_id="d1", line=7)
    publish(settings(), ORIGIN, [made("d1"), letter])
    assert [DeadLetter.FromString(sent.value or b"") for sent in producer.sent if sent.topic == DEAD_LETTER] == [letter]
    totals = SourceTotals(source_id="fastly-main", batches=1, records=2, rejected=1)
    assert [list(beat.header.heartbeat.totals) for beat in heartbeats(producer)] == [[totals]] * 4


def test_every_run_has_a_name_of_its_own_that_tells_what_it_is() -> None:
    assert new_origin().boot_id != ORIGIN.boot_id
    assert ORIGIN.boot_id.startswith(REPLAY_BOOT)


def test_a_clock_that_differs_from_the_brokers_sends_nothing(producer: FakeProducer) -> None:
    producer.broker_time_ms = NOW - 180_000
    with pytest.raises(NotPublished, match=r"the broker's clock is -180\.0 s from this machine's"):
        publish(settings(), ORIGIN, [made("d1")])
    assert producer.batches() == []
    publish(settings(is_real=False), ORIGIN, [made("d1")])
    assert len(producer.batches()) == 5


def test_what_kafka_does_not_take_is_not_claimed(producer: FakeProducer) -> None:
    producer.error = TIMED_OUT
    with pytest.raises(NotPublished, match=r"Kafka did not take everything: .*; run again"):
        publish(settings(is_real=False), ORIGIN, [made("d1")])
    assert heartbeats(producer) == []
