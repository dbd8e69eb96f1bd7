"""The standalone Flink cluster: one JobManager, and TaskManagers kept alive by `local.supervisor`.

With high availability it keeps the JobManager alive too, which finds its jobs in ZooKeeper.
"""

from __future__ import annotations

import http.client
import json
import secrets
import signal
import sys
from typing import Any

from local import flink_home, flink_java, postgres
from local.ports import LOOPBACK, require_free
from local.process import Child, Spec, find, known, start, stop, wait_ready
from local.settings import ROOT, Settings

JOBMANAGER = "jobmanager"
SUPERVISOR = "supervisor"
_START_SECONDS = 120
_REQUEST_SECONDS = 30


class RestError(RuntimeError):
    """Flink's REST API refused a request; the message is Flink's."""


def launch_jobmanager(settings: Settings) -> Child:
    """Build the installation, start the JobManager and wait for its REST API.

    Raises:
        PortInUse: one of its ports is taken.
        StartFailed: it did not come up; the message names its log file.
    """
    _require_jobmanager_ports(settings)
    flink_home.build(settings)
    spec = jobmanager_spec(settings)
    child = start(spec)
    wait_ready(child, lambda: _answers(settings), timeout=_START_SECONDS, log_file=spec.log_file)
    return child


def jobmanager_spec(settings: Settings) -> Spec:
    """How to run the JobManager, from the installation that `launch_jobmanager` has built."""
    argv, env = flink_java.jobmanager(settings), flink_home.environment(settings)
    return Spec(name=JOBMANAGER, state=settings.state, argv=argv, env=env)


def launch_taskmanagers(settings: Settings) -> Child:
    """Start the supervisor, which starts the TaskManagers, and wait until all have registered.

    Raises:
        PortInUse: one of their ports is taken.
        StartFailed: they did not come up; the message names the first one's log file.
    """
    for index in range(settings.taskmanagers):
        require_free({f"{use} of {name}": port for name, use, port in _taskmanager_ports(settings, index)})
    argv = [sys.executable, "-m", "local.supervisor", str(settings.state)]
    child = start(Spec(name=SUPERVISOR, state=settings.state, argv=argv, cwd=ROOT))
    log_file = taskmanager_spec(settings, 0).log_file
    ready = lambda: registered_taskmanagers(settings) >= settings.taskmanagers  # noqa: E731 - a condition, not a function
    wait_ready(child, ready, timeout=_START_SECONDS, log_file=log_file)
    return child


def halt(settings: Settings) -> None:
    """Stop the supervisor, with it the TaskManagers, then the JobManager."""
    stop(settings.state, SUPERVISOR, grace=40)
    # Only needed where the supervisor was killed: it stops what it holds.
    for name in known(settings.state):
        if name.startswith("taskmanager-"):
            stop(settings.state, name)
    stop(settings.state, JOBMANAGER)


def taskmanager_name(index: int) -> str:
    """Name of a TaskManager's process, and how its resource id starts."""
    return f"taskmanager-{index}"


def taskmanager_spec(settings: Settings, index: int) -> Spec:
    """How to run TaskManager `index`, this time.

    Each start registers under an id of its own: known by that of the one it replaces, it would be taken for the
    dead one until that one's heartbeats are missed, and its slot offered and refused ten times a second.
    """
    ports = settings.ports
    options = {
        "taskmanager.resource-id": f"{taskmanager_name(index)}-{secrets.token_hex(4)}",
        "taskmanager.rpc.port": str(ports.taskmanager_rpc(index)),
        "taskmanager.data.port": str(ports.taskmanager_data(index)),
        "metrics.reporter.prom.port": str(ports.taskmanager_metrics(index)),
    }
    return Spec(
        name=taskmanager_name(index),
        state=settings.state,
        argv=flink_java.taskmanager(settings, options),
        # Operators that reach a database find its password there.
        env=flink_home.environment(settings) | {"PGPASSFILE": str(postgres.password_file(settings))},
    )


def kill_taskmanager(settings: Settings, index: int) -> int:
    """SIGKILL a TaskManager, for tests and the demo, and return its pid; the supervisor starts another.

    Raises:
        LookupError: it does not run.
    """
    child = find(settings.state, taskmanager_name(index))
    if child is None:
        raise LookupError(f"{taskmanager_name(index)} does not run")
    child.signal(signal.SIGKILL)
    child.wait(_REQUEST_SECONDS)
    return child.pid


def taskmanagers_of(settings: Settings, job: str) -> list[int]:
    """Indexes of the TaskManagers that run a job's tasks, in order."""
    indexes = set()
    for vertex in rest(settings, "GET", f"/jobs/{job}")["vertices"]:
        used = rest(settings, "GET", f"/jobs/{job}/vertices/{vertex['id']}/taskmanagers")["taskmanagers"]
        ids = [str(taskmanager["taskmanager-id"]) for taskmanager in used]
        # "(unassigned)" while a task waits for a slot.
        indexes |= {int(resource.split("-")[1]) for resource in ids if resource.startswith("taskmanager-")}
    return sorted(indexes)


def registered_taskmanagers(settings: Settings) -> int:
    """How many TaskManagers the JobManager knows, and can use: a slot is reported after its TaskManager."""
    overview = rest(settings, "GET", "/overview")
    return min(int(overview["taskmanagers"]), int(overview["slots-total"]))


def running(settings: Settings) -> bool:
    """Whether the JobManager's process runs."""
    return find(settings.state, JOBMANAGER) is not None


def rest(settings: Settings, method: str, path: str, body: object = None) -> Any:
    """Call Flink's REST API and return the decoded answer.

    Raises:
        RestError: Flink refused the request.
        OSError: nothing answers.
    """
    connection = http.client.HTTPConnection(LOOPBACK, settings.ports.flink_rest, timeout=_REQUEST_SECONDS)
    try:
        headers = {"Content-Type": "application/json"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        content = response.read().decode()
    finally:
        connection.close()
    if response.status >= 300:
        raise RestError(f"{method} {path}: {response.status} {content}")
    return json.loads(content) if content else None


def _require_jobmanager_ports(settings: Settings) -> None:
    ports = settings.ports
    require_free(
        {
            "Flink's REST API": ports.flink_rest,
            "Flink's JobManager": ports.jobmanager_rpc,
            "Flink's blob server": ports.jobmanager_blob,
            "metrics of Flink's JobManager": ports.jobmanager_metrics,
        }
    )


def _taskmanager_ports(settings: Settings, index: int) -> list[tuple[str, str, int]]:
    name, ports = taskmanager_name(index), settings.ports
    return [
        (name, "RPC", ports.taskmanager_rpc(index)),
        (name, "data", ports.taskmanager_data(index)),
        (name, "metrics", ports.taskmanager_metrics(index)),
    ]


def _answers(settings: Settings) -> bool:
    try:
        rest(settings, "GET", "/overview")
    except (OSError, RestError, http.client.HTTPException):
        return False
    return True
