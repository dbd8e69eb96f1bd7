"""The newest figures of every reading, as Prometheus collects them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from ops.exporter.reading import NotRead, Reading, family
from schemas.metrics import exporter as defined

log = logging.getLogger(__name__)


class Figures(Collector):
    """What was read last. A reading that failed has no figures: an old value would look like a current one."""

    def __init__(self, now_s: Callable[[], float] = time.time) -> None:
        self._now_s = now_s
        self._families: dict[str, list[GaugeMetricFamily]] = {}
        self._up: dict[str, bool] = {}
        self._finished_s: dict[str, float] = {}

    async def keep(self, reading: Reading) -> None:
        """Read again and again, until cancelled. Anything but NotRead is a fault of ours, and ends the program."""
        while True:
            await self.refresh(reading)
            await asyncio.sleep(reading.interval_s)

    async def refresh(self, reading: Reading) -> None:
        """Read once."""
        try:
            self._families[reading.name] = await reading.read()
        except NotRead as error:
            log.warning("%s", error)
            self._families.pop(reading.name, None)
            self._up[reading.name] = False
        else:
            self._up[reading.name] = True
            self._finished_s[reading.name] = self._now_s()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every figure there is."""
        yield family(defined.READING_UP, [((name,), up) for name, up in self._up.items()])
        yield family(defined.READ_AT, [((name,), at) for name, at in self._finished_s.items()])
        for families in self._families.values():
            yield from families
