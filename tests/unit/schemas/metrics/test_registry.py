"""The registry as a whole: names once, sentences, and nothing that the code does not emit."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from schemas.metrics import collectors, exporter, jobs
from schemas.metrics.collectors import COLLECTORS
from schemas.metrics.exporter import EXPORTER
from schemas.metrics.jobs import JOBS
from schemas.metrics.metric import Metric
from schemas.metrics.registry import BY_PROGRAM, SERIES

ROOT = Path(__file__).resolve().parents[4]
ALL = [metric for metrics in BY_PROGRAM.values() for metric in metrics]


def test_no_stored_name_is_of_two_metrics() -> None:
    stored = [series for metric in ALL for series in metric.series]
    assert sorted(stored) == sorted(SERIES)


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.series[0])
def test_every_metric_says_what_it_means_and_what_to_do(metric: Metric) -> None:
    assert metric.meaning.endswith(".")
    assert metric.remedy.endswith(".")


@pytest.mark.parametrize(
    "metric", [metric for metric in ALL if metric.unit.startswith("seconds")], ids=lambda metric: metric.series[0]
)
def test_what_is_measured_in_seconds_says_so_in_its_name(metric: Metric) -> None:
    assert metric.name.endswith("_seconds")


def used_in(folder: str) -> set[str]:
    """Names of the registry's constants that a program's code uses, as `defined.X`."""
    trees = [ast.parse(file.read_text()) for file in sorted((ROOT / folder).rglob("*.py"))]
    attributes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "defined"}


def counters_of_jobs() -> Iterator[tuple[str, ast.expr]]:
    """Every call of `.counter(...)` in the jobs, with its file and its argument."""
    for file in sorted((ROOT / "jobs").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "counter":
                yield str(file.relative_to(ROOT)), node.args[0]


@pytest.mark.parametrize(
    ("folder", "module", "metrics"),
    [("collectors", collectors, COLLECTORS), ("jobs", jobs, JOBS), ("ops/exporter", exporter, EXPORTER)],
    ids=["collectors", "jobs", "exporter"],
)
def test_what_a_program_emits_is_in_the_registry_and_the_other_way_round(
    folder: str, module: ModuleType, metrics: tuple[Metric, ...]
) -> None:
    assert {getattr(module, name).name for name in used_in(folder)} == {metric.name for metric in metrics}


def test_no_job_makes_up_a_name() -> None:
    spelt = [where for where, argument in counters_of_jobs() if isinstance(argument, ast.Constant)]
    assert spelt == []


def test_no_job_exports_a_gauge() -> None:
    sources = [file.read_text() for file in (ROOT / "jobs").rglob("*.py")]
    assert not any(".gauge(" in source or ".distribution(" in source for source in sources)
