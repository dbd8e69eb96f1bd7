"""The supervisor: a process that ends is started again, with a delay only while it keeps ending early."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.process import Spec, find, kill_stack, start
from local.supervisor import ended, keep, next_delay


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    kill_stack(tmp_path)


@pytest.mark.parametrize(
    ("previous", "lived", "delay"),
    [
        pytest.param(0.0, 3600.0, 0.0, id="killed after an hour: at once"),
        pytest.param(0.0, 20.0, 0.0, id="killed after a proper start: at once"),
        pytest.param(0.0, 5.0, 1.0, id="ended early"),
        pytest.param(1.0, 5.0, 2.0, id="ended early again"),
        pytest.param(16.0, 5.0, 30.0, id="never longer than half a minute"),
        pytest.param(30.0, 5.0, 30.0, id="stays there"),
        pytest.param(30.0, 60.0, 0.0, id="forgotten after a proper start"),
    ],
)
def test_the_delay_grows_only_while_a_process_keeps_ending_early(previous: float, lived: float, delay: float) -> None:
    assert next_delay(previous, lived) == delay


async def test_the_end_of_a_process_is_awaited(state: Path) -> None:
    child = start(Spec(name="short", state=state, argv=["sleep", "0.1"]))
    await asyncio.wait_for(ended(child), timeout=10)
    assert not child.alive()


async def test_waiting_for_a_process_that_is_gone_ends_at_once(state: Path) -> None:
    child = start(Spec(name="short", state=state, argv=["true"]))
    assert child.wait(10)
    await asyncio.wait_for(ended(child), timeout=1)


async def test_a_process_that_runs_already_is_kept(state: Path) -> None:
    asked: asyncio.Queue[str] = asyncio.Queue()

    def spec() -> Spec:
        asked.put_nowait("another")
        return Spec(name="kept", state=state, argv=["sleep", "600"])

    running = start(Spec(name="kept", state=state, argv=["sleep", "600"]))
    keeper = asyncio.create_task(keep(spec, running))
    await asyncio.sleep(0)
    assert asked.empty()
    running.signal(signal.SIGKILL)
    assert await asyncio.wait_for(asked.get(), timeout=10) == "another"
    keeper.cancel()
    assert find(state, "kept") != running


async def test_a_process_that_ends_is_started_again_by_a_new_spec(state: Path) -> None:
    commands = iter(["true", "sleep 600"])
    asked: asyncio.Queue[str] = asyncio.Queue()

    def spec() -> Spec:
        command = next(commands)
        asked.put_nowait(command)
        return Spec(name="kept", state=state, argv=command.split())

    keeper = asyncio.create_task(keep(spec))
    async with asyncio.timeout(10):
        assert [await asked.get(), await asked.get()] == ["true", "sleep 600"]
    keeper.cancel()
    assert find(state, "kept") is not None
