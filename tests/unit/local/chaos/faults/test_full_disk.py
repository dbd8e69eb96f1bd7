"""A disk stays full until what it is full for has failed, and has room again afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import flink, kafka
from local.chaos.faults import full_disk
from local.chaos.faults.full_disk import FullBrokerDisk, FullCheckpointDisk
from local.chaos.faults.world import World
from local.chaos.system import Job
from local.drill.jobs import ENRICHMENT, MEDIA_USAGE
from local.process import find
from local.settings import Settings


class Disk:
    """Notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def fill(self) -> None:
        self.done.append("full")

    def empty(self) -> None:
        self.done.append("empty")


@pytest.fixture
def disk(world: World) -> Disk:
    made = Disk()
    world.system.disks = {"checkpoints": made, "kafka": made}  # type: ignore[dict-item]  # stands in for one
    world.system.jobs = {ENRICHMENT: Job("job-e"), MEDIA_USAGE: Job("job-u")}
    return made


def failures(monkeypatch: pytest.MonkeyPatch, **counts: list[int]) -> None:
    left = {f"/jobs/job-{job}/checkpoints": values for job, values in counts.items()}

    def rest(_: Settings, method: str, path: str) -> dict[str, dict[str, int]]:
        values = left[path]
        return {"counts": {"failed": values.pop(0) if len(values) > 1 else values[0]}}

    monkeypatch.setattr(flink, "rest", rest)
    monkeypatch.setattr(full_disk, "_POLL_SECONDS", 0)


async def test_checkpoints_of_both_jobs_must_fail(world: World, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    failures(monkeypatch, e=[4, 4, 5, 5, 5], u=[0, 0, 0, 0, 1])
    fault = FullCheckpointDisk()
    await fault.inject(world)
    assert disk.done == ["full"] * 3
    await fault.end(world)
    assert disk.done[-1] == "empty"


async def test_checkpoints_that_do_not_fail_prove_nothing(
    world: World, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures(monkeypatch, e=[4], u=[0])
    monkeypatch.setattr(full_disk, "_FAILURE_SECONDS", 0.05)
    with pytest.raises(TimeoutError, match="no checkpoint has failed"):
        await FullCheckpointDisk().inject(world)


async def test_the_broker_is_started_when_there_is_room_again(
    world: World, disk: Disk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(kafka, "halt", lambda _: disk.done.append("stopped"))
    monkeypatch.setattr(kafka, "launch", lambda _: disk.done.append("started"))
    fault = FullBrokerDisk()
    await fault.inject(world)
    await fault.end(world)
    assert disk.done == ["full", "empty", "stopped", "started"]
    assert find(tmp_path, kafka.NAME) is None
