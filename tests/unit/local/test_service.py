"""The table of services: each can be stopped, users before what they use."""

from __future__ import annotations

import pytest

from local.service import ALL, HALT, SERVERS, STEPS


def test_every_server_can_be_stopped() -> None:
    assert set(HALT) == ALL - {"jobs"}


def test_tests_and_the_demo_start_neither_jobs_nor_what_only_people_look_at() -> None:
    assert ALL - {"jobs", "console", "exporter"} == SERVERS


@pytest.mark.parametrize(
    ("user", "used"),
    [
        pytest.param("collectors", "kafka", id="collectors send to Kafka"),
        pytest.param("flink", "kafka", id="jobs commit to Kafka"),
        pytest.param("flink", "postgres", id="jobs write to Postgres"),
        pytest.param("flink", "redis", id="jobs ask Redis"),
    ],
)
def test_what_uses_a_server_starts_after_it_and_stops_before_it(user: str, used: str) -> None:
    first = min(step.stage for step in STEPS if step.service == used)
    last = max(step.stage for step in STEPS if step.service == user)
    assert first < last
    assert list(HALT).index(user) < list(HALT).index(used)


def test_steps_have_names_of_their_own() -> None:
    names = [step.name for step in STEPS]
    assert sorted(set(names)) == sorted(names)
