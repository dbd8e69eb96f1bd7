"""Contract: while the asset database is away, what is known is billed, and what is not waits without loss."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest

from local import postgres
from local.ports import LOOPBACK
from local.stack import Stack
from ops.audit import audit, report
from tests.e2e.bill import Bill, moment
from tests.e2e.feed import Feed
from tests.e2e.films import Film, register
from tests.e2e.pipeline import ENRICHMENT, Pipeline
from tests.e2e.traffic import Traffic
from tests.e2e.waiting import until
from tests.support.batches import HOUR_MS

pytestmark = pytest.mark.timeout(900)

KNOWN = Film(asset_id="outage-film", environment_id="outage-env")
UNSEEN = Film(asset_id="outage-premiere", environment_id="outage-env")
_WAIT_METRIC = re.compile(r"^flink_taskmanager_job_task_operator_asset_database_wait_ms\{.*\} (\S+)$", re.MULTILINE)


@contextmanager
def asset_database_away(stack: Stack) -> Iterator[None]:
    """Postgres hangs up on the clients of one database, and lets nobody in again until the end."""
    with closing(psycopg2.connect(postgres.dsn(stack.settings, "postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("ALTER DATABASE assets ALLOW_CONNECTIONS false")
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'assets'")
            try:
                yield
            finally:
                cursor.execute("ALTER DATABASE assets ALLOW_CONNECTIONS true")


def waited_for_database_ms(stack: Stack) -> float:
    """What the metrics of the TaskManagers say, while a task waits as well."""
    pages = (_metrics(stack, index) for index in range(stack.settings.taskmanagers))
    return max((float(value) for page in pages for value in _WAIT_METRIC.findall(page)), default=0.0)


def _metrics(stack: Stack, taskmanager: int) -> str:
    url = f"http://{LOOPBACK}:{stack.settings.ports.taskmanager_metrics(taskmanager)}/metrics"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.URLError:  # it is being replaced
        return ""


def test_known_assets_are_billed_and_unknown_ones_wait_without_loss(
    stack: Stack, pipeline: Pipeline, feed: Feed, bill: Bill, first_hour: int
) -> None:
    """Contract: without the asset database, what any cache knows is billed. A batch of an asset that none knows makes
    the job wait, say in its metrics for what, and restart, until the database is back; then everything is billed."""
    register(stack.assets_dsn, KNOWN, UNSEEN)
    traffic = Traffic("outage-source")
    hours = [first_hour + number * HOUR_MS for number in range(3)]
    feed.send(*(traffic.batch(KNOWN, hours[0]) for _ in range(5)))
    pipeline.drain(feed, bill, hours[0])

    with asset_database_away(stack):
        feed.send(*(traffic.batch(KNOWN, hours[1]) for _ in range(5)))
        pipeline.drain(feed, bill, hours[1])
        assert bill.rows() == traffic.bill

        before = pipeline.restores()[ENRICHMENT]
        feed.send(*(traffic.batch(film, hours[2]) for _ in range(5) for film in (KNOWN, UNSEEN)))
        until(lambda: waited_for_database_ms(stack) >= 1_000, "a metric that says what the job waits for")
        until(lambda: pipeline.restores()[ENRICHMENT] >= before + 2, "the job to give up and start again, twice")
    pipeline.drain(feed, bill, hours[2])

    assert bill.rows() == traffic.bill
    assert bill.ledger() == traffic.ledger
    found = audit(bill.dsn, moment(hours[0]), moment(hours[-1]))
    assert found.clean, report(found)
