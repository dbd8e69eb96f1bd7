"""Submit, watch and stop jobs on the local cluster, with the `flink` command and the REST API."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from local import environment, flink_home
from local.flink import rest
from local.settings import ROOT, Settings
from local.waiting import until

_SUBMITTED = re.compile(r"Job has been submitted with JobID ([0-9a-f]{32})")
_SUBMIT_SECONDS = 180
_POLL_SECONDS = 0.2
_ENDED = frozenset({"FAILED", "CANCELED", "FINISHED"})


class SavepointFailed(RuntimeError):
    """A job could not be stopped with a savepoint, and goes on; the message holds Flink's reason."""


class SubmitFailed(RuntimeError):
    """`flink run` gave no job id; the message is what it printed."""


class JobEnded(RuntimeError):
    """A job ended while something was awaited of it; the message is its last exception."""


def options_file(module: str, code: Path = ROOT) -> Path:
    """The configuration of a job by its module: jobs.media_usage -> flink-conf/media-usage.yaml."""
    return code / flink_home.CONF.name / f"{module.rpartition('.')[2].replace('_', '-')}.yaml"


def submit(
    settings: Settings,
    module: str,
    *,
    environ: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    options: Mapping[str, str] | None = None,
    savepoint: str | None = None,
    code: Path = ROOT,
) -> str:
    """Run `flink run -d` and return the job's id.

    Args:
        settings: the stack.
        module: the module with the job's main program.
        environ: variables for the main program, over those of `local.environment`.
        arguments: command line of the main program.
        options: Flink options over those in the job's file in flink-conf/.
        savepoint: savepoint or retained checkpoint to start from.
        code: folder that holds the job's packages and flink-conf/: another build than this tree. TaskManagers that have
            imported one before run no other: see `local.upgrade`.

    Raises:
        SubmitFailed: the main program or the cluster refused.
    """
    chosen = _job_options(module, code) | dict(options or {})
    command = [
        *(flink_home.command(settings), "run", "--detached"),
        *(f"-D{key}={value}" for key, value in sorted(chosen.items())),
        *(("--fromSavepoint", savepoint) if savepoint else ()),
        *("-pym", module, *arguments),
    ]
    done = subprocess.run(
        command,
        env={**os.environ, **environment.variables(settings), "PYTHONPATH": str(code), **(environ or {})},
        cwd=code,
        capture_output=True,
        text=True,
        timeout=_SUBMIT_SECONDS,
        check=False,
    )
    found = _SUBMITTED.search(done.stdout)
    if done.returncode != 0 or found is None:
        raise SubmitFailed(f"flink run {module} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return found[1]


def state(settings: Settings, job: str) -> str:
    """The job's state, as Flink names it: RUNNING, RESTARTING, FAILED, ..."""
    return str(rest(settings, "GET", f"/jobs/{job}")["state"])


def tasks_running(settings: Settings, job: str) -> bool:
    """Whether every subtask of the job runs."""
    vertices = rest(settings, "GET", f"/jobs/{job}")["vertices"]
    return bool(vertices) and all(vertex["tasks"]["RUNNING"] == vertex["parallelism"] for vertex in vertices)


def completed_checkpoints(settings: Settings, job: str) -> int:
    """How many checkpoints the job has completed since it was submitted."""
    return int(rest(settings, "GET", f"/jobs/{job}/checkpoints")["counts"]["completed"])


def restores(settings: Settings, job: str) -> int:
    """How often the job was restored from a checkpoint since it was submitted."""
    return int(rest(settings, "GET", f"/jobs/{job}/checkpoints")["counts"]["restored"])


def wait(settings: Settings, job: str, condition: Callable[[], bool], *, timeout: float, what: str) -> None:
    """Poll until `condition` holds.

    Raises:
        JobEnded: the job ended first.
        TimeoutError: `timeout` seconds passed.
    """
    deadline = time.monotonic() + timeout
    while not condition():
        if (now := state(settings, job)) in _ENDED:
            raise JobEnded(f"job {job} is {now} while waiting for {what}: {last_exception(settings, job)}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"job {job} is {now} after {timeout:.0f} s of waiting for {what}")
        time.sleep(_POLL_SECONDS)


def wait_running(settings: Settings, job: str, timeout: float = 120) -> None:
    """Wait until every subtask runs; raises as `wait`."""
    wait(settings, job, lambda: tasks_running(settings, job), timeout=timeout, what="its tasks to run")


def wait_checkpoint(settings: Settings, job: str, timeout: float = 120) -> None:
    """Wait until one more checkpoint completes; raises as `wait`."""
    before = completed_checkpoints(settings, job)
    done = lambda: completed_checkpoints(settings, job) > before  # noqa: E731 - a condition, not a function
    wait(settings, job, done, timeout=timeout, what="a checkpoint")


def last_exception(settings: Settings, job: str) -> str:
    """Stack trace of the job's last failure; empty if it had none."""
    history = rest(settings, "GET", f"/jobs/{job}/exceptions?maxExceptions=1")["exceptionHistory"]["entries"]
    return str(history[0]["stacktrace"]) if history else ""


def stop_with_savepoint(settings: Settings, job: str, timeout: float = 120) -> str:
    """Stop a job after a canonical savepoint and return the savepoint's path.

    Raises:
        SavepointFailed: the savepoint failed; the job goes on.
        TimeoutError: it took longer than `timeout` seconds.
    """
    request = {"drain": False, "formatType": "CANONICAL"}
    trigger = rest(settings, "POST", f"/jobs/{job}/stop", request)["request-id"]
    answer = until(lambda: _savepoint(settings, job, trigger), f"the savepoint of job {job}", timeout)
    if "location" not in answer["operation"]:
        raise SavepointFailed(f"job {job}: {answer['operation']['failure-cause']['stack-trace']}")
    return str(answer["operation"]["location"])


def newest_checkpoint(settings: Settings, job: str) -> str | None:
    """Path of the newest checkpoint or savepoint that a job has completed, running or not; None before the first."""
    latest = rest(settings, "GET", f"/jobs/{job}/checkpoints")["latest"]
    completed = [latest[kind] for kind in ("completed", "savepoint") if latest[kind]]
    return str(max(completed, key=lambda each: int(each["id"]))["external_path"]) if completed else None


def last_checkpoint_ms(settings: Settings, job: str) -> int:
    """When the job's last completed checkpoint began, in epoch milliseconds; 0 before the first."""
    completed = rest(settings, "GET", f"/jobs/{job}/checkpoints")["latest"]["completed"]
    return int(completed["trigger_timestamp"]) if completed else 0


def messages_read(settings: Settings, job: str) -> int:
    """Messages that the tasks which run now have read, as far as Flink has asked them."""
    vertices = rest(settings, "GET", f"/jobs/{job}")["vertices"]
    return sum(int(vertex["metrics"]["read-records"]) for vertex in vertices)


def trigger_checkpoint(settings: Settings, job: str) -> None:
    """Ask for a checkpoint now, whatever the interval."""
    rest(settings, "POST", f"/jobs/{job}/checkpoints", {"checkpointType": "CONFIGURED"})


def unfinished(settings: Settings) -> dict[str, str]:
    """Names of the jobs that have not ended, by id."""
    jobs = rest(settings, "GET", "/jobs/overview")["jobs"]
    return {str(job["jid"]): str(job["name"]) for job in jobs if job["state"] not in _ENDED}


def failures(settings: Settings, job: str) -> int:
    """How often the job has failed since it was submitted, as far as Flink remembers (16 times)."""
    history = rest(settings, "GET", f"/jobs/{job}/exceptions")["exceptionHistory"]["entries"]
    return len(history)


def cancel(settings: Settings, job: str, timeout: float = 120) -> None:
    """Cancel a job and wait until it has ended."""
    rest(settings, "PATCH", f"/jobs/{job}?mode=cancel")
    until(lambda: state(settings, job) in _ENDED, f"the end of job {job}", timeout)


def _job_options(module: str, code: Path) -> dict[str, str]:
    file = options_file(module, code)
    from_file = flink_home.read_options(file) if file.exists() else {}
    return from_file | {"python.pythonpath": flink_home.python_path(code)}


def _savepoint(settings: Settings, job: str, trigger: str) -> Any:
    """Flink's answer once the savepoint has succeeded or failed; until then None."""
    answer = rest(settings, "GET", f"/jobs/{job}/savepoints/{trigger}")
    return answer if answer["status"]["id"] == "COMPLETED" else None
