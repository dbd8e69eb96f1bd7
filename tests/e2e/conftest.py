"""One stack and one running pair of jobs for all end-to-end tests; every test has days of its own on their timeline.

The watermark only goes forward, so tests follow each other in event time: each begins where no earlier one has been.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import pytest

from local.chaos.system import broker_options
from local.ports import Ports, free_base
from local.settings import Settings
from local.stack import Stack
from schemas.batch import hour_of
from schemas.topics import DAY_MS, RAW
from tests.e2e import topics
from tests.e2e.bill import Bill, of_hours
from tests.e2e.feed import Feed
from tests.e2e.pipeline import Pipeline
from tests.support.batches import HOUR_MS

#: Days of event time that a test has for itself: an hour is settled after three of them.
DAYS = 5
#: No event may lie in the future, so the timeline ends before now.
_TESTS = 16

_numbers = itertools.count()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers without collectors. Four TaskManagers: two for the running jobs, two for a test's own.

    The broker has a second listener for a proxy that holds commits (tests/e2e/held_commits.py).
    """
    base = free_base()
    options = broker_options(Ports(base))
    settings = Settings(state=tmp_path_factory.mktemp("e2e"), port_base=base, taskmanagers=4, kafka_options=options)
    with Stack(settings, {"kafka", "redis", "postgres", "flink"}) as running:
        # Events of the tests are months old, and retention goes by event time.
        topics.set_option(running.kafka_bootstrap, RAW, "retention.ms", "-1")
        yield running


@pytest.fixture(scope="session")
def feed(stack: Stack) -> Feed:
    return Feed(stack.kafka_bootstrap, stack.settings.partitions)


@pytest.fixture(scope="session")
def pipeline(stack: Stack) -> Pipeline:
    """The running jobs, on the topics that collectors write to."""
    running = Pipeline(stack)
    running.start()
    return running


@pytest.fixture
def first_hour() -> int:
    """Start of the first hour that belongs to the test alone, in epoch milliseconds."""
    number = next(_numbers)
    assert number < _TESTS, "make room for more tests"
    return hour_of(time.time_ns() // 1_000_000 - (_TESTS - number) * DAYS * DAY_MS)


@pytest.fixture
def bill(stack: Stack, first_hour: int) -> Bill:
    """What the running jobs have billed for the test's own hours."""
    return of_hours(stack.billing_dsn, first_hour, DAYS * DAY_MS // HOUR_MS)
