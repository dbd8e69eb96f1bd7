"""The services of the stack, by name, with what each needs and offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from local import flink, flink_home, kafka, postgres, redis
from local.settings import Settings
from schemas import migrations
from schemas.topics import topics


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that `up` does. Steps of a `stage` run side by side, after those of all lower stages."""

    service: str
    name: str
    stage: int
    run: Callable[[Settings], object]
    endpoint: Callable[[Settings], str] = lambda _: ""


def _create_topics(settings: Settings) -> None:
    kafka.create_topics(kafka.bootstrap(settings), topics(settings.partitions))


def _migrate(settings: Settings) -> None:
    migrations.apply(postgres.dsn(settings, "assets"), "assets")
    migrations.apply(postgres.dsn(settings, "billing"), "billing")


def _postgres_address(settings: Settings) -> str:
    return f"127.0.0.1:{settings.ports.postgres} (addresses with password: {settings.state / 'secrets'})"


STEPS: Final = (
    Step(service="redis", name="Redis", stage=0, run=redis.launch, endpoint=redis.url),
    Step(service="postgres", name="Postgres", stage=0, run=postgres.launch, endpoint=_postgres_address),
    Step(service="kafka", name="Kafka", stage=0, run=kafka.launch, endpoint=kafka.bootstrap),
    Step(
        service="flink",
        name="Flink JobManager",
        stage=0,
        run=flink.launch_jobmanager,
        endpoint=flink_home.rest_address,
    ),
    Step(service="postgres", name="databases", stage=1, run=_migrate),
    Step(service="kafka", name="topics", stage=1, run=_create_topics),
    Step(service="flink", name="Flink TaskManagers", stage=1, run=flink.launch_taskmanagers),
)

#: Every service that can be asked for.
ALL: Final = frozenset(step.service for step in STEPS)

#: How to stop each service, in the order in which to do it: those that use others first.
HALT: Final[dict[str, Callable[[Settings], None]]] = {
    "flink": flink.halt,
    "kafka": kafka.halt,
    "redis": redis.halt,
    "postgres": postgres.halt,
}
