"""What is done to the running system, one after the other. Each returns its upgrades and rollbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local import billing
from local.upgrade.switch import RolledBack, Switched
from local.upgrade_drill import trees
from local.upgrade_drill.system import ENRICHMENT, JOBS, USAGE, System
from local.upgrade_drill.trees import Edit
from local.waiting import until

#: The collector that becomes one of the next schema; the other stays.
_FIRST_COLLECTOR: Final = 0
#: Batches that a build has to have had a hand in.
_ENOUGH: Final = 20
_SECONDS: Final = 120.0
#: A build stands in the ledger as "collector/enrichment/media usage".
_COUNTED: Final = "SELECT count(*) FROM batch_ledger WHERE build_of(%s, builds) = %s"
_COUNTED_OF_V2: Final = "SELECT count(*) FROM batch_ledger WHERE split_part(builds, '/', 1) <> %s"


class NotAsExpected(RuntimeError):
    """A drill has not come about: what it was to prove is not proven."""


@dataclass(frozen=True, kw_only=True)
class Done:
    """One drill."""

    switched: tuple[Switched, ...]
    detail: str = ""


Drill = Callable[[System], Done]


def code_change(system: System) -> Done:
    """Both jobs go on with a build that differs in nothing but its id."""
    release = system.release("code", system.releases[ENRICHMENT], trees.CODE)
    return Done(switched=tuple(system.upgrade(job, release) for job in JOBS), detail="both jobs")


def schema_change(system: System) -> Done:
    """One collector, then both jobs, go on with a header that has a field more; the other collector stays behind.

    At first jobs of version 1 read messages of either version, then jobs of version 2.
    """
    release = system.release("schema", system.releases[ENRICHMENT], trees.SCHEMA)
    [(old_build,)] = _rows(system, "SELECT DISTINCT split_part(builds, '/', 1) FROM batch_ledger")
    system.stack.stop_collector(_FIRST_COLLECTOR)
    system.stack.start_collector(_FIRST_COLLECTOR, code=release)
    _wait(lambda: _count(system, _COUNTED_OF_V2, old_build) >= _ENOUGH, "batches of version 2 to be counted")
    mixed = _count(system, _COUNTED_OF_V2, old_build)
    switched = tuple(system.upgrade(job, release) for job in JOBS)
    return Done(switched=switched, detail=f"both jobs; {mixed} batches of version 2 were counted by version 1")


def rescale(system: System) -> Done:
    """The usage job, whose state is keyed, goes on with two tasks an operator."""
    done = system.upgrade(USAGE, system.releases[USAGE], {"MEDIA_USAGE_PARALLELISM": "2"})
    return Done(switched=(done,), detail="media-usage to parallelism 2")


def configuration(system: System) -> Done:
    """The usage job's state goes from the heap to RocksDB."""
    release = system.release("rocksdb", system.releases[USAGE], trees.ROCKSDB)
    return Done(switched=(system.upgrade(USAGE, release),), detail="media-usage from heap to RocksDB")


def crashing_build(system: System) -> Done:
    """A build that fails at every message is found out and rolled back by the upgrade itself."""
    release = system.release("crashing", system.releases[ENRICHMENT], trees.CRASHING)
    try:
        system.upgrade(ENRICHMENT, release)
    except RolledBack as failure:
        return Done(switched=(failure.back,), detail="enrichment rolled back by itself")
    raise NotAsExpected("a build that fails at every message was taken for sound")


def wrong_enrichment(system: System) -> Done:
    """A build that doubles durations commits to enriched, and is counted, before it is rolled back."""
    return _found_out_late(system, ENRICHMENT, "durations", trees.WRONG_DURATIONS)


def wrong_usage(system: System) -> Done:
    """A build that bills what is free writes rows before it is rolled back."""
    return _found_out_late(system, USAGE, "rule", trees.WRONG_RULE)


#: In this order: the usage job that is rolled back has two tasks and its state in RocksDB.
DRILLS: Final[Mapping[str, Drill]] = {
    "code-change": code_change,
    "schema-change": schema_change,
    "rescale": rescale,
    "flink-configuration": configuration,
    "crashing-build": crashing_build,
    "wrong-enrichment": wrong_enrichment,
    "wrong-usage": wrong_usage,
}


def _found_out_late(system: System, job: str, name: str, edits: tuple[Edit, ...]) -> Done:
    before: Path = system.releases[job]
    forth = system.upgrade(job, system.release(name, before, edits))
    build = forth.deployment.build
    _wait(lambda: _count(system, _COUNTED, job, build) >= _ENOUGH, f"batches of {job} build {build} to be counted")
    back = system.roll_back(job, before)
    if not back.doubtful:
        raise NotAsExpected(f"build {build} of {job} was counted, and no hour is in doubt")
    return Done(switched=(forth, back), detail=f"{job}; {len(back.doubtful)} hours in doubt")


def _wait(condition: Callable[[], bool], what: str) -> None:
    until(condition, what, _SECONDS)


def _count(system: System, statement: str, *parameters: object) -> int:
    [(count,)] = _rows(system, statement, *parameters)
    return int(str(count))


def _rows(system: System, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    return billing.query(system.stack.billing_dsn, statement, *parameters)
