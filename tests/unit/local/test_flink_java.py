"""Command lines of Flink's servers: memory that adds up, options in place."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import flink_home, flink_java
from local.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(state=tmp_path, taskmanager_heap_mb=512, jobmanager_heap_mb=384)
    flink_home.build(made)
    return made


def megabytes(option: str) -> int:
    return int(option.removesuffix("m"))


def test_the_heap_holds_what_flink_is_told_of_it(settings: Settings) -> None:
    options = flink_java.memory_options(settings)
    heap = megabytes(options["taskmanager.memory.framework.heap.size"]) + megabytes(
        options["taskmanager.memory.task.heap.size"]
    )
    assert f"-Xmx{heap}m" in flink_java.taskmanager(settings, {})


def test_direct_memory_holds_network_and_off_heap(settings: Settings) -> None:
    options = flink_java.memory_options(settings)
    direct = megabytes(options["taskmanager.memory.framework.off-heap.size"]) + megabytes(
        options["taskmanager.memory.network.max"]
    )
    assert f"-XX:MaxDirectMemorySize={direct}m" in flink_java.taskmanager(settings, {})


def test_bounds_that_flinks_scripts_would_compute_leave_no_choice(settings: Settings) -> None:
    options = flink_java.memory_options(settings)
    for part in ("network", "jvm-overhead"):
        assert options[f"taskmanager.memory.{part}.min"] == options[f"taskmanager.memory.{part}.max"]


def test_a_taskmanagers_own_options_follow_the_configuration_folder(settings: Settings) -> None:
    command = flink_java.taskmanager(settings, {"taskmanager.rpc.port": "19010"})
    main = command.index("org.apache.flink.runtime.taskexecutor.TaskManagerRunner")
    assert command[main + 1 : main + 3] == ["--configDir", str(flink_home.home(settings) / "conf")]
    assert command[-2:] == ["-D", "taskmanager.rpc.port=19010"]


def test_the_jobmanager_gets_its_heap_and_java_17s_internals(settings: Settings) -> None:
    command = flink_java.jobmanager(settings)
    assert "-Xmx384m" in command
    assert "--add-opens=java.base/java.lang=ALL-UNNAMED" in command


def test_the_class_path_is_sorted_so_that_every_start_loads_the_same_classes(settings: Settings) -> None:
    command = flink_java.jobmanager(settings)
    names = [Path(jar).name for jar in command[command.index("-cp") + 1].split(":")]
    assert names == sorted(names)
    assert "flink-python-2.3.0.jar" in names
