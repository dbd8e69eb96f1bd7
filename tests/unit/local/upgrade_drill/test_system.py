"""The drill's stack, and how its jobs are upgraded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from jobs.flink.checks import check_times, facts_of_options
from local.drill.jobs import SHORTENED
from local.settings import ROOT, Settings
from local.stack import Stack
from local.upgrade.builds import Build
from local.upgrade.deployments import Deployment
from local.upgrade.switch import Change, NotUpgraded, RolledBack, Switched
from local.upgrade_drill import system as drilled
from local.upgrade_drill.system import ENRICHMENT, USAGE, System, beside

NEXT = Path("/next")
DONE = Switched(deployment=Deployment(number=2, build="next"), gap_s=20.0)


class StandIn:
    """A stack that has nothing but settings."""

    settings = Settings(state=Path("/state"))


class FakeSwitch:
    """Ends so, one call after the other, and then well."""

    def __init__(self, *outcomes: Exception) -> None:
        self._outcomes = iter(outcomes)
        self.calls = 0

    def upgrade(self, change: Change) -> Switched:
        self.calls += 1
        for outcome in self._outcomes:
            raise outcome
        return DONE

    def roll_back(self) -> Switched:
        return DONE


Make = Callable[..., tuple[System, FakeSwitch]]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    def make_with(*outcomes: Exception) -> tuple[System, FakeSwitch]:
        switch = FakeSwitch(*outcomes)
        change = Change(build=Build("next", NEXT), options={})
        monkeypatch.setattr(drilled, "switch_of", lambda settings, job: switch)
        monkeypatch.setattr(System, "wait_checkpoint", lambda system, job: None)
        monkeypatch.setattr(drilled, "change_to", lambda settings, job, release, environ: change)
        return System(cast("Stack", StandIn())), switch

    return make_with


def test_both_jobs_begin_with_this_tree(make: Make) -> None:
    assert make()[0].releases == {ENRICHMENT: ROOT, USAGE: ROOT}


def test_an_upgraded_job_is_known_by_its_release_and_returns_to_the_one_before(make: Make) -> None:
    system, _ = make()
    system.upgrade(USAGE, NEXT)
    assert system.releases == {ENRICHMENT: ROOT, USAGE: NEXT}
    system.roll_back(USAGE, ROOT)
    assert system.releases == {ENRICHMENT: ROOT, USAGE: ROOT}


@pytest.mark.parametrize("expired", [1, 2])
def test_a_savepoint_that_expires_is_taken_again(make: Make, expired: int) -> None:
    system, switch = make(*[NotUpgraded("no savepoint")] * expired)
    assert system.upgrade(USAGE, NEXT) == DONE
    assert switch.calls == expired + 1


def test_three_times_is_a_failure_and_the_job_is_what_it_was(make: Make) -> None:
    system, _ = make(*[NotUpgraded("no savepoint")] * 3)
    with pytest.raises(NotUpgraded):
        system.upgrade(USAGE, NEXT)
    assert system.releases[USAGE] == ROOT


def test_a_build_that_was_rolled_back_is_not_tried_again(make: Make) -> None:
    system, switch = make(RolledBack("it crashes", DONE))
    with pytest.raises(RolledBack):
        system.upgrade(USAGE, NEXT)
    assert (switch.calls, system.releases[USAGE]) == (1, ROOT)


def test_folder_and_ports_stand_beside_those_of_the_stack_and_the_other_drills() -> None:
    own = beside(Settings(state=Path("/somewhere/state"), port_base=20_000))
    assert (own.state, own.port_base) == (Path("/somewhere/state-upgrade"), 20_400)


def test_there_is_room_for_two_usage_tasks_and_for_reprocess() -> None:
    assert beside(Settings()).taskmanagers == 1 + 2 + 1


def test_the_shortened_times_are_in_the_order_that_the_job_asks_for() -> None:
    lookup_ms = int(drilled._ENVIRON[ENRICHMENT]["ENRICHMENT_LOOKUP_WAIT_S"]) * 1_000
    check_times(facts_of_options(SHORTENED), lookup_ms, 1_800_000)
