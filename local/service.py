"""The services of the stack, by name, with what each needs and offers."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from local import (
    collectors,
    console,
    environment,
    exporter,
    flink,
    flink_home,
    flink_jobs,
    geo,
    kafka,
    postgres,
    redis,
    zookeeper,
)
from local.settings import Settings
from local.upgrade.wiring import change_to, switch_of
from schemas import migrations
from schemas.topics import topics


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that `up` does. Steps of a `stage` run side by side, after those of all lower stages."""

    service: str
    name: str
    stage: int
    run: Callable[[Settings], object]
    #: Whether a stack with these settings has it.
    needed: Callable[[Settings], bool] = lambda _: True
    endpoint: Callable[[Settings], str] = lambda _: ""


def _create_topics(settings: Settings) -> None:
    kafka.create_topics(kafka.bootstrap(settings), topics(settings.partitions))


def _migrate(settings: Settings) -> None:
    migrations.apply(postgres.dsn(settings, "assets"), "assets")
    migrations.apply(postgres.dsn(settings, "billing"), "billing")


def _write_geo(settings: Settings) -> None:
    geo.write(environment.geo_folder(settings))


def _deploy(job: str) -> Callable[[Settings], None]:
    def deploy(settings: Settings) -> None:
        deployed = switch_of(settings, job).deploy(change_to(settings, job, environ=os.environ, overrides=_EXPLORING))
        flink_jobs.wait_running(settings, deployed.job)

    return deploy


def _databases(settings: Settings) -> str:
    return " ".join(postgres.address(settings, database) for database in postgres.DATABASES)


def _collector_urls(settings: Settings) -> str:
    return " ".join(collectors.url(settings, index) for index in range(settings.collectors))


#: Who explores wants to see a posted line on the bill now, not after the five minutes of production.
_EXPLORING: Final = {"execution.checkpointing.interval": "10 s", "execution.checkpointing.min-pause": "0 s"}


STEPS: Final = (
    Step(service="redis", name="Redis", stage=0, run=redis.launch, endpoint=redis.url),
    Step(service="postgres", name="Postgres", stage=0, run=postgres.launch, endpoint=_databases),
    Step(service="kafka", name="Kafka", stage=0, run=kafka.launch, endpoint=kafka.bootstrap),
    Step(
        service="flink",
        name="Flink JobManager",
        stage=0,
        run=flink.launch_jobmanager,
        endpoint=flink_home.rest_address,
    ),
    Step(
        service="zookeeper",
        name="ZooKeeper",
        stage=0,
        run=zookeeper.launch,
        needed=lambda settings: settings.high_availability,
    ),
    Step(service="flink", name="GeoIP databases", stage=0, run=_write_geo),
    Step(service="postgres", name="databases", stage=1, run=_migrate),
    Step(service="kafka", name="topics", stage=1, run=_create_topics),
    Step(service="flink", name="Flink TaskManagers", stage=1, run=flink.launch_taskmanagers),
    Step(service="collectors", name="collectors", stage=2, run=collectors.launch_all, endpoint=_collector_urls),
    Step(service="console", name="usage console", stage=2, run=console.launch, endpoint=console.url),
    Step(service="exporter", name="exporter", stage=2, run=exporter.launch, endpoint=exporter.url),
    Step(service="jobs", name="job enrichment", stage=3, run=_deploy("enrichment")),
    Step(service="jobs", name="job media-usage", stage=3, run=_deploy("media-usage")),
)

#: Every service that can be asked for.
ALL: Final = frozenset(step.service for step in STEPS)
#: Without the jobs, which tests and the demo submit with settings of their own, and what only people look at.
SERVERS: Final = ALL - {"console", "exporter", "jobs"}

#: How to stop each service, in the order in which to do it: those that use others first.
HALT: Final[dict[str, Callable[[Settings], None]]] = {
    "console": console.halt,
    "exporter": exporter.halt,
    "collectors": collectors.halt_all,
    "flink": flink.halt,
    "zookeeper": zookeeper.halt,
    "kafka": kafka.halt,
    "redis": redis.halt,
    "postgres": postgres.halt,
}
