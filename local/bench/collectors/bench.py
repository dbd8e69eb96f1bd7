"""The measurements, each from an idle collector to an idle collector, so that every second of its work counts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp
from confluent_kafka import Consumer, TopicPartition

from local import collectors, process
from local.bench.collectors import rsyslog
from local.bench.collectors.corpus import LINES, LINES_A_DELIVERY, Corpus
from local.bench.collectors.load import post_all, post_at_rate, poster, send_syslog
from local.bench.collectors.memory import Memory, memory
from local.bench.collectors.usage import usage
from local.stack import Stack

HTTP_SOURCE: Final = "ndjson"
SYSLOG_SOURCE: Final = "syslog"
#: Connections of the full load: enough that one is always ready, few enough that answers come in turn.
_CONNECTIONS: Final = 4
_POLL_S: Final = 0.5
_STALL_S: Final = 60.0

Counter = Callable[[], Awaitable[int]]


@dataclass(frozen=True)
class Rate:
    """Records of one measurement, the CPU seconds that they cost, and the seconds that passed."""

    records: int
    cpu_s: float
    wall_s: float

    @property
    def per_cpu_second(self) -> float:
        """Records per CPU-second."""
        return self.records / self.cpu_s

    def __str__(self) -> str:
        return f"{self.per_cpu_second:,.0f} records per CPU-second ({self.records / self.wall_s:,.0f}/s by the clock)"


@dataclass(frozen=True)
class Steady:
    """Answers to an open load, in seconds since each was due, and the collector's memory meanwhile."""

    answers_s: list[float]
    memory: Memory


class Bench:
    """A collector on its stack, and the lines to load it with."""

    def __init__(self, stack: Stack, corpus: Corpus, session: aiohttp.ClientSession) -> None:
        self._stack = stack
        self._corpus = corpus
        self._session = session
        self._url = stack.collector_urls[0]
        self._post = poster(session, f"{self._url}/v1/logs/{HTTP_SOURCE}")
        collector = process.find(stack.settings.state, collectors.name(0))
        if collector is None:
            raise RuntimeError("the collector does not run")
        self._pid = collector.pid

    async def ndjson(self, deliveries: int) -> Rate:
        """HTTP deliveries, as fast as they are answered."""

        async def send() -> None:
            await post_all(self._post, self._corpus.deliveries, deliveries, _CONNECTIONS)

        return await _measure(self._pid, deliveries * LINES_A_DELIVERY, send, self._lines_of(HTTP_SOURCE))

    async def syslog(self, repeats: int) -> Rate:
        """Syslog in both framings, as fast as it is read."""
        port = collectors.syslog_ports(self._stack.settings, 0)[SYSLOG_SOURCE]
        return await self._syslog(self._pid, port, repeats, self._lines_of(SYSLOG_SOURCE))

    async def rsyslog(self, server: rsyslog.Rsyslog, repeats: int) -> Rate:
        """The same syslog into rsyslog. Raises NotInstalled."""
        child = await asyncio.to_thread(server.start)
        try:
            return await self._syslog(child.pid, server.port, repeats, self._messages)
        finally:
            await asyncio.to_thread(server.stop)

    async def steady(self, records_a_second: float, minutes: float) -> Steady:
        """Deliveries at a fixed rate; answers and memory."""
        resident: list[int] = []
        watching = asyncio.create_task(self._watch(resident))
        seconds, interval_s = minutes * 60, LINES_A_DELIVERY / records_a_second
        answers_s = await post_at_rate(self._post, self._corpus.deliveries, interval_s, seconds)
        watching.cancel()
        return Steady(answers_s, memory(resident))

    async def _syslog(self, pid: int, port: int, repeats: int, arrived: Counter) -> Rate:
        streams = (self._corpus.counted, self._corpus.classic)
        records = len(streams) * repeats * LINES
        return await _measure(pid, records, lambda: send_syslog(port, streams, repeats), arrived)

    async def _watch(self, resident: list[int]) -> None:
        while True:
            resident.append(usage(self._pid).resident_bytes)
            await asyncio.sleep(1)

    def _lines_of(self, source: str) -> Counter:
        """Counts the lines of a source that Kafka has acknowledged."""

        async def lines() -> int:
            async with self._session.get(f"{self._url}/metrics") as answer:
                return _sample(await answer.text(), f'collector_lines_total{{source="{source}"}} ')

        return lines

    async def _messages(self) -> int:
        return await asyncio.to_thread(_end_offsets, self._stack.kafka_bootstrap, rsyslog.TOPIC)


async def _measure(pid: int, records: int, send: Callable[[], Awaitable[None]], arrived: Counter) -> Rate:
    """Send, and wait until all has arrived. Raises TimeoutError if it does not."""
    first, before, began = await arrived(), usage(pid), time.monotonic()
    await send()
    last_news = time.monotonic()
    seen = first
    while (now := await arrived()) - first < records:
        if now != seen:
            seen, last_news = now, time.monotonic()
        if time.monotonic() - last_news > _STALL_S:
            raise TimeoutError(f"{now - first} of {records} records have arrived")
        await asyncio.sleep(_POLL_S)
    return Rate(records, usage(pid).cpu_s - before.cpu_s, time.monotonic() - began)


def _sample(metrics: str, prefix: str) -> int:
    values = [line.removeprefix(prefix) for line in metrics.splitlines() if line.startswith(prefix)]
    return int(float(values[0])) if values else 0


def _end_offsets(bootstrap: str, topic: str) -> int:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "bench"})
    try:
        partitions: Sequence[int] = list(consumer.list_topics(topic, 10).topics[topic].partitions)
        return sum(consumer.get_watermark_offsets(TopicPartition(topic, number), 10)[1] for number in partitions)
    finally:
        consumer.close()
