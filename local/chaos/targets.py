"""What can be killed and stopped: which processes it is, and who starts it again."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from local import collectors, flink, kafka, postgres, redis
from local.chaos.system import System
from local.drill.jobs import ENRICHMENT, MEDIA_USAGE
from local.process import Child, find
from local.settings import Settings

#: Starts one of the stack's processes again, by its name; None where that is the supervisor's business.
Restart = Callable[[Settings, str], object]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A part of the system. `names` gives the processes that one fault hits."""

    name: str
    names: Callable[[System, random.Random], list[str]]
    restart: Restart | None = None

    def processes(self, system: System, chance: random.Random) -> list[Child]:
        """The running processes. Raises LookupError if one does not run."""
        return [_running(system.settings, name) for name in self.names(system, chance)]


def names_of(children: Sequence[Child]) -> str:
    """For people."""
    return ", ".join(child.name for child in children)


def _running(settings: Settings, name: str) -> Child:
    child = find(settings.state, name)
    if child is None:
        raise LookupError(f"{name} does not run")
    return child


def _one(name: str) -> Callable[[System, random.Random], list[str]]:
    return lambda *_: [name]


def _collector(system: System, chance: random.Random) -> list[str]:
    return [collectors.name(chance.randrange(system.settings.collectors))]


def _taskmanagers(module: str) -> Callable[[System, random.Random], list[str]]:
    return lambda system, _: system.taskmanagers_of(module)


def _database(database: str) -> Callable[[System, random.Random], list[str]]:
    return lambda system, _: [postgres.server_of(system.settings, database).name]


def _start_database(database: str) -> Restart:
    return lambda settings, _: postgres.launch_server(settings, postgres.server_of(settings, database))


def _start_collector(settings: Settings, name: str) -> None:
    collectors.launch(settings, int(name.rpartition("-")[2]))


TARGETS: Final = (
    Target(name="broker", names=_one(kafka.NAME), restart=lambda settings, _: kafka.launch(settings)),
    Target(name="redis", names=_one(redis.NAME), restart=lambda settings, _: redis.launch(settings)),
    Target(name="asset-database", names=_database("assets"), restart=_start_database("assets")),
    Target(name="billing-database", names=_database("billing"), restart=_start_database("billing")),
    Target(name="jobmanager", names=_one(flink.JOBMANAGER)),
    Target(name="collector", names=_collector, restart=_start_collector),
    Target(name="enrichment-taskmanager", names=_taskmanagers(ENRICHMENT)),
    Target(name="usage-taskmanager", names=_taskmanagers(MEDIA_USAGE)),
)
