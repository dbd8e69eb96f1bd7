"""Real collectors against a real broker: ready, reachable, replaced one at a time."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator

import pytest

from local import collectors
from local.ports import LOOPBACK, free_base, is_open
from local.process import StartFailed
from local.settings import Settings
from local.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = Settings(state=tmp_path_factory.mktemp("collectors"), port_base=free_base(), broker_heap_mb=256)
    with Stack(settings, {"kafka", "collectors"}) as running:
        yield running


def post(stack: Stack, index: int) -> int:
    line = {"time": time.time(), "method": "GET", "path": "/a/b/segment-1.ts", "status": 200, "bytes": 1, "client": ""}
    connection = http.client.HTTPConnection(LOOPBACK, stack.settings.ports.collector_http(index), timeout=30)
    connection.request("POST", "/v1/logs/edge", json.dumps(line))
    try:
        return connection.getresponse().status
    finally:
        connection.close()


def test_every_collector_takes_deliveries_and_listens_for_syslog(stack: Stack) -> None:
    assert [post(stack, index) for index in range(2)] == [200, 200]
    assert all(is_open(port) for index in range(2) for port in collectors.syslog_ports(stack.settings, index).values())


def test_one_collector_is_replaced_while_the_other_serves(stack: Stack) -> None:
    stack.stop_collector(0)
    assert not collectors.running(stack.settings, 0)
    assert post(stack, 1) == 200
    stack.start_collector(0, {"COLLECTOR_HEARTBEAT_INTERVAL_S": "5"})
    assert post(stack, 0) == 200


def test_a_collector_that_refuses_its_settings_is_reported_with_its_own_words(stack: Stack) -> None:
    stack.stop_collector(1)
    with pytest.raises(StartFailed, match=r"COLLECTOR_HEARTBEAT_INTERVAL_S: .*never"):
        stack.start_collector(1, {"COLLECTOR_HEARTBEAT_INTERVAL_S": "never"})
    stack.start_collector(1)
