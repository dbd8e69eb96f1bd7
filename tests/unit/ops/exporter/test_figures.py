"""What is exported of readings that succeed, fail and come back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from ops.exporter.figures import Figures
from ops.exporter.reading import NotRead, Reading, family
from schemas.metrics import exporter as defined


class Server:
    """Answers with what it is told to, or raises it."""

    def __init__(self, *answers: float | Exception) -> None:
        self._answers: Iterator[float | Exception] = iter(answers)

    async def read(self) -> list[GaugeMetricFamily]:
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return [family(defined.DELIVERED, [(("env-a",), answer)])]


def reading(server: Server, name: str = "billing") -> Reading:
    return Reading(name=name, interval_s=3600, read=server.read)


def exported(figures: Figures) -> list[str]:
    registry = CollectorRegistry()
    registry.register(figures)
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


async def test_a_reading_that_fails_takes_its_figures_along_and_leaves_when_it_last_succeeded() -> None:
    figures = Figures(now_s=iter([100.0, 300.0]).__next__)
    server = reading(Server(7.0, NotRead("billing database: away"), 8.0))
    await figures.refresh(server)
    assert exported(figures) == [
        'exporter_reading_up{reading="billing"} 1.0',
        'exporter_reading_finished_seconds{reading="billing"} 100.0',
        'billing_delivered_seconds{environment="env-a"} 7.0',
    ]
    await figures.refresh(server)
    assert exported(figures) == [
        'exporter_reading_up{reading="billing"} 0.0',
        'exporter_reading_finished_seconds{reading="billing"} 100.0',
    ]
    await figures.refresh(server)
    assert exported(figures) == [
        'exporter_reading_up{reading="billing"} 1.0',
        'exporter_reading_finished_seconds{reading="billing"} 300.0',
        'billing_delivered_seconds{environment="env-a"} 8.0',
    ]


async def test_why_it_failed_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await Figures().refresh(reading(Server(NotRead("billing database: away"))))
    assert caplog.messages == ["billing database: away"]


async def test_before_the_first_reading_nothing_is_said() -> None:
    assert exported(Figures()) == []


async def test_a_fault_of_ours_is_no_failed_reading() -> None:
    with pytest.raises(ZeroDivisionError):
        await Figures().keep(reading(Server(ZeroDivisionError())))


async def test_it_reads_again_after_the_interval() -> None:
    figures, server = Figures(now_s=lambda: 1.0), Server(1.0, 2.0)
    often = Reading(name="billing", interval_s=0.001, read=server.read)
    # The third question finds no answer: it must not come as a surprise.
    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(figures.keep(often), 5)
    assert 'billing_delivered_seconds{environment="env-a"} 2.0' in exported(figures)
