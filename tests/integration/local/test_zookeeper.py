"""A JobManager with ZooKeeper beside it: killed, it is started again and leads the TaskManagers that it had."""

from __future__ import annotations

import http.client
import signal
from collections.abc import Iterator

import pytest

from local import flink, zookeeper
from local.ports import PortInUse, free_base
from local.process import find
from local.settings import Settings
from local.stack import Stack
from local.waiting import until

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    state = tmp_path_factory.mktemp("available")
    settings = Settings(state=state, port_base=free_base(), taskmanagers=2, high_availability=True)
    with Stack(settings, {"flink", "zookeeper"}) as running:
        yield running
    assert not zookeeper.running(settings)


def test_a_taken_port_is_named(stack: Stack) -> None:
    with pytest.raises(PortInUse, match=r"\(ZooKeeper\) is in use by java"):
        zookeeper.launch(stack.settings)


def leads_both(settings: Settings) -> bool:
    try:
        return flink.registered_taskmanagers(settings) == 2
    except (OSError, flink.RestError, http.client.HTTPException):
        return False  # it is starting


def test_a_killed_jobmanager_is_started_again_and_leads_the_same_taskmanagers(stack: Stack) -> None:
    settings = stack.settings
    taskmanagers = [find(settings.state, flink.taskmanager_name(index)) for index in range(2)]
    jobmanager = find(settings.state, flink.JOBMANAGER)
    assert jobmanager is not None
    jobmanager.signal(signal.SIGKILL)
    assert jobmanager.wait(10)
    until(lambda: leads_both(settings), "another JobManager with both TaskManagers", 90)
    assert [find(settings.state, flink.taskmanager_name(index)) for index in range(2)] == taskmanagers
