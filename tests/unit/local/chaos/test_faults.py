"""The kinds of faults: all that the drill promises, each with what makes it."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path
from typing import Any, cast

import pytest

from local import process
from local.chaos import faults
from local.chaos.faults import DISK_FAULTS, Kill, KillBeforeCommit, Pause, World, kinds, make
from local.chaos.frames import EndTxn
from local.chaos.proxy import Commit, Hold
from local.chaos.schedule import whole
from local.chaos.targets import TARGETS, Target
from local.process import Child, Spec

PARTS = (
    *("broker", "redis", "asset-database", "billing-database"),
    *("jobmanager", "collector", "enrichment-taskmanager", "usage-taskmanager"),
)


def names(*, with_disks: bool = True) -> set[str]:
    return {kind.name for kind in kinds(with_disks=with_disks)}


def test_every_part_is_killed_and_stopped_for_a_short_and_for_a_long_time() -> None:
    ways = ("kill-{}", "pause-{}-30", "pause-{}-70")
    assert {way.format(part) for part in PARTS for way in ways} <= names()


def test_the_rest_is_there_too() -> None:
    assert {name for name in names() if not name.startswith(("kill-", "pause-"))} == {
        "restart-broker",
        "outage-broker",
        "expired-transaction",
        "duplicate-deliveries",
        "rescale-enrichment",
        "rescale-usage",
        "full-disk-broker",
        "full-disk-checkpoints",
    }


def test_a_whole_drill_has_thirty_faults_and_five_kills_before_a_commit_even_without_disks() -> None:
    drawn = {kind.name: kind.at_least for kind in kinds(with_disks=False)}
    assert drawn["kill-before-commit"] == 5
    assert whole(kinds(with_disks=False)) >= 30


def test_what_needs_a_disk_is_left_out_where_there_is_none() -> None:
    assert names() - names(with_disks=False) == set(DISK_FAULTS)


@pytest.mark.parametrize("name", sorted(names()))
def test_every_kind_can_be_made_and_each_time_anew(name: str) -> None:
    assert make(name) is not make(name)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        make("kill-the-lights")


class StandIn:
    """A system of one process: `sleep`."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.settings = self

    def start(self) -> Child:
        return process.start(Spec(name="sleeper", state=self.state, argv=["sleep", "600"]))


@pytest.fixture
def world(tmp_path: Path) -> Any:
    stand_in = StandIn(tmp_path)
    stand_in.start()
    none = cast("Any", None)
    yield World(cast("Any", stand_in), proxy=none, load=none, sender=none, chance=random.Random(1))
    process.kill_stack(tmp_path)


def sleeper(*, restarted: bool = True) -> Target:
    return Target(
        name="sleeper",
        names=lambda *_: ["sleeper"],
        restart=(lambda system, _: cast("StandIn", system).start()) if restarted else None,
    )


def running(world: World) -> Child | None:
    return process.find(world.system.settings.state, "sleeper")


async def test_what_is_killed_is_gone_until_it_is_started_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_DOWN_SECONDS", 0)
    fault, before = Kill(sleeper()), running(world)
    await fault.inject(world)
    assert running(world) is None
    await fault.end(world)
    assert running(world) not in (None, before)
    assert fault.detail == "sleeper"


async def test_what_a_supervisor_looks_after_is_left_to_it(world: World) -> None:
    fault = Kill(sleeper(restarted=False))
    await fault.inject(world)
    await fault.end(world)
    assert running(world) is None


async def test_what_is_stopped_lives_and_goes_on(world: World) -> None:
    child = running(world)
    assert child is not None
    pausing = asyncio.create_task(Pause(sleeper(), seconds=1).inject(world))
    await asyncio.sleep(0.3)
    assert state_of(child) == "T"
    await pausing
    await until_not_stopped(child)


async def test_what_is_stopped_goes_on_even_if_the_drill_is_interrupted(world: World) -> None:
    child = running(world)
    assert child is not None
    pausing = asyncio.create_task(Pause(sleeper(), seconds=600).inject(world))
    await asyncio.sleep(0.3)
    pausing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pausing
    await until_not_stopped(child)


async def until_not_stopped(child: Child) -> None:
    async with asyncio.timeout(5):
        while state_of(child) == "T":  # noqa: ASYNC110  # another process tells nobody
            await asyncio.sleep(0.01)


def state_of(child: Child) -> str:
    fields = process._stat(child.pid)
    assert fields is not None
    return fields[0]


async def test_a_part_that_does_not_run_cannot_be_hit(world: World) -> None:
    child = running(world)
    assert child is not None
    child.signal(signal.SIGKILL)
    child.wait(10)
    with pytest.raises(LookupError, match="sleeper does not run"):
        await Kill(sleeper()).inject(world)


PROMISED = EndTxn("enrichment.enriched.-0-7", 4711, 3, committed=True)


class Answering:
    """A proxy that has seen the commit again."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit

    async def answered(self, transactional_id: str, since: float) -> Commit:
        assert (transactional_id, since) == (PROMISED.transactional_id, 5.0)
        return self._commit


@pytest.mark.parametrize(
    ("again", "error", "proven"),
    [
        pytest.param(PROMISED, 0, 1, id="the-same-commit"),
        pytest.param(PROMISED, 48, 0, id="refused"),
        pytest.param(PROMISED._replace(producer_epoch=4), 0, 0, id="of-another-epoch"),
        pytest.param(PROMISED._replace(producer_id=1), 0, 0, id="of-another-producer"),
    ],
)
async def test_a_recommit_is_the_same_commit_after_the_kill(
    world: World, again: EndTxn, error: int, proven: int
) -> None:
    fault = KillBeforeCommit()
    fault._hold, fault._killed_at = Hold("enrichment."), 5.0
    fault._hold.stop(PROMISED)
    world.proxy = cast("Any", Answering(Commit(again, 2, error, 6.0)))
    await fault.end(world)
    assert world.recommits == proven


def test_targets_have_names_of_their_own() -> None:
    assert sorted({target.name for target in TARGETS}) == sorted(PARTS)
