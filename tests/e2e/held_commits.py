"""A transaction that is lost between its checkpoint and its commit, as one that expires is."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from confluent_kafka import Producer

from local.chaos.proxy import Commit, Hold, Proxy
from local.ports import LOOPBACK, Ports
from tests.e2e.waiting import DEADLINE_S

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class HeldCommits:
    """A proxy before the broker, for the jobs whose commits a test wants to hold."""

    ports: Ports
    proxy: Proxy
    loop: asyncio.AbstractEventLoop

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self.ports.kafka_proxy}"

    @contextmanager
    def given_up(self, prefix: str) -> Iterator[None]:
        """What is written meanwhile, in the first transaction that is to be committed, is lost.

        The commit stays on its way until the broker has aborted the transaction and fenced its producer, which is what
        it does with one that is too old; then it is refused. The connector tells its log, and goes on.
        """
        hold = self._call(self._hold(prefix))
        yield
        caught = self._call(hold.caught())
        self._abort(caught.transactional_id)
        began = time.monotonic()
        self.loop.call_soon_threadsafe(hold.release)
        refused: Commit = self._call(self.proxy.answered(caught.transactional_id, began))
        assert refused.error != 0, refused

    def _abort(self, transactional_id: str) -> None:
        """Whoever asks for the id of an open transaction ends it."""
        broker = f"{LOOPBACK}:{self.ports.kafka}"
        Producer({"bootstrap.servers": broker, "transactional.id": transactional_id}).init_transactions(DEADLINE_S)

    async def _hold(self, prefix: str) -> Hold:
        return self.proxy.hold(prefix)

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(DEADLINE_S)


@contextmanager
def held_commits(ports: Ports) -> Iterator[HeldCommits]:
    """A running proxy, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="held-commits")
    thread.start()
    held = HeldCommits(ports=ports, proxy=Proxy(ports.kafka_proxy, ports.kafka_behind_proxy), loop=loop)
    try:
        held._call(held.proxy.__aenter__())
        yield held
        held._call(held.proxy.__aexit__(None, None, None))
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
