"""Contract: one raw topic gives one bill, at any speed, with any parallelism, whichever partition comes first.

A drill (`make determinism`): eight replays through pairs of jobs of their own. Windows, corrections, late firings,
copies, and lines that come again in other batches are in the topic, and the heartbeats between them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, NamedTuple

import pytest
from confluent_kafka import Producer

from collectors.kafka.partitioner import keys_by_partition, partition_of
from local.ports import free_base
from local.settings import Settings
from local.stack import Stack
from schemas.batch import hour_of, kafka_key, kafka_timestamp
from schemas.cdn_logs_pb2 import AccessLogBatch
from schemas.topics import DAY_MS
from tests.e2e.bill import Bill, BillRow, of_hours
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.second_pair import SecondPair, second_pair
from tests.e2e.traffic import Traffic, copy_published, sum_of
from tests.support.batches import HOUR_MS, heartbeat

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1_800)]

FILM = Film(asset_id="film", environment_id="env")
SHORT = Film(asset_id="short", environment_id="other-env", segment_ms=(6_006, 1_001))
HOURS: Final = 4
PARTITIONS: Final = 4


class Message(NamedTuple):
    """One message of the raw topic. `step` counts the moments between which the original run waited."""

    step: int
    partition: int
    payload: bytes
    key: bytes
    timestamp_ms: int


@dataclass(frozen=True)
class Corpus:
    """A raw topic in the order of its publication, and the bill of it, counted without the product's code."""

    messages: list[Message]
    bill: list[BillRow]
    first_hour: int
    ends_at: int


def corpus(first_hour: int) -> Corpus:
    """On time, out of order, late within the horizon and beyond it, copied, and repeated line by line."""
    plain, repeating = Traffic("plain"), Traffic("repeating", repeats_lines=True)
    hours = [first_hour + number * HOUR_MS for number in range(HOURS)]
    steps: list[tuple[int, list[AccessLogBatch]]] = []
    early = [plain.batch(film, hour) for hour in hours for film in (FILM, SHORT) for _ in range(8)]
    lines = [repeating.batch(film, hour) for hour in hours for film in (FILM, SHORT) for _ in range(4)]
    by_hour = sorted([*early, *lines], key=lambda batch: batch.header.hour_ms)
    for hour, batches in groupby(by_hour, key=lambda batch: batch.header.hour_ms):
        steps.append((hour + HOUR_MS, list(batches)))
    after = hours[-1] + HOUR_MS
    steps.append((after + 5 * HOUR_MS, [plain.batch(FILM, hour) for hour in hours for _ in range(3)]))
    steps.append((after + 20 * HOUR_MS, [repeating.lines_again(*lines[:3]), repeating.lines_again(*lines[-2:])]))
    late = after + 55 * HOUR_MS
    steps.append(
        (
            late,
            [
                *(plain.batch(SHORT, hour, published_at_ms=late) for hour in hours),
                *(copy_published(plain.again(batch), late) for batch in early[::9]),
                repeating.lines_again(*lines[:2], published_at_ms=late),
                repeating.batch(FILM, hours[0], published_at_ms=late),
            ],
        )
    )
    steps.append((after + 80 * HOUR_MS, []))
    return Corpus(list(_messages(steps)), sum_of(plain.bill, repeating.bill), first_hour, steps[-1][0])


def _messages(steps: Sequence[tuple[int, list[AccessLogBatch]]]) -> Iterator[Message]:
    keys = keys_by_partition("heartbeat-", PARTITIONS)
    for number, (now_ms, batches) in enumerate(steps):
        for batch in [*batches, *(heartbeat(key, now_ms) for key in keys.values())]:
            key = kafka_key(batch.header)
            partition = partition_of(key, PARTITIONS)
            yield Message(number, partition, batch.SerializeToString(), key, kafka_timestamp(batch))


def backlog(messages: Sequence[Message]) -> list[list[Message]]:
    """Everything at once."""
    return [list(messages)]


def step_by_step(messages: Sequence[Message]) -> list[list[Message]]:
    """As it was published, each step read before the next one comes."""
    return [list(step) for _, step in groupby(messages, key=lambda message: message.step)]


def in_two_halves(messages: Sequence[Message]) -> list[list[Message]]:
    """A backlog, and then what comes while it is worked off."""
    middle = messages[-1].step // 2
    return [[each for each in messages if (each.step > middle) is half] for half in (False, True)]


def partition_by_partition(messages: Sequence[Message]) -> list[list[Message]]:
    """Each partition whole before the next one begins, the last one first."""
    return [[each for each in messages if each.partition == number] for number in reversed(range(PARTITIONS))]


def one_partition_behind(messages: Sequence[Message]) -> list[list[Message]]:
    """Partition 2 comes when all others are read to their ends."""
    return [[each for each in messages if (each.partition == 2) is behind] for behind in (False, True)]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers without collectors, and TaskManagers for two jobs of parallelism four."""
    settings = Settings(
        state=tmp_path_factory.mktemp("determinism"),
        port_base=free_base(),
        taskmanagers=2 * PARTITIONS,
        taskmanager_heap_mb=256,
        partitions=PARTITIONS,
    )
    with Stack(settings, {"kafka", "redis", "postgres", "flink"}) as running:
        register(running.assets_dsn, FILM, SHORT)
        yield running


@pytest.fixture(scope="module")
def original() -> Corpus:
    """The same for every replay of this run."""
    return corpus(hour_of(time.time_ns() // 1_000_000 - 10 * DAY_MS))


def write(stack: Stack, pair: SecondPair, messages: Sequence[Message]) -> None:
    producer = Producer({"bootstrap.servers": stack.kafka_bootstrap, "enable.idempotence": True})
    for message in messages:
        producer.produce(
            pair.raw, message.payload, key=message.key, partition=message.partition, timestamp=message.timestamp_ms
        )
    assert producer.flush(60) == 0


def window_rows(bill: Bill) -> list[tuple[Any, ...]]:
    """media_usage alone: what stood in windows, without corrections."""
    columns = "hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes"
    return bill.query(f"SELECT {columns} FROM media_usage ORDER BY 1, 2, 3, 4")


#: What the first replay came to; every other must come to the same.
_first: list[tuple[Any, ...]] = []


@pytest.mark.parametrize(
    ("arrange", "parallelism"),
    [
        (step_by_step, 1),
        (backlog, 1),
        (in_two_halves, 1),
        (backlog, 2),
        (backlog, 4),
        (partition_by_partition, 1),
        (partition_by_partition, 4),
        (one_partition_behind, 2),
    ],
)
def test_a_replay_gives_the_same_bill(stack: Stack, original: Corpus, arrange: Any, parallelism: int) -> None:
    """Equal measurements (environment, asset, tier, hour, ms, deliveries, bytes), in `media_usage` alone too."""
    numbers = {"ENRICHMENT_PARALLELISM": str(parallelism), "MEDIA_USAGE_PARALLELISM": str(parallelism)}
    pair = second_pair(stack, f"{arrange.__name__}-{parallelism}".replace("_", "-"), numbers)
    bill = of_hours(pair.billing_dsn, original.first_hour, HOURS)
    portions = arrange(original.messages)
    write(stack, pair, portions[0])
    pair.pipeline.start()
    try:
        for portion in portions[1:]:
            pair.pipeline.wait_read(pair.raw)
            write(stack, pair, portion)
        feed = Feed(stack.kafka_bootstrap, PARTITIONS, pair.raw)
        pair.pipeline.drain(feed, bill, original.ends_at)
        assert bill.rows() == original.bill
        _first.append(tuple(window_rows(bill)))
        assert _first[-1] == _first[0]
    finally:
        pair.pipeline.cancel()
