"""Which processes a fault hits."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, cast

import pytest

from local.chaos.targets import TARGETS, names_of
from local.drill.jobs import ENRICHMENT, MEDIA_USAGE
from local.process import Child
from local.settings import Settings


class StandIn:
    """A system with two collectors, two Postgres servers, and three busy TaskManagers."""

    settings = Settings(collectors=2, billing_server=True)

    def taskmanagers_of(self, module: str) -> list[str]:
        return {ENRICHMENT: ["taskmanager-1", "taskmanager-4"], MEDIA_USAGE: ["taskmanager-0"]}[module]


def hit(name: str, seed: int = 1) -> list[str]:
    [target] = [target for target in TARGETS if target.name == name]
    return target.names(cast("Any", StandIn()), random.Random(seed))


@pytest.mark.parametrize(
    ("name", "processes"),
    [
        ("broker", ["kafka"]),
        ("redis", ["redis"]),
        ("asset-database", ["postgres"]),
        ("billing-database", ["postgres-billing"]),
        ("jobmanager", ["jobmanager"]),
        ("enrichment-taskmanager", ["taskmanager-1", "taskmanager-4"]),
        ("usage-taskmanager", ["taskmanager-0"]),
    ],
)
def test_every_part_has_its_processes(name: str, processes: list[str]) -> None:
    assert hit(name) == processes


def test_either_collector_is_hit_and_never_both() -> None:
    assert {tuple(hit("collector", seed)) for seed in range(20)} == {("collector-0",), ("collector-1",)}


def test_all_that_the_supervisor_does_not_keep_are_started_again_by_the_drill() -> None:
    alone = {target.name for target in TARGETS if target.restart is None}
    assert alone == {"enrichment-taskmanager", "jobmanager", "usage-taskmanager"}


def test_processes_are_named_for_people() -> None:
    assert names_of([Child(name, 1, 1, Path()) for name in ("kafka", "redis")]) == "kafka, redis"
