"""Every port of the stack, derived from one base."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

LOOPBACK: Final = "127.0.0.1"
_LISTEN: Final = "0A"
#: The ports of a process that was killed close a moment after it has ended.
_CLOSING_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.02


class PortInUse(RuntimeError):
    """Another program listens where the stack wants to; the message says who and how to move the stack."""


@dataclass(frozen=True)
class Ports:
    """Ports by name; `base` is the setting PORT_BASE."""

    base: int

    SIZE: ClassVar[int] = 100
    MOST_TASKMANAGERS: ClassVar[int] = 10
    MOST_COLLECTORS: ClassVar[int] = 10

    @property
    def kafka(self) -> int:
        """Kafka clients connect here."""
        return self.base

    @property
    def kafka_controller(self) -> int:
        """KRaft controller of the one broker."""
        return self.base + 1

    @property
    def redis(self) -> int:
        """Redis."""
        return self.base + 2

    @property
    def postgres(self) -> int:
        """Both databases, or the asset database alone."""
        return self.base + 3

    @property
    def flink_rest(self) -> int:
        """JobManager's web interface and REST API."""
        return self.base + 4

    @property
    def jobmanager_rpc(self) -> int:
        """TaskManagers register here."""
        return self.base + 5

    @property
    def jobmanager_blob(self) -> int:
        """TaskManagers fetch job artifacts here."""
        return self.base + 6

    @property
    def jobmanager_metrics(self) -> int:
        """Prometheus endpoint of the JobManager."""
        return self.base + 7

    @property
    def zookeeper(self) -> int:
        """ZooKeeper, where JobManagers are to be highly available."""
        return self.base + 8

    @property
    def billing_postgres(self) -> int:
        """The billing database, where it has a server of its own."""
        return self.base + 9

    def taskmanager_rpc(self, index: int) -> int:
        """The JobManager calls TaskManager `index` here."""
        return self.base + 10 + index

    def taskmanager_data(self, index: int) -> int:
        """Other TaskManagers shuffle records to TaskManager `index` here."""
        return self.base + 20 + index

    def taskmanager_metrics(self, index: int) -> int:
        """Prometheus endpoint of TaskManager `index`."""
        return self.base + 30 + index

    def collector_http(self, index: int) -> int:
        """HTTP deliveries, health and metrics of collector `index`."""
        return self.base + 40 + index

    def collector_syslog(self, index: int, number: int) -> int:
        """Syslog of collector `index`, for the syslog source of that number; there may be four."""
        return self.base + 50 + 10 * number + index

    @property
    def kafka_behind_proxy(self) -> int:
        """The broker's second listener, for a proxy to connect to."""
        return self.base + 90

    @property
    def kafka_proxy(self) -> int:
        """Where that proxy listens, and what the second listener tells clients to connect to."""
        return self.base + 91

    @property
    def console(self) -> int:
        """The usage console, for browsers and its read API."""
        return self.base + 92

    @property
    def exporter(self) -> int:
        """Prometheus endpoint of the exporter."""
        return self.base + 93


def require_free(ports: dict[str, int]) -> None:
    """Raise PortInUse for the first of these ports that something listens on, and goes on to."""
    for use, port in ports.items():
        if _stays_open(port):
            raise PortInUse(
                f"port {port} ({use}) is in use by {holder(port)}: "
                "stop that, or move the stack with PORT_BASE=<first of 100 free ports>"
            )


def _stays_open(port: int) -> bool:
    deadline = time.monotonic() + _CLOSING_SECONDS
    while is_open(port):
        if time.monotonic() > deadline:
            return True
        time.sleep(_POLL_SECONDS)
    return False


def is_open(port: int) -> bool:
    """Whether something on this machine accepts connections at the port."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((LOOPBACK, port)) == 0


def free_base() -> int:
    """First port of a block in which nothing listens, for a stack that lives as long as a test.

    Below 32768, where Linux starts to hand out ports for outgoing connections.
    """
    taken = {port for port, _ in _listeners()}
    for base in range(20_000, 32_000, Ports.SIZE):
        if not any(base <= port < base + Ports.SIZE for port in taken) and _reserve(base):
            return base
    raise PortInUse("no free block of 100 ports between 20000 and 32000")


#: Held until this process ends: the block's last port, which no service uses, marks the block as taken.
_reservations: list[socket.socket] = []


def _reserve(base: int) -> bool:
    mark = socket.socket()
    try:
        mark.bind((LOOPBACK, base + Ports.SIZE - 1))
        mark.listen()
    except OSError:
        mark.close()
        return False
    _reservations.append(mark)
    return True


def holder(port: int) -> str:
    """Who listens at the port, as "name (pid n)", as far as this user may know."""
    inodes = {f"socket:[{inode}]" for listening, inode in _listeners() if listening == port}
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & set(_open_files(process)):
            return f"{_name(process)} (pid {process.name})"
    return "a process of another user"


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "a process that has just ended"


def _listeners() -> Iterator[tuple[int, str]]:
    """(port, socket inode) of every listening TCP socket, from proc_net_tcp(5)."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not Path(table).exists():
            continue
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTEN:
                yield int(fields[1].rpartition(":")[2], 16), fields[9]


def _open_files(process: Path) -> Iterator[str]:
    try:
        for descriptor in (process / "fd").iterdir():
            yield str(descriptor.readlink())
    except OSError:
        return  # ended meanwhile, or another user's
