"""A real standalone cluster: registered, supervised, gone at the end."""

from __future__ import annotations

import http.client
import signal
from collections.abc import Iterator

import pytest

from local import flink, process
from local.ports import LOOPBACK, free_base, is_open
from local.process import find
from local.settings import Settings
from local.stack import Stack
from local.upgrade.cluster import LocalCluster
from local.waiting import until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = Settings(state=tmp_path_factory.mktemp("flink"), port_base=free_base(), taskmanagers=2)
    with Stack(settings, {"flink"}) as running:
        yield running


def metrics(port: int) -> str:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    connection.request("GET", "/metrics")
    try:
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_every_taskmanager_offers_one_slot(stack: Stack) -> None:
    overview = flink.rest(stack.settings, "GET", "/overview")
    assert (overview["taskmanagers"], overview["slots-total"]) == (2, 2)


def test_every_server_tells_prometheus_of_itself(stack: Stack) -> None:
    ports = stack.settings.ports
    assert "flink_jobmanager_numRegisteredTaskManagers" in metrics(ports.jobmanager_metrics)
    assert all("flink_taskmanager_Status_JVM" in metrics(ports.taskmanager_metrics(index)) for index in range(2))


def test_what_flink_refuses_is_passed_on(stack: Stack) -> None:
    with pytest.raises(flink.RestError, match="404"):
        flink.rest(stack.settings, "GET", f"/jobs/{'0' * 32}")


def test_a_killed_taskmanager_is_replaced_and_its_neighbour_spared(stack: Stack) -> None:
    settings = stack.settings
    before = [find(settings.state, flink.taskmanager_name(index)) for index in range(2)]
    stack.kill_taskmanager(1)
    until(lambda: find(settings.state, flink.taskmanager_name(1)) is not None, "the TaskManager to be back", 90)
    after = [find(settings.state, flink.taskmanager_name(index)) for index in range(2)]
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)
    until(lambda: _registered_under_new_name(settings, before[1]), "its registration", 90)


def _registered_under_new_name(settings: Settings, killed: process.Child | None) -> bool:
    assert killed is not None
    known = flink.rest(settings, "GET", "/taskmanagers")["taskmanagers"]
    return len(known) == 2 and len({taskmanager["id"] for taskmanager in known}) == 2


def test_an_upgrade_finds_taskmanagers_that_have_imported_nothing(stack: Stack) -> None:
    before = _registered(stack.settings)
    LocalCluster(stack.settings).replace_taskmanagers()
    after = _registered(stack.settings)
    assert (len(after), after & before) == (2, set())


def _registered(settings: Settings) -> set[str]:
    """Resource ids of the TaskManagers that the JobManager knows."""
    return {str(found["id"]) for found in flink.rest(settings, "GET", "/taskmanagers")["taskmanagers"]}


def test_a_taskmanager_that_does_not_run_cannot_be_killed(stack: Stack) -> None:
    with pytest.raises(LookupError, match="taskmanager-7 does not run"):
        stack.kill_taskmanager(7)


def test_stopping_ends_taskmanagers_whose_supervisor_was_killed(stack: Stack) -> None:
    settings = stack.settings
    supervisor = find(settings.state, flink.SUPERVISOR)
    assert supervisor is not None
    supervisor.signal(signal.SIGKILL)
    stack.stop_service("flink")
    assert stack.running() == []
    assert not is_open(settings.ports.flink_rest)
