"""Flink clusters of the layout, configured by the rendered manifests as the operator would do it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import Any, Final

from k8s.check import rendering
from local import environment, flink, flink_home, process
from local.process import Child, Spec
from local.settings import Settings
from tests.integration.k8s.layout import Layout

#: The operator's own, and what needs a Kubernetes.
_NOT_HERE: Final = ("kubernetes.", "high-availability.")
_SCRIPTS: Final = {"jobmanager": "jobmanager.sh", "application": "standalone-job.sh", "taskmanager": "taskmanager.sh"}


def deployment(name: str) -> dict[str, Any]:
    """The specification of a FlinkDeployment, as the development overlay has it."""
    found = rendering.render("development").find("FlinkDeployment", name)
    assert found is not None
    return found.spec


def options(layout: Layout, settings: Settings, name: str) -> dict[str, str]:
    """The deployment's own options, then what a machine without Kubernetes and object storage needs."""
    given = deployment(name)["flinkConfiguration"]
    own = {key: layout.moved(value) for key, value in given.items() if not key.startswith(_NOT_HERE)}
    state, ports = settings.state / name, settings.ports
    for volume in ("rocksdb", "tmp"):
        (state / volume).mkdir(parents=True, exist_ok=True)
    return own | {
        "execution.checkpointing.interval": "2 s",
        "execution.checkpointing.min-pause": "100 ms",
        "execution.checkpointing.dir": (state / "checkpoints").as_uri(),
        "execution.checkpointing.savepoint-dir": (state / "savepoints").as_uri(),
        "state.backend.rocksdb.localdir": str(state / "rocksdb"),
        "io.tmp.dirs": str(state / "tmp"),
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": str(ports.jobmanager_rpc),
        "blob.server.port": str(ports.jobmanager_blob),
        "rest.port": str(ports.flink_rest),
        "rest.bind-port": str(ports.flink_rest),
        "taskmanager.host": "127.0.0.1",
        # The operator makes these of the resources.
        "jobmanager.memory.process.size": "1200m",
        "taskmanager.memory.process.size": "2400m",
        # And these of the Flink version.
        "env.java.opts.all": flink_home.read_options(flink_home.CONF / "cluster" / "config.yaml")["env.java.opts.all"],
        # Fixed in a pod, of its own machine here.
        "taskmanager.data.port": "0",
        "metrics.internal.query-service.port": "0",
    }


def start(layout: Layout, settings: Settings, role: str, arguments: Sequence[str] = ()) -> Child:
    """Start a JobManager, an application's JobManager or a TaskManager in the foreground, as a container does."""
    ports = settings.ports
    metrics = ports.taskmanager_metrics(0) if role == "taskmanager" else ports.jobmanager_metrics
    # Two words: jobmanager.sh takes any other first word for the name of its host.
    own_port = ("-D", f"metrics.reporter.prom.port={metrics}")
    argv = [layout.command(_SCRIPTS[role]), "start-foreground", *own_port, *arguments]
    return process.start(_spec(layout, settings, role, argv))


def wait(layout: Layout, settings: Settings, child: Child, ready: Callable[[], object], seconds: float) -> None:
    """Wait until a cluster is ready. Raises StartFailed, with the end of its log, where its process ends before."""
    log_file = _spec(layout, settings, child.name, ()).log_file
    process.wait_ready(child, lambda: bool(ready()), timeout=seconds, log_file=log_file)


def _spec(layout: Layout, settings: Settings, role: str, argv: Sequence[str]) -> Spec:
    return Spec(name=role, state=settings.state, argv=argv, env=variables(layout, settings), cwd=layout.home)


def variables(layout: Layout, settings: Settings) -> dict[str, str]:
    """Settings of the programs for the stack's servers; the image's own variables win."""
    of_stack = {key: value for key, value in environment.variables(settings).items() if not key.startswith("FLINK_")}
    return of_stack | {"FLINK_PID_DIR": str(settings.state)} | dict(layout.environ)


def stop(settings: Settings, *roles: str) -> None:
    """Stop what was started, TaskManagers first."""
    for role in roles:
        process.stop(settings.state, role)


def answers(settings: Settings) -> bool:
    """Whether the JobManager's REST API does, and a TaskManager has come."""
    try:
        return flink.registered_taskmanagers(settings) > 0
    except (OSError, HTTPException, flink.RestError):
        return False


def running_job(settings: Settings) -> str | None:
    """The id of a job that has completed a checkpoint: so all its tasks run, and its sinks can commit."""
    try:
        jobs = flink.rest(settings, "GET", "/jobs")["jobs"]
        return next((job["id"] for job in jobs if _has_checkpoint(settings, job["id"])), None)
    except (OSError, HTTPException, flink.RestError):
        return None  # still starting


def _has_checkpoint(settings: Settings, job: str) -> bool:
    return bool(flink.rest(settings, "GET", f"/jobs/{job}/checkpoints")["counts"]["completed"])
