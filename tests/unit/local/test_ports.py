"""Ports: no two services share one, and whoever holds one is named."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from itertools import chain

import pytest

from local.ports import PortInUse, Ports, free_base, holder, is_open, require_free


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def all_ports(ports: Ports) -> list[int]:
    each = range(Ports.MOST_TASKMANAGERS)
    collectors = range(Ports.MOST_COLLECTORS)
    return [
        ports.kafka,
        ports.kafka_controller,
        ports.redis,
        ports.postgres,
        ports.flink_rest,
        ports.jobmanager_rpc,
        ports.jobmanager_blob,
        ports.jobmanager_metrics,
        ports.zookeeper,
        ports.billing_postgres,
        ports.kafka_behind_proxy,
        ports.kafka_proxy,
        ports.console,
        ports.exporter,
        *chain.from_iterable((ports.taskmanager_rpc(i), ports.taskmanager_data(i)) for i in each),
        *(ports.taskmanager_metrics(i) for i in each),
        *(ports.collector_http(i) for i in collectors),
        *(ports.collector_syslog(i, number) for number in range(4) for i in collectors),
    ]


def test_no_two_services_share_a_port() -> None:
    ports = all_ports(Ports(19_000))
    assert len(set(ports)) == len(ports)


def test_every_port_lies_in_the_block_before_its_last() -> None:
    block = range(19_000, 19_000 + Ports.SIZE - 1)
    assert [port for port in all_ports(Ports(19_000)) if port not in block] == []


def test_a_listening_port_is_open_and_a_closed_one_is_not(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert is_open(port)
    listener.close()
    assert not is_open(port)


def test_the_holder_of_a_port_is_named(listener: socket.socket) -> None:
    assert holder(listener.getsockname()[1]).endswith(f"(pid {os.getpid()})")


def test_a_port_in_use_names_port_use_holder_and_setting(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with pytest.raises(PortInUse) as refused:
        require_free({"Redis": port})
    assert str(refused.value) == (
        f"port {port} (Redis) is in use by {holder(port)}: "
        "stop that, or move the stack with PORT_BASE=<first of 100 free ports>"
    )


def test_a_port_that_is_just_closing_is_free(listener: socket.socket) -> None:
    closing = threading.Timer(0.2, listener.close)
    closing.start()
    require_free({"Redis": listener.getsockname()[1]})
    closing.join()


def test_free_blocks_do_not_overlap_although_nothing_listens_in_them_yet() -> None:
    bases = [free_base() for _ in range(3)]
    assert len({base // Ports.SIZE for base in bases}) == 3
