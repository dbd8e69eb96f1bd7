"""A ZooKeeper server out of Flink's own jar: remembers for a JobManager that was killed which jobs it had."""

from __future__ import annotations

import socket
from typing import Final

from local import flink_java
from local.ports import LOOPBACK, require_free
from local.process import Child, Spec, find, start, stop, wait_ready
from local.settings import Settings

NAME: Final = "zookeeper"
_START_SECONDS: Final = 60
_MAIN_CLASS: Final = "org.apache.flink.shaded.zookeeper3.org.apache.zookeeper.server.ZooKeeperServerMain"


def launch(settings: Settings) -> Child:
    """Start ZooKeeper, with what it knew.

    Raises:
        PortInUse: its port is taken.
        StartFailed: it did not come up; the message names its log file.
    """
    port = settings.ports.zookeeper
    require_free({"ZooKeeper": port})
    home = settings.state / NAME
    home.mkdir(parents=True, exist_ok=True)
    config = home / "zoo.cfg"
    config.write_text("".join(f"{key}={value}\n" for key, value in server_options(settings).items()))
    spec = Spec(name=NAME, state=settings.state, argv=flink_java.zookeeper(_MAIN_CLASS, str(config)), cwd=home)
    child = start(spec)
    wait_ready(child, lambda: _answers(port), timeout=_START_SECONDS, log_file=spec.log_file)
    return child


def server_options(settings: Settings) -> dict[str, str]:
    """The server's configuration."""
    return {
        # The unit of its timeouts, in milliseconds. A session may last 2 to 20 of them without a sign of life; Flink
        # asks for 60 s, and with less a collection of garbage would cost a TaskManager its job.
        "tickTime": "3000",
        "dataDir": str(settings.state / NAME / "data"),
        "clientPortAddress": LOOPBACK,
        "clientPort": str(settings.ports.zookeeper),
        # It would listen on port 8080.
        "admin.enableServer": "false",
        "4lw.commands.whitelist": "ruok",
    }


def halt(settings: Settings) -> None:
    """Stop ZooKeeper; its data stays."""
    stop(settings.state, NAME)


def running(settings: Settings) -> bool:
    """Whether the process runs."""
    return find(settings.state, NAME) is not None


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(b"ruok")
            return connection.recv(16) == b"imok"
    except OSError:
        return False
