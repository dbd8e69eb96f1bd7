"""The layout of the jobs' image, with the options of the rendered manifests, runs both jobs on real servers."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from k8s.check.rendering import ROOT
from local import environment, flink, geo
from local.flink_home import read_options
from local.ports import free_base
from local.process import Child
from local.settings import Settings
from local.stack import Stack
from local.waiting import until
from schemas.topics import ENRICHED
from tests.e2e import topics
from tests.e2e.feed import Feed
from tests.integration.k8s import clusters
from tests.integration.k8s.layout import Layout, assemble

# Three minutes: `make image-layout`.
pytestmark = [pytest.mark.timeout(900), pytest.mark.drill]

_START_S = 240
_SUBMITTED = re.compile(r"Job has been submitted with JobID ([0-9a-f]{32})")


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return assemble(tmp_path_factory.mktemp("layout"))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All servers but Flink: a test starts it as pods do."""
    settings = Settings(state=tmp_path_factory.mktemp("k8s"), port_base=free_base())
    geo.write(environment.geo_folder(settings))
    with Stack(settings, {"kafka", "redis", "postgres"}) as running:
        yield running


def test_the_layout_has_what_thread_mode_and_metrics_need(layout: Layout) -> None:
    jars = {
        "lib/flink-python-2.3.0.jar",
        "lib/flink-sql-connector-kafka-5.0.0-2.2.jar",
        "lib/flink-connector-jdbc-postgres-4.0.0-2.0.jar",
        "lib/postgresql-42.7.7.jar",
        "opt/flink-python-2.3.0.jar",
        "plugins/metrics-prometheus/flink-metrics-prometheus-2.3.0.jar",
        "plugins/s3-fs-presto/flink-s3-fs-presto-2.3.0.jar",
    }
    assert {jar for jar in jars if not (layout.home / jar).is_file()} == set()
    assert not (layout.root / "opt" / "cdn-usage" / "local").exists()


def test_both_jobs_run_in_application_mode(layout: Layout, stack: Stack) -> None:
    with application(layout, stack, "enrichment"):
        beat(stack)
        until(lambda: sum(topics.ends(stack.kafka_bootstrap, ENRICHED, committed=True).values()), "enriched data", 120)
    with application(layout, stack, "media-usage"):
        pass  # it has completed a checkpoint, with its state in RocksDB and its sinks flushed


def test_both_jobs_run_with_flink_run(layout: Layout, stack: Stack) -> None:
    for name, module in (("enrichment", "jobs.enrichment"), ("media-usage", "jobs.media_usage")):
        with cluster(layout, stack, name, "jobmanager") as master:
            clusters.wait(layout, stack.settings, master, lambda: clusters.answers(stack.settings), _START_S)
            job = submit(layout, stack, name, module)
            until(lambda: clusters.running_job(stack.settings), f"a checkpoint of {name}", _START_S)
            assert flink.rest(stack.settings, "GET", f"/jobs/{job}")["state"] == "RUNNING"


@contextmanager
def application(layout: Layout, stack: Stack, name: str) -> Iterator[None]:
    """A job in application mode, with a checkpoint, its main program started as the manifest says."""
    job = clusters.deployment(name)["job"]
    with cluster(layout, stack, name, "application", ["--job-classname", job["entryClass"], *job["args"]]) as master:
        clusters.wait(layout, stack.settings, master, lambda: clusters.running_job(stack.settings), _START_S)
        yield


@contextmanager
def cluster(layout: Layout, stack: Stack, name: str, role: str, arguments: Sequence[str] = ()) -> Iterator[Child]:
    """A JobManager and a TaskManager, which has one slot and so is for one job."""
    settings = stack.settings
    layout.configure(clusters.options(layout, settings, name))
    try:
        master = clusters.start(layout, settings, role, arguments)
        clusters.start(layout, settings, "taskmanager")
        yield master
    finally:
        clusters.stop(settings, "taskmanager", role)


def submit(layout: Layout, stack: Stack, name: str, module: str) -> str:
    """`flink run`, with the client of the image and the job's own options."""
    own = {**read_options(ROOT / "flink-conf" / f"{name}.yaml"), "execution.checkpointing.interval": "2 s"}
    given = [f"-D{key}={value}" for key, value in own.items()]
    command = [layout.command("flink"), "run", "--detached", *given, "-pym", module]
    environ = {**os.environ, **clusters.variables(layout, stack.settings)}
    done = subprocess.run(command, env=environ, cwd=layout.home, capture_output=True, text=True, check=False)
    found = _SUBMITTED.search(done.stdout)
    assert found is not None, done.stdout + done.stderr
    return found[1]


def beat(stack: Stack) -> None:
    """Heartbeats, which pass through both jobs."""
    Feed(stack.kafka_bootstrap, stack.settings.partitions).beat(time.time_ns() // 1_000_000)
