"""Syslog into a real broker, through its outage."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

import pytest

from local import collectors
from local.stack import Stack
from tests.integration.collectors.kafka_log import KafkaLog
from tests.integration.collectors.traffic import fastly_line


async def send(stack: Stack, frames: Iterable[bytes]) -> None:
    """Send on a connection of its own; returns when all is handed to the kernel."""
    port = collectors.syslog_ports(stack.settings, 0)["syslog"]
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"".join(frames))
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def classic(number: int) -> bytes:
    return b"<134>2026-11-23T07:00:00Z cache-fra-eddf8230045 mediabill[4711]: %s\n" % fastly_line(number)


def counted(number: int) -> bytes:
    line = fastly_line(number)
    return b"%d %s" % (len(line), line)


def numbers(kafka_log: KafkaLog) -> Counter[int]:
    """How often each numbered line stands in Kafka, copies of a batch left out."""
    batches = {made.header.batch_id: made for made in kafka_log.batches("syslog")}
    paths = [record.path for made in batches.values() for record in made.records]
    return Counter(int(path.rpartition("/")[2].removesuffix(".ts")) for path in paths)


async def until_all_are_there(kafka_log: KafkaLog, expected: range) -> None:
    async with asyncio.timeout(60):
        while not set(expected) <= set(await asyncio.to_thread(numbers, kafka_log)):  # noqa: ASYNC110  # Kafka tells nobody
            await asyncio.sleep(0.2)
    found = numbers(kafka_log)
    assert [found[number] for number in expected] == [1] * len(expected)


async def test_lines_of_both_framings_arrive_once(stack: Stack, kafka_log: KafkaLog) -> None:
    await asyncio.gather(
        send(stack, (classic(number) for number in range(2_500))),
        send(stack, (counted(number) for number in range(2_500, 5_000))),
    )
    await until_all_are_there(kafka_log, range(5_000))


async def test_a_few_lines_do_not_wait_for_a_block(stack: Stack, kafka_log: KafkaLog) -> None:
    await send(stack, [classic(5_000), classic(5_001)])
    await until_all_are_there(kafka_log, range(5_000, 5_002))


@pytest.mark.timeout(180)
async def test_lines_that_were_read_while_the_broker_was_away_arrive_once(stack: Stack, kafka_log: KafkaLog) -> None:
    await asyncio.to_thread(stack.stop_service, "kafka")
    try:
        await send(stack, (classic(number) for number in range(6_000, 7_500)))
        # Longer than the delivery timeout of 4 s: the first attempt fails, the next one has the same id.
        await asyncio.sleep(6)
    finally:
        await asyncio.to_thread(stack.start_service, "kafka")
    await until_all_are_there(kafka_log, range(6_000, 7_500))


async def test_a_collector_that_is_stopped_publishes_what_it_has_read(stack: Stack, kafka_log: KafkaLog) -> None:
    await send(stack, (classic(number) for number in range(8_000, 8_100)))
    # What the kernel still holds when the collector closes is lost to syslog: let it read.
    await asyncio.sleep(0.1)
    await asyncio.to_thread(stack.stop_collector, 0)
    try:
        found = numbers(kafka_log)
    finally:
        await asyncio.to_thread(stack.start_collector, 0)
    assert [found[number] for number in range(8_000, 8_100)] == [1] * 100
