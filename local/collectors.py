"""The collectors of the stack, each with its own ports and its own copy of the file of sources."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from local import kafka
from local.ports import LOOPBACK, require_free
from local.probe import answers
from local.process import Child, Spec, find, start, stop, wait_ready
from local.settings import ROOT, Settings

_START_SECONDS = 30
#: Longer than a collector takes to drain.
_STOP_SECONDS = 40


def url(settings: Settings, index: int) -> str:
    """Base URL of collector `index`."""
    return f"http://{LOOPBACK}:{settings.ports.collector_http(index)}"


def name(index: int) -> str:
    """Name of a collector's process."""
    return f"collector-{index}"


def launch(settings: Settings, index: int, environ: Mapping[str, str] | None = None, code: Path = ROOT) -> Child:
    """Start collector `index`, with more variables or others than its settings say, and wait until it is ready.

    `code` is the folder that holds its packages: another release than this one, where a test wants two of them.

    Raises:
        PortInUse: one of its ports is taken.
        StartFailed: it did not come up; the message names its log file.
    """
    document, syslog_ports = _sources(settings, index)
    http_port = settings.ports.collector_http(index)
    require_free({f"HTTP of {name(index)}": http_port})
    require_free({f"syslog source {source} of {name(index)}": port for source, port in syslog_ports.items()})
    file = settings.state / "collectors" / f"{name(index)}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    variables = {
        "COLLECTOR_KAFKA_BOOTSTRAP": kafka.bootstrap(settings),
        "COLLECTOR_SOURCES_FILE": str(file),
        "COLLECTOR_HTTP_HOST": LOOPBACK,
        "COLLECTOR_HTTP_PORT": str(http_port),
        **settings.collector_environ,
        **(environ or {}),
    }
    spec = Spec(
        name=name(index),
        state=settings.state,
        argv=[sys.executable, "-m", "collectors"],
        env=variables,
        cwd=code,
    )
    child = start(spec)
    wait_ready(child, lambda: answers(http_port, "/readyz"), timeout=_START_SECONDS, log_file=spec.log_file)
    return child


def launch_all(settings: Settings) -> None:
    """Start every collector of the stack; raises as `launch`."""
    for index in range(settings.collectors):
        launch(settings, index)


def halt(settings: Settings, index: int) -> None:
    """Drain and stop one collector."""
    stop(settings.state, name(index), grace=_STOP_SECONDS)


def halt_all(settings: Settings) -> None:
    """Drain and stop every collector."""
    for index in range(settings.collectors):
        halt(settings, index)


def running(settings: Settings, index: int) -> bool:
    """Whether the collector's process runs."""
    return find(settings.state, name(index)) is not None


def syslog_ports(settings: Settings, index: int) -> dict[str, int]:
    """Port of every syslog source of collector `index`, by the source's id."""
    return _sources(settings, index)[1]


def _sources(settings: Settings, index: int) -> tuple[object, dict[str, int]]:
    """The document of sources with this collector's ports, and those ports by source."""
    document = yaml.safe_load(Path(settings.sources_file).read_text())
    ports: dict[str, int] = {}
    for source in document["sources"]:
        if source["listener"]["type"] != "http":
            port = settings.ports.collector_syslog(index, len(ports))
            source["listener"] |= {"host": LOOPBACK, "port": port}
            ports[source["id"]] = port
    return document, ports


def ready(settings: Settings, index: int) -> bool:
    """Whether a collector says that it takes deliveries."""
    return answers(settings.ports.collector_http(index), "/readyz")
