"""A drill's own servers: empty at its start, collectors that follow a clock, and nothing left at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from local.clock import ClockFile
from local.drill.drawn import Drawn
from local.drill.jobs import ROCKSDB_MB
from local.ports import Ports
from local.settings import Settings
from local.stack import Stack
from local.traffic import catalogue, sources


def beside(settings: Settings, name: str, place: int) -> Settings:
    """Settings of a stack whose folder and ports stand beside those of `make up`; `place` counts from 1."""
    return replace(
        settings,
        state=settings.state.with_name(f"{settings.state.name}-{name}"),
        port_base=settings.port_base + place * Ports.SIZE,
        collectors=2,
        taskmanager_managed_mb=ROCKSDB_MB,
    )


def prepare(base: Settings, drawn: Drawn, clock_ms: int) -> tuple[Settings, ClockFile]:
    """Erase what an earlier drill has left; then settings of collectors that know the sources and follow the clock."""
    Stack(base).erase()
    clock = ClockFile(base.state / "clock", clock_ms)
    settings = replace(
        base,
        sources_file=base.state / "sources.yaml",
        collector_environ={"COLLECTOR_CLOCK": f"file:{clock.path}", "COLLECTOR_HEARTBEAT_INTERVAL_S": "1"},
    )
    sources.write(settings.sources_file, drawn.secrets)
    return settings, clock


@contextmanager
def running(settings: Settings, drawn: Drawn) -> Iterator[Stack]:
    """Start all servers, with the catalogue in the asset database and no job, and leave no process behind."""
    with Stack(settings) as stack:
        catalogue.write(stack.assets_dsn, drawn.published.environments, drawn.published.registered)
        yield stack
