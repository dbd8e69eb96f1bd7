"""An outage is over once the job was restored, runs, and every TaskManager is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import flink, flink_jobs
from local.demo import outage
from local.demo.outage import NoRecovery, Outage
from local.settings import Settings


class Cluster:
    """A stand-in that recovers in the order of a real one, a step every time that it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, steps: list[tuple[int, bool, int]]) -> None:
        self.steps = steps
        self.asked = 0
        monkeypatch.setattr(flink_jobs, "restores", lambda *_: self.now(0))
        monkeypatch.setattr(flink_jobs, "tasks_running", lambda *_: self.steps[self.asked - 1][1])
        monkeypatch.setattr(flink, "registered_taskmanagers", lambda *_: self.steps[self.asked - 1][2])

    def now(self, what: int) -> int:
        self.asked = min(self.asked + 1, len(self.steps))
        return self.steps[self.asked - 1][what]


def watched() -> Outage:
    return Outage(Settings(state=Path("/nowhere"), taskmanagers=3), "job", 1, "taskmanager-1 (pid 77)")


async def test_recovery_needs_restore_tasks_and_all_taskmanagers(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster(monkeypatch, [(1, True, 3), (2, False, 2), (2, True, 2), (2, True, 3)])
    monkeypatch.setattr(outage, "_POLL_SECONDS", 0)
    told = await watched().recovered()
    assert cluster.asked == 4
    assert told == "taskmanager-1 (pid 77) is replaced; its job went on from a checkpoint 0 s after the kill"


async def test_no_recovery_is_an_error_that_names_the_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    Cluster(monkeypatch, [(1, False, 2)])
    monkeypatch.setattr(outage, "_RECOVERY_SECONDS", -1)
    with pytest.raises(NoRecovery, match=r"taskmanager-1 \(pid 77\) was killed"):
        await watched().recovered()
