"""A transaction is left to expire, and nothing but its stretch of raw is excused."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any, cast

import pytest

from local.chaos.faults import expired_transaction
from local.chaos.faults.expired_transaction import ExpiredTransaction
from local.chaos.faults.world import World
from local.chaos.frames import EndTxn
from local.chaos.proxy import Commit, Hold
from local.chaos.system import LONG_TRANSACTION, SHORT_TRANSACTION, Job
from local.drill import offsets
from local.drill.jobs import ENRICHMENT
from local.drill.verdict import Stretch
from local.settings import Settings

LOST = EndTxn("enrichment.enriched.-0-7", 4711, 3, committed=True)
SAID = "INFO TransactionCoordinator Completed rollback of ongoing transaction for transactionalId {} due to timeout\n"


class StandIn:
    """System, stack and proxy in one."""

    kafka_bootstrap = "nowhere:1"

    def __init__(self, state: Path, error: int) -> None:
        self.settings = Settings(state=state)
        self.jobs = {ENRICHMENT: Job("job-e", parallelism=2)}
        self.error = error
        self.submitted: list[tuple[int, str, int]] = []

    @property
    def stack(self) -> StandIn:
        return self

    def stop(self, module: str) -> str:
        return "savepoint"

    def submit(self, module: str, parallelism: int, savepoint: str, transaction_s: int) -> None:
        self.submitted.append((parallelism, savepoint, transaction_s))

    async def answered(self, transactional_id: str, since: float) -> Commit:
        return Commit(LOST, 9, self.error, since + 1)


class Recovers:
    """A system that is well at once."""

    def __init__(self, _: object) -> None: ...

    async def complete(self) -> float:
        return 0.0


@pytest.fixture(autouse=True)
def killed(monkeypatch: pytest.MonkeyPatch) -> Hold:
    hold = Hold("enrichment.enriched.")
    hold.stop(LOST)

    async def kill_before_commit(_: World) -> tuple[Hold, float]:
        return hold, 5.0

    monkeypatch.setattr(expired_transaction, "kill_before_commit", kill_before_commit)
    monkeypatch.setattr(expired_transaction, "Recovery", Recovers)
    monkeypatch.setattr(offsets, "committed", lambda *_: {0: 10})
    monkeypatch.setattr(offsets, "ends", lambda *_: {0: 30})
    return hold


def log(state: Path, text: str) -> None:
    (state / "log").mkdir(exist_ok=True)
    (state / "log" / "kafka.log").write_text(text)


def world_of(system: StandIn) -> World:
    none, stands_in = cast("Any", None), cast("Any", system)
    return World(stands_in, proxy=stands_in, load=none, sender=none, chance=random.Random(1))


@pytest.mark.parametrize(
    ("error", "expired"),
    [
        pytest.param(90, [Stretch({0: 10}, {0: 30})], id="refused"),
        pytest.param(0, [], id="committed-all-the-same"),
    ],
)
async def test_what_the_broker_refused_is_a_stretch_of_raw(tmp_path: Path, error: int, expired: list[Stretch]) -> None:
    log(tmp_path, SAID.format(LOST.transactional_id))
    system = StandIn(tmp_path, error)
    world, fault = world_of(system), ExpiredTransaction()
    await fault.inject(world)
    await fault.end(world)
    await fault.afterwards(world)
    assert world.expired == expired
    assert system.submitted == [(2, "savepoint", SHORT_TRANSACTION), (2, "savepoint", LONG_TRANSACTION)]


async def test_the_hold_lasts_until_the_broker_has_given_up(tmp_path: Path, killed: Hold) -> None:
    log(tmp_path, SAID.format("another"))
    giving_up = threading.Timer(0.3, log, (tmp_path, SAID.format(LOST.transactional_id)))
    giving_up.start()
    assert killed.covers(LOST)
    await ExpiredTransaction().inject(world_of(StandIn(tmp_path, 90)))
    assert not killed.covers(LOST)
    giving_up.join()


async def test_a_broker_that_does_not_give_up_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expired_transaction, "_GIVEN_UP_SECONDS", 0.1)
    log(tmp_path, SAID.format("another"))
    with pytest.raises(TimeoutError, match=r"for the broker to give up enrichment\.enriched\.-0-7"):
        await ExpiredTransaction().inject(world_of(StandIn(tmp_path, 90)))
