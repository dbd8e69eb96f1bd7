"""A fault is got over when nothing is missing any more, and not a moment sooner."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException

from local import flink, flink_jobs
from local.chaos import recovery
from local.chaos.recovery import NoRecovery, Recovery
from local.chaos.system import Job, System
from local.drill import offsets
from local.drill.jobs import ENRICHMENT, MEDIA_USAGE
from local.settings import Settings


@dataclass
class World:
    """What Flink, Kafka and the collectors say."""

    running: dict[str, bool] = field(default_factory=lambda: {"job-e": True, "job-u": True})
    checkpoint_ms: dict[str, int] = field(default_factory=dict)
    taskmanagers: int = 5
    collectors: int = 2
    behind: list[int] = field(default_factory=lambda: [0])
    failure: Exception | None = None

    def tasks_running(self, _: Settings, job: str) -> bool:
        if self.failure is not None:
            raise self.failure
        return self.running[job]

    def rest(self, _: Settings, method: str, path: str) -> Any:
        began = self.checkpoint_ms.get(path.split("/")[2])
        return {"latest": {"completed": None if began is None else {"trigger_timestamp": began}}}

    def ends(self, *_: str) -> dict[int, int]:
        return {0: self.behind.pop(0) if len(self.behind) > 1 else self.behind[0]}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made, later = World(), time.time_ns() // 1_000_000 + 60_000
    made.checkpoint_ms = {"job-e": later, "job-u": later}
    monkeypatch.setattr(flink_jobs, "tasks_running", made.tasks_running)
    monkeypatch.setattr(flink, "rest", made.rest)
    monkeypatch.setattr(flink, "registered_taskmanagers", lambda _: made.taskmanagers)
    monkeypatch.setattr(recovery, "ready_collectors", lambda _: made.collectors)
    monkeypatch.setattr(offsets, "committed", lambda *_: {0: 0})
    monkeypatch.setattr(offsets, "ends", made.ends)
    monkeypatch.setattr(recovery, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(recovery, "_DEADLINE_SECONDS", 0.2)
    return made


def watch() -> Recovery:
    class StandIn:
        settings = Settings(taskmanagers=5, collectors=2)
        kafka_bootstrap = "nowhere:1"

    jobs = {ENRICHMENT: Job("job-e"), MEDIA_USAGE: Job("job-u")}
    return Recovery(System(cast("Any", StandIn()), jobs))


async def test_a_system_that_lacks_nothing_has_recovered(world: World) -> None:
    assert await watch().complete() < 0.2


def stop(job: str) -> Callable[[World], None]:
    return lambda world: world.running.update({job: False})


def no_checkpoint(job: str) -> Callable[[World], None]:
    return lambda world: cast("None", world.checkpoint_ms.pop(job))


def old_checkpoint(job: str) -> Callable[[World], None]:
    return lambda world: world.checkpoint_ms.update({job: time.time_ns() // 1_000_000 - 1})


def set_to(name: str, value: object) -> Callable[[World], None]:
    return lambda world: setattr(world, name, value)


@pytest.mark.parametrize(
    ("harm", "lacks"),
    [
        pytest.param(stop("job-e"), "jobs.enrichment does not run", id="enrichment-stopped"),
        pytest.param(stop("job-u"), "jobs.media_usage does not run", id="usage-stopped"),
        pytest.param(no_checkpoint("job-e"), "jobs.enrichment has completed no checkpoint", id="no-checkpoint"),
        pytest.param(old_checkpoint("job-u"), "jobs.media_usage has completed no checkpoint", id="an-older-one"),
        pytest.param(set_to("taskmanagers", 4), "a TaskManager is missing", id="taskmanager"),
        pytest.param(set_to("collectors", 1), "a collector is not ready", id="collector"),
        pytest.param(set_to("behind", [5_000]), "the enrichment job falls behind", id="backlog-that-stays"),
        pytest.param(set_to("behind", [*range(2_000, 60_000)]), "the enrichment job falls behind", id="that-grows"),
        pytest.param(set_to("failure", ConnectionRefusedError()), "Flink does not answer", id="no-flink"),
        pytest.param(set_to("failure", flink.RestError("503")), "Flink does not answer", id="no-leader"),
        pytest.param(
            set_to("failure", KafkaException(KafkaError(KafkaError._TRANSPORT))), "Kafka does not answer", id="no-kafka"
        ),
    ],
)
async def test_what_is_missing_is_named(world: World, harm: Callable[[World], None], lacks: str) -> None:
    harm(world)
    with pytest.raises(NoRecovery, match=lacks):
        await watch().complete()


async def test_a_backlog_that_shrinks_is_no_obstacle(world: World) -> None:
    world.behind = [9_000, 9_500, 9_400]
    assert await watch().complete() < 0.2


async def test_the_time_until_nothing_is_missing_is_measured(world: World) -> None:
    world.taskmanagers = 4
    waiting = asyncio.create_task(watch().complete())
    await asyncio.sleep(0.1)
    world.taskmanagers = 5
    assert 0.1 <= await waiting < 0.2
