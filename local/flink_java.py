"""Command lines of Flink's two servers.

Flink's own scripts start three JVMs more for each server, which compute the memory sizes that are explicit here:
on two cores that is most of the time that a killed TaskManager takes to come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from local import flink_home
from local.settings import Settings

#: Megabytes of a TaskManager beside the heap of its tasks; what Flink's scripts compute from the process size.
_FRAMEWORK_HEAP: Final = 128
_FRAMEWORK_OFF_HEAP: Final = 128
_NETWORK: Final = 64
_METASPACE: Final = 192
_OVERHEAD: Final = 256

#: ZooKeeper would register its log with JMX through classes of log4j 1, which Flink does not ship.
_NO_LOG_BEANS: Final = "-Dzookeeper.jmx.log4j.disable=true"
#: Serial: the machine's cores belong to the tasks.
_JVM: Final = ("-XX:+UseSerialGC", f"-XX:MaxMetaspaceSize={_METASPACE}m", "-XX:+ExitOnOutOfMemoryError")


def jobmanager(settings: Settings) -> list[str]:
    """Command line of the JobManager."""
    # Little code runs often enough there to be worth the second compiler's time.
    jvm = [f"-Xmx{settings.jobmanager_heap_mb}m", "-XX:TieredStopAtLevel=1", *_JVM]
    return _java(settings, jvm, "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint", {})


def taskmanager(settings: Settings, options: Mapping[str, str]) -> list[str]:
    """Command line of a TaskManager with its own options."""
    jvm = [
        f"-Xmx{_FRAMEWORK_HEAP + settings.taskmanager_heap_mb}m",
        f"-XX:MaxDirectMemorySize={_FRAMEWORK_OFF_HEAP + _NETWORK}m",
        *_JVM,
    ]
    main_class = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
    return _java(settings, jvm, main_class, {**memory_options(settings), **options})


def zookeeper(main_class: str, config: str) -> list[str]:
    """Command line of a ZooKeeper server, whose classes are in Flink's own jars."""
    jars = _class_path(flink_home.package_lib())
    return ["java", "-Xmx64m", "-XX:TieredStopAtLevel=1", *_JVM, _NO_LOG_BEANS, "-cp", jars, main_class, config]


def memory_options(settings: Settings) -> dict[str, str]:
    """The memory of a TaskManager as Flink wants it spelt out when its scripts do not compute it."""
    return {
        "taskmanager.cpu.cores": "1.0",
        "taskmanager.memory.framework.heap.size": f"{_FRAMEWORK_HEAP}m",
        "taskmanager.memory.framework.off-heap.size": f"{_FRAMEWORK_OFF_HEAP}m",
        "taskmanager.memory.task.heap.size": f"{settings.taskmanager_heap_mb}m",
        "taskmanager.memory.task.off-heap.size": "0m",
        "taskmanager.memory.network.min": f"{_NETWORK}m",
        "taskmanager.memory.network.max": f"{_NETWORK}m",
        "taskmanager.memory.managed.size": f"{settings.taskmanager_managed_mb}m",
        "taskmanager.memory.jvm-metaspace.size": f"{_METASPACE}m",
        # Python's own memory lives here in thread mode; nothing enforces it.
        "taskmanager.memory.jvm-overhead.min": f"{_OVERHEAD}m",
        "taskmanager.memory.jvm-overhead.max": f"{_OVERHEAD}m",
    }


def _java(settings: Settings, jvm: Sequence[str], main_class: str, options: Mapping[str, str]) -> list[str]:
    home = flink_home.home(settings)
    shared = flink_home.cluster_options(settings)["env.java.opts.all"].split()
    # A crash in native code leaves its report with the logs, not in the caller's folder.
    crash = f"-XX:ErrorFile={settings.state / 'log'}/hs_err_pid%p.log"
    logging = f"-Dlog4j.configurationFile={home / 'conf' / 'log4j-console.properties'}"
    dynamic = [argument for key, value in options.items() for argument in ("-D", f"{key}={value}")]
    arguments = ["--configDir", str(home / "conf"), *dynamic]
    return ["java", *jvm, crash, *shared, logging, "-cp", _class_path(home / "lib"), main_class, *arguments]


def _class_path(lib: Path) -> str:
    """Sorted, as Flink's scripts do: the order decides between two jars with one class."""
    return ":".join(str(jar) for jar in sorted(lib.glob("*.jar")))
