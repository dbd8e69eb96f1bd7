"""How the drill's stack differs from the one that people explore."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from jobs.flink.checks import check_times, facts_of_options
from local import flink_jobs
from local.chaos import system
from local.chaos.system import Job, System, beside, broker_options
from local.drill.jobs import ENRICHMENT, SHORTENED
from local.flink_jobs import SavepointFailed
from local.ports import Ports
from local.settings import Settings
from local.stack import Stack


def test_folder_and_ports_stand_beside_those_of_the_stack_and_the_demo() -> None:
    own = beside(Settings(state=Path("/somewhere/state"), port_base=20_000))
    assert (own.state, own.port_base) == (Path("/somewhere/state-chaos"), 20_200)


def test_every_part_can_fail_alone() -> None:
    own = beside(Settings())
    assert (own.collectors, own.taskmanagers, own.high_availability, own.billing_server) == (2, 5, True, True)


def test_clients_of_the_second_listener_are_led_to_the_proxy() -> None:
    options = broker_options(Ports(20_000))
    assert options["listeners"].split(",") == [
        "PLAINTEXT://127.0.0.1:20000",
        "PROXIED://127.0.0.1:20090",
        "CONTROLLER://127.0.0.1:20001",
    ]
    assert options["advertised.listeners"] == "PLAINTEXT://127.0.0.1:20000,PROXIED://127.0.0.1:20091"


@pytest.mark.parametrize("transaction_s", [system.SHORT_TRANSACTION, system.LONG_TRANSACTION])
def test_the_shortened_times_are_in_the_order_that_the_job_asks_for(transaction_s: int) -> None:
    lookup_ms = int(system._ENVIRON[ENRICHMENT]["ENRICHMENT_LOOKUP_WAIT_S"]) * 1_000
    check_times(facts_of_options(SHORTENED), lookup_ms, transaction_s * 1_000)


class SavepointsOf:
    """A stack whose stops with a savepoint end so, one after the other."""

    def __init__(self, *outcomes: str | SavepointFailed) -> None:
        self.settings = Settings()
        self._outcomes = iter(outcomes)

    def stop_with_savepoint(self, _: str) -> str:
        outcome = next(self._outcomes)
        if isinstance(outcome, SavepointFailed):
            raise outcome
        return outcome


def stopped(monkeypatch: pytest.MonkeyPatch, *outcomes: str | SavepointFailed) -> str:
    monkeypatch.setattr(flink_jobs, "wait_checkpoint", lambda *_: None)
    jobs = {ENRICHMENT: Job("a job", 1)}
    return System(cast("Stack", SavepointsOf(*outcomes)), jobs=jobs).stop(ENRICHMENT)


def test_a_savepoint_that_expires_is_taken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stopped(monkeypatch, SavepointFailed("expired"), SavepointFailed("expired"), "the savepoint") == (
        "the savepoint"
    )


def test_savepoints_that_go_on_to_expire_end_the_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SavepointFailed, match="the last"):
        stopped(monkeypatch, *[SavepointFailed("expired")] * 3, SavepointFailed("the last"))
