"""The stack as a whole: some services or all, failures half-way, and nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import postgres, process, sql
from local.ports import PortInUse, free_base, is_open
from local.settings import ROOT, Settings
from local.stack import AlreadyRunning, Stack
from local.waiting import until

_OWNER = """\
import sys, time
from pathlib import Path
from local.settings import Settings
from local.stack import Stack

with Stack(Settings(state=Path(sys.argv[1]), port_base=int(sys.argv[2])), {"redis", "postgres"}):
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = Settings(state=tmp_path / "state", port_base=free_base())
    yield made
    Stack(made).down()
    postgres.remove_data(made)


def open_ports(settings: Settings) -> list[int]:
    block = range(settings.port_base, settings.port_base + 99)  # the last one is held by free_base
    return [port for port in block if is_open(port)]


def processes(settings: Settings) -> list[str]:
    return [child.name for child in process._marked(process._mark(settings.state, ""))]


def test_only_the_chosen_services_run_and_none_afterwards(settings: Settings) -> None:
    with Stack(settings, {"redis", "postgres"}) as stack:
        assert sorted(stack.running()) == ["postgres", "redis"]
        assert open_ports(settings) == [settings.ports.redis, settings.ports.postgres]
    assert (processes(settings), open_ports(settings)) == ([], [])


def test_databases_are_migrated(settings: Settings) -> None:
    with Stack(settings, {"postgres"}) as stack:
        assert sql.run(stack.billing_dsn, "SELECT count(*) AS rows FROM billable_usage") == [("rows",), (0,)]


def test_an_unknown_service_is_refused_with_those_there_are(settings: Settings) -> None:
    with pytest.raises(
        ValueError, match="unknown service mysql: there are collectors, console, exporter, flink, jobs, "
    ):
        Stack(settings, {"mysql"})


def test_a_second_start_says_what_runs_and_leaves_it_running(settings: Settings) -> None:
    with Stack(settings, {"redis"}) as stack:
        with pytest.raises(AlreadyRunning, match=r"^redis of the stack in .* already run$"):
            Stack(settings, {"redis"}).up()
        assert stack.running() == ["redis"]


def test_two_stacks_live_side_by_side(settings: Settings, tmp_path: Path) -> None:
    second = Settings(state=tmp_path / "second", port_base=free_base())
    with Stack(settings, {"redis"}) as one:
        with Stack(second, {"redis"}) as other:
            assert (one.running(), other.running()) == (["redis"], ["redis"])
        assert (one.running(), processes(second)) == (["redis"], [])


def test_a_stack_that_fails_half_way_is_stopped_again(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", settings.ports.postgres)):
        with pytest.raises(PortInUse, match=rf"port {settings.ports.postgres} \(Postgres\) is in use by"):
            Stack(settings, {"redis", "postgres"}).up()
        assert processes(settings) == []
    assert open_ports(settings) == []


def test_a_service_can_be_stopped_and_started_alone(settings: Settings) -> None:
    with Stack(settings, {"redis", "postgres"}) as stack:
        stack.stop_service("postgres")
        assert stack.running() == ["redis"]
        stack.start_service("postgres")
        assert sorted(stack.running()) == ["postgres", "redis"]


def test_a_stack_is_stopped_by_another_process_than_started_it(settings: Settings) -> None:
    Stack(settings, {"redis"}).up()
    command = [sys.executable, "-m", "local", "down"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "LOCAL_STATE": str(settings.state)}, check=True)
    assert (processes(settings), open_ports(settings)) == ([], [])


def test_cleaning_stops_the_stack_and_deletes_all_it_wrote(settings: Settings) -> None:
    Stack(settings, {"postgres"}).up()
    data = Path((settings.state / "postgres-home").read_text().strip())
    command = [sys.executable, "-m", "local", "clean"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "LOCAL_STATE": str(settings.state)}, check=True)
    assert (processes(settings), data.exists(), settings.state.exists()) == ([], False, False)


def test_a_stack_whose_owner_is_killed_stops_by_itself(settings: Settings) -> None:
    command = [sys.executable, "-c", _OWNER, str(settings.state), str(settings.port_base)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        data = Path((settings.state / "postgres-home").read_text().strip())
        owner.send_signal(signal.SIGKILL)
    until(lambda: processes(settings) == [] and not data.exists(), "everything to be gone", 30)
    assert open_ports(settings) == []
