"""The exporter of the stack: figures of the bill, of Kafka and of Flink for a Prometheus on this machine."""

from __future__ import annotations

import sys

from local import environment, flink_home, kafka
from local.ports import LOOPBACK, require_free
from local.probe import answers
from local.process import Child, Spec, find, start, stop, wait_ready
from local.settings import ROOT, Settings

NAME = "exporter"
_START_SECONDS = 30
#: Who explores wants to see a figure move: production reads once a minute, and audits once an hour.
_INTERVAL_S = 5
_AUDIT_INTERVAL_S = 60


def url(settings: Settings) -> str:
    """Where Prometheus finds it."""
    return f"http://{LOOPBACK}:{settings.ports.exporter}/metrics"


def launch(settings: Settings) -> Child:
    """Start the exporter and wait until it answers.

    Raises:
        PortInUse: its port is taken.
        StartFailed: it did not come up; the message names its log file.
    """
    require_free({"exporter": settings.ports.exporter})
    variables = {
        **environment.variables(settings),
        "EXPORTER_HOST": LOOPBACK,
        "EXPORTER_PORT": str(settings.ports.exporter),
        "EXPORTER_KAFKA_BOOTSTRAP": kafka.bootstrap(settings),
        "EXPORTER_FLINK_URLS": flink_home.rest_address(settings),
        "EXPORTER_INTERVAL_S": str(_INTERVAL_S),
        "EXPORTER_AUDIT_INTERVAL_S": str(_AUDIT_INTERVAL_S),
    }
    argv = [sys.executable, "-m", "ops.exporter"]
    spec = Spec(name=NAME, state=settings.state, argv=argv, env=variables, cwd=ROOT)
    child = start(spec)
    wait_ready(
        child, lambda: answers(settings.ports.exporter, "/healthz"), timeout=_START_SECONDS, log_file=spec.log_file
    )
    return child


def halt(settings: Settings) -> None:
    """Stop the exporter."""
    stop(settings.state, NAME)


def running(settings: Settings) -> bool:
    """Whether its process runs."""
    return find(settings.state, NAME) is not None
