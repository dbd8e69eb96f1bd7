"""Processes of the stack: found again, ended with all they started, and never mistaken for another."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import process
from local.process import Child, Spec, StartFailed, find, kill_stack, known, start, stop, tail, wait_ready

_IGNORES_SIGTERM = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    kill_stack(tmp_path)


def sleeper(state: Path, name: str = "sleeper") -> Spec:
    return Spec(name=name, state=state, argv=["sleep", "600"])


def python(state: Path, code: str, name: str = "python") -> Spec:
    return Spec(name=name, state=state, argv=[sys.executable, "-c", code])


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_started_process_is_found_again_by_its_name(state: Path) -> None:
    child = start(sleeper(state))
    assert find(state, "sleeper") == child


def test_a_process_leads_a_session_of_its_own_so_that_ctrl_c_spares_it(state: Path) -> None:
    child = start(sleeper(state))
    assert os.getsid(child.pid) == child.pid


def test_a_killed_process_is_not_alive_although_nobody_has_waited_for_it(state: Path) -> None:
    child = start(sleeper(state))
    os.kill(child.pid, signal.SIGKILL)
    until(lambda: not child.alive())
    assert find(state, "sleeper") is None


def test_a_signal_to_the_family_reaches_children_in_sessions_of_their_own(state: Path) -> None:
    child = start(python(state, "import subprocess; subprocess.run(['bash', '-c', 'setsid sleep 600; true'])"))
    until(lambda: len(process._descendants(child)) == 2)
    family = [child, *process._descendants(child)]
    child.signal_family(signal.SIGSTOP)
    until(lambda: [process._stat(each.pid)[0] for each in family] == ["T", "T", "T"])  # type: ignore[index]  # none is gone
    child.signal_family(signal.SIGKILL)
    until(lambda: not any(each.alive() for each in family))


def test_another_process_with_a_reused_pid_is_neither_found_nor_signalled(state: Path) -> None:
    stranger = start(sleeper(state, "stranger"))
    note = state / "run" / "ours.json"
    note.write_text(json.dumps({"pid": stranger.pid, "started": stranger.started - 1}))
    assert find(state, "ours") is None
    Child("ours", stranger.pid, stranger.started - 1, state).signal(signal.SIGKILL)
    stop(state, "ours")
    assert stranger.alive()
    assert not note.exists()


def test_a_half_written_note_counts_as_no_process(state: Path) -> None:
    note = state / "run" / "sleeper.json"
    note.parent.mkdir()
    note.write_text('{"pid": 1')
    assert find(state, "sleeper") is None


def test_names_are_known_in_the_order_of_their_start(state: Path) -> None:
    for name in ("second", "first", "third"):
        start(sleeper(state, name))
    assert known(state) == ["second", "first", "third"]


def test_stopping_ends_the_process_and_its_note(state: Path) -> None:
    child = start(sleeper(state))
    stop(state, "sleeper")
    assert not child.alive()
    assert known(state) == []


def test_stopping_what_never_ran_does_nothing(state: Path) -> None:
    stop(state, "sleeper")


def test_a_process_that_ignores_the_request_is_killed(state: Path) -> None:
    spec = python(state, _IGNORES_SIGTERM)
    child = start(spec)
    until(lambda: "up" in spec.log_file.read_text())
    stop(state, "python", grace=0.2)
    assert not child.alive()


def test_a_process_is_stopped_with_the_signal_that_it_understands(state: Path) -> None:
    spec = python(
        state,
        # Its own handler: a program that a shell starts in the background inherits that SIGINT is ignored.
        "import signal, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n  print('up', flush=True); time.sleep(600)\nexcept KeyboardInterrupt: print('bye')",
    )
    start(spec)
    until(lambda: "up" in spec.log_file.read_text())
    stop(state, "python", how=signal.SIGINT)
    assert spec.log_file.read_text() == "up\nbye\n"


def test_what_a_killed_process_started_is_ended_with_it(state: Path) -> None:
    spec = Spec(name="parent", state=state, argv=["sh", "-c", "sleep 600 & echo $!; wait"])
    child = start(spec)
    until(lambda: spec.log_file.read_text().strip().isdigit())
    grandchild = int(spec.log_file.read_text())
    child.signal(signal.SIGKILL)
    stop(state, "parent")
    until(lambda: not _runs(grandchild))


def test_a_process_without_a_note_is_still_found_by_its_environment(state: Path) -> None:
    child = start(sleeper(state))
    (state / "run" / "sleeper.json").unlink()
    kill_stack(state)
    assert not child.alive()


def test_ending_a_stack_spares_the_stack_next_door(state: Path) -> None:
    neighbour = state.with_name(f"{state.name}-neighbour")
    ours, theirs = start(sleeper(state)), start(sleeper(neighbour))
    try:
        kill_stack(state)
        assert (ours.alive(), theirs.alive()) == (False, True)
    finally:
        kill_stack(neighbour)


def test_a_process_can_be_told_to_stop_its_stack_without_stopping_itself(state: Path) -> None:
    code = (
        "import os; from pathlib import Path; from local import process;"
        f" state = Path({str(state)!r}); process.stop(state, 'python'); process.kill_stack(state); print('alive')"
    )
    spec = python(state, code)
    child = start(spec)
    assert child.wait(20)
    assert spec.log_file.read_text() == "alive\n"


def test_output_is_appended_to_the_log_over_restarts(state: Path) -> None:
    spec = Spec(name="echo", state=state, argv=["echo", "hello"])
    for _ in range(2):
        start(spec).wait(10)
    assert spec.log_file.read_text() == "hello\nhello\n"


def test_waiting_ends_as_soon_as_the_condition_holds(state: Path) -> None:
    spec = Spec(name="slow", state=state, argv=["sh", "-c", "sleep 0.2; echo ready; sleep 600"])
    wait_ready(start(spec), lambda: "ready" in spec.log_file.read_text(), timeout=10, log_file=spec.log_file)


def test_a_process_that_ends_while_starting_is_reported_with_the_end_of_its_log(state: Path) -> None:
    spec = Spec(name="broken", state=state, argv=["sh", "-c", "echo no such option; exit 1"])
    with pytest.raises(StartFailed) as failed:
        wait_ready(start(spec), lambda: False, timeout=10, log_file=spec.log_file)
    assert str(failed.value) == f"broken ended while starting; the end of {spec.log_file}:\n  no such option"


def test_a_process_that_stays_unready_is_reported(state: Path) -> None:
    spec = sleeper(state)
    with pytest.raises(StartFailed) as failed:
        wait_ready(start(spec), lambda: False, timeout=0.1, log_file=spec.log_file)
    assert str(failed.value) == f"sleeper was not ready within 0 s; the end of {spec.log_file}:"


def test_the_tail_of_a_log_is_its_last_fifteen_lines(tmp_path: Path) -> None:
    log = tmp_path / "service.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    assert tail(log).splitlines() == [f"the end of {log}:", *(f"  line {number}" for number in range(85, 100))]


def test_a_missing_log_is_said_to_be_missing(tmp_path: Path) -> None:
    assert tail(tmp_path / "service.log") == f"no log at {tmp_path / 'service.log'}"


def test_variables_of_the_caller_and_of_the_service_reach_the_process(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_CALLER", "one")
    spec = Spec(name="env", state=state, argv=["sh", "-c", "echo $FROM_CALLER $OWN"], env={"OWN": "two"})
    start(spec).wait(10)
    assert spec.log_file.read_text() == "one two\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may start a process as another user")
def test_a_process_runs_as_the_user_that_it_asks_for(state: Path) -> None:
    spec = Spec(name="id", state=state, argv=["id", "-u"], user=(65534, 65534), cwd=Path("/"))
    start(spec).wait(10)
    assert spec.log_file.read_text() == "65534\n"


def test_the_mark_of_a_service_does_not_cover_one_whose_name_begins_alike(state: Path) -> None:
    one, ten = start(sleeper(state, "taskmanager-1")), start(sleeper(state, "taskmanager-10"))
    stop(state, "taskmanager-1")
    assert (one.alive(), ten.alive()) == (False, True)


def _runs(pid: int) -> bool:
    stat = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(stat.strip()) and not stat.startswith("Z")


def test_the_start_time_of_a_process_that_is_not_there_is_unknown() -> None:
    assert process._start_time(2**22 + 1) is None
