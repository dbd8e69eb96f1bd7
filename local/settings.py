"""Where the local stack lives and how big it is."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from local.ports import Ports

ROOT: Final = Path(__file__).resolve().parent.parent
#: Filled by `make setup`, shared by all stacks of a checkout: what runs differs, what it runs from does not.
JARS: Final = ROOT / ".local" / "jars"


class InvalidSetting(ValueError):
    """A setting is wrong; the message names it and what to do."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One local stack. Two stacks live side by side when `state` and `port_base` differ.

    Raises:
        InvalidSetting: a value is out of its range; the message names the setting and the remedy.
    """

    #: Folder of everything that the stack writes, except Postgres data when run as root.
    state: Path = ROOT / ".local" / "state"
    #: First of the ports in `local.ports`.
    port_base: int = 19_000
    #: Single-slot TaskManagers: one a job, and one for `reprocess` or for a job whose own was killed.
    taskmanagers: int = 3
    collectors: int = 2
    #: Partitions of the raw and enriched topics.
    partitions: int = 4
    #: Whether a JobManager that is killed and started again goes on with its jobs: ZooKeeper runs beside it.
    high_availability: bool = False
    #: Whether the billing database has a Postgres server of its own, so that each database can fail alone.
    billing_server: bool = False
    broker_heap_mb: int = 768
    jobmanager_heap_mb: int = 384
    #: Heap for a job's own objects; the TaskManager's process takes about 600 MB more, Python's memory not counted.
    taskmanager_heap_mb: int = 512
    #: For RocksDB, where a job keeps its state there.
    taskmanager_managed_mb: int = 64
    #: Sources of every collector; syslog ports are given by the stack.
    sources_file: Path = ROOT / "local" / "sources.yaml"
    #: COLLECTOR_* variables on top of the stack's own; no secrets: they are kept in the state folder.
    collector_environ: Mapping[str, str] = field(default_factory=dict)
    #: Properties of the broker on top of those in local/kafka.py.
    kafka_options: Mapping[str, str] = field(default_factory=dict)
    #: Flink options of the cluster on top of flink-conf/cluster/config.yaml.
    flink_options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _within("PORT_BASE", self.port_base, 1024, 65_535 - Ports.SIZE, "choose a free block above 1023")
        _within("TASKMANAGERS", self.taskmanagers, 2, Ports.MOST_TASKMANAGERS, "each job needs one of its own")
        _within("COLLECTORS", self.collectors, 1, Ports.MOST_COLLECTORS, "each has its block of ports")
        _within("PARTITIONS", self.partitions, 1, 720, "pipeline.max-parallelism is 720")

    @property
    def ports(self) -> Ports:
        """The port of every listener."""
        return Ports(self.port_base)

    def save(self) -> None:
        """Write what the stack was started with, for `status`, `down` and the supervisor."""
        self.state.mkdir(parents=True, exist_ok=True)
        _saved(self.state).write_text(json.dumps(asdict(self), indent=2, default=str))

    @staticmethod
    def load(state: Path) -> Settings | None:
        """What the stack in this folder was started with; None if none ever was."""
        try:
            values = json.loads(_saved(state).read_text())
        except FileNotFoundError:
            return None
        paths = {name: Path(values[name]) for name in ("state", "sources_file") if name in values}
        return Settings(**values | paths)


def from_environment(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from LOCAL_STATE, PORT_BASE, TASKMANAGERS, COLLECTORS and PARTITIONS; unset or empty: the default.

    Raises:
        InvalidSetting: a value is no number or out of range.
    """
    numbers = {
        name.lower(): _number(name, environ[name])
        for name in ("PORT_BASE", "TASKMANAGERS", "COLLECTORS", "PARTITIONS")
        if environ.get(name)
    }
    settings = Settings(**numbers)  # type: ignore[arg-type]  # the names above are fields of type int
    if state := environ.get("LOCAL_STATE"):
        return replace(settings, state=Path(state).resolve())
    return settings


def _saved(state: Path) -> Path:
    return state / "settings.json"


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InvalidSetting(f"{name}={text} is not a whole number") from error


def _within(name: str, value: int, least: int, most: int, remedy: str) -> None:
    if not least <= value <= most:
        raise InvalidSetting(f"{name}={value} is not within {least}..{most}: {remedy}")
