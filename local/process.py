"""Start, find and end the stack's processes, so that none is left behind and no stranger is ever killed.

A process is known by its pid together with its start time (pids are reused), kept in a file in the state folder;
whoever started it may be gone. Every process also carries its stack and service in its environment, which
its own children inherit: what the files do not know (children of a killed JVM, a process whose starter was killed
before it could write the file) is found by that.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

_MARK: Final = "LOCAL_STACK_SERVICE"
_POLL_SECONDS: Final = 0.1
_TAIL_LINES: Final = 15


class StartFailed(RuntimeError):
    """A process ended or stayed unready; the message names its log file and quotes the end of it."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What to run. `user` is (uid, gid) to run as; None is the caller."""

    name: str
    argv: Sequence[str]
    state: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: tuple[int, int] | None = None

    @property
    def log_file(self) -> Path:
        """Standard output and error of the process, appended."""
        return self.state / "log" / f"{self.name}.log"


@dataclass(frozen=True)
class Child:
    """A started process. `started` is in clock ticks since boot, as in proc_pid_stat(5)."""

    name: str
    pid: int
    started: int
    state: Path

    def alive(self) -> bool:
        """Whether this very process runs; a zombie or another process with its pid does not count."""
        _reap(self.pid)
        return _start_time(self.pid) == self.started

    def signal_family(self, number: signal.Signals) -> None:
        """Send a signal to the process, then to all that descend from it: Postgres works in children of its own."""
        family = _descendants(self)
        self.signal(number)
        # Looked for again: until its own signal arrived, it may have started another one.
        for descendant in {*family, *_descendants(self)}:
            descendant.signal(number)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process is gone."""
        with _Pidfd(self) as descriptor:
            if descriptor is not None:
                signal.pidfd_send_signal(descriptor, number)

    def wait(self, timeout: float) -> bool:
        """Wait until the process is gone, at most `timeout` seconds; says whether it is."""
        with _Pidfd(self) as descriptor:
            if descriptor is None:
                return True
            gone = bool(select.select([descriptor], [], [], timeout)[0])
        _reap(self.pid)
        return gone


def start(spec: Spec) -> Child:
    """Start a process in a session of its own and note it in the state folder."""
    spec.log_file.parent.mkdir(parents=True, exist_ok=True)
    uid, gid = spec.user or (None, None)
    with spec.log_file.open("ab") as output:
        popen = subprocess.Popen(
            list(spec.argv),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **spec.env, _MARK: _mark(spec.state, spec.name)},
            cwd=spec.cwd,
            user=uid,
            group=gid,
            extra_groups=None if spec.user is None else [],
        )
    _started[popen.pid] = popen
    child = Child(spec.name, popen.pid, _start_time(popen.pid) or 0, spec.state)
    _write(child)
    return child


def find(state: Path, name: str) -> Child | None:
    """The running process of this name, whoever started it; None if there is none."""
    try:
        noted = json.loads(_file(state, name).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    child = Child(name, noted["pid"], noted["started"], state)
    return child if child.alive() else None


def known(state: Path) -> list[str]:
    """Names of all processes noted in the state folder, running or not, oldest first."""
    files = sorted((state / "run").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    return [file.stem for file in files]


def stop(state: Path, name: str, *, how: signal.Signals = signal.SIGTERM, grace: float = 20) -> None:
    """End a process and whatever it started: ask with `how`, wait `grace` seconds, then kill. Never the caller."""
    if (child := find(state, name)) is not None and child.pid != os.getpid():
        child.signal(how)
        if not child.wait(grace):
            log.warning("%s did not end within %.0f s of %s: killed", name, grace, how.name)
            child.signal(signal.SIGKILL)
            child.wait(grace)
    kill_all(_mark(state, name))
    _file(state, name).unlink(missing_ok=True)


def kill_stack(state: Path) -> None:
    """Kill every process that belongs to the stack in this folder, noted or not."""
    kill_all(_mark(state, ""))


def kill_all(mark: str) -> None:
    """Kill every process whose service mark starts with this, except the caller."""
    for child in list(_marked(mark)):
        log.warning("pid %d was left behind by %s: killed", child.pid, child.name)
        child.signal(signal.SIGKILL)
        child.wait(10)


def wait_ready(child: Child, ready: Callable[[], bool], *, timeout: float, log_file: Path) -> None:
    """Poll until `ready` says so.

    Raises:
        StartFailed: the process ended, or `timeout` seconds passed.
    """
    deadline = time.monotonic() + timeout
    while not ready():
        if not child.alive():
            raise StartFailed(f"{child.name} ended while starting; {tail(log_file)}")
        if time.monotonic() > deadline:
            raise StartFailed(f"{child.name} was not ready within {timeout:.0f} s; {tail(log_file)}")
        time.sleep(_POLL_SECONDS)


def tail(log_file: Path) -> str:
    """The log file's name and last lines, for an error message."""
    if not log_file.exists():
        return f"no log at {log_file}"
    lines = log_file.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
    return "\n".join([f"the end of {log_file}:", *(f"  {line}" for line in lines)])


#: Children of this very process: they stay zombies until waited for.
_started: dict[int, subprocess.Popen[bytes]] = {}


def _reap(pid: int) -> None:
    if pid in _started and _started[pid].poll() is not None:
        del _started[pid]


class _Pidfd:
    """A descriptor that means one process for good, whatever becomes of its pid; None if that process is gone."""

    def __init__(self, child: Child) -> None:
        self._child = child
        self._descriptor: int | None = None

    def __enter__(self) -> int | None:
        try:
            self._descriptor = os.pidfd_open(self._child.pid)
        except ProcessLookupError:
            return None
        return self._descriptor if self._child.alive() else None

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def _mark(state: Path, name: str) -> str:
    return f"{state}//{name}"


def _file(state: Path, name: str) -> Path:
    return state / "run" / f"{name}.json"


def _write(child: Child) -> None:
    file = _file(child.state, child.name)
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps({"pid": child.pid, "started": child.started}))
    draft.rename(file)


def _start_time(pid: int) -> int | None:
    """Field 22 of proc_pid_stat(5); None for a zombie or no process."""
    fields = _stat(pid)
    return None if fields is None else int(fields[19])


def _stat(pid: int) -> list[str] | None:
    """Fields of proc_pid_stat(5) from the third on, the state; None for a zombie or no process."""
    try:
        # The name in field 2 may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields


def _descendants(child: Child) -> list[Child]:
    """Its children and theirs, as the parents in proc_pid_stat(5) say."""
    found, parents = [], {child.pid}
    # By start time: a parent comes before its children, whatever their pids.
    for started, pid, parent in sorted(_parents()):
        if parent in parents:
            parents.add(pid)
            found.append(Child(child.name, pid, started, child.state))
    return found


def _parents() -> Iterator[tuple[int, int, int]]:
    """(start time, pid, pid of the parent) of every process."""
    for process in Path("/proc").glob("[0-9]*"):
        if (fields := _stat(int(process.name))) is not None:
            yield int(fields[19]), int(process.name), int(fields[1])


def _marked(mark: str) -> Iterator[Child]:
    wanted = f"{_MARK}={mark}".encode()
    for process in Path("/proc").glob("[0-9]*"):
        pid = int(process.name)
        for variable in _environment(process):
            ours = variable == wanted or (mark.endswith("//") and variable.startswith(wanted))
            if ours and pid != os.getpid() and (started := _start_time(pid)) is not None:
                state, _, name = variable.partition(b"=")[2].decode().rpartition("//")
                yield Child(name, pid, started, Path(state))


def _environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []  # ended meanwhile, or another user's
