"""Usage as the console adds it up is the bill, whatever is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2.extensions import cursor as Cursor

from console.data import sql, usage
from console.data.database import query
from console.data.usage import Certainty, Choice
from ops.hours import HOUR, Hours
from tests.integration.billing import HOUR as FIRST
from tests.integration.billing import Billing

LAST = FIRST + 100 * HOUR
ALL = Choice(hours=Hours(FIRST, LAST))

#: Hour, environment, asset, tier, milliseconds.
Drawn = tuple[datetime, str, str, str, int]

hours = st.integers(0, 100).map(lambda n: FIRST + n * HOUR)
names = st.sampled_from(["a", "b", "c"])
amounts = st.integers(0, 10**9)
rows = st.tuples(hours, names, names, st.sampled_from(["1080p", "audio-only"]), amounts)
corrections = st.tuples(rows, st.booleans())
watermarks = st.one_of(st.none(), st.integers(-5, 250).map(lambda n: FIRST + n * timedelta(minutes=50)))


@contextmanager
def cursor(billing: Billing) -> Iterator[Cursor]:
    connection = psycopg2.connect(billing.dsn)
    with connection, connection.cursor() as opened:
        opened.execute("SET TIME ZONE 'UTC'")
        yield opened
    connection.close()


def fill(billing: Billing, usages: list[Drawn], late: list[tuple[Drawn, bool]], watermark: datetime | None) -> None:
    billing.execute("TRUNCATE media_usage, media_usage_corrections, batch_ledger, job_watermark")
    for hour, environment, asset, tier, ms in usages:
        billing.usage(ms, hour=hour, environment=environment, asset=asset, tier=tier)
    for number, ((hour, environment, asset, tier, ms), has_window) in enumerate(late):
        billing.correction(f"b{number}", ms, hour=hour, environment=environment, asset=asset, tier=tier)
        billing.ledger(f"b{number}", ms, path="window" if has_window else "late", hour=hour)
    if watermark is not None:
        billing.watermark(watermark)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    usages=st.lists(rows, max_size=12, unique_by=lambda row: row[:4]),
    late=st.lists(corrections, max_size=6),
    watermark=watermarks,
)
def test_every_way_to_add_it_up_gives_the_bill(
    billing: Billing, usages: list[Drawn], late: list[tuple[Drawn, bool]], watermark: datetime | None
) -> None:
    fill(billing, usages, late, watermark)
    bill = billing.query(
        "SELECT hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, state FROM billable_usage"
        " ORDER BY 1, 2, 3, 4"
    )
    total = tuple(sum(row[n] for row in bill) for n in (4, 5, 6))
    with cursor(billing) as opened:
        reached = usage.progress(opened)
        slices = usage.slices(opened, ALL, reached)
        ranking = usage.ranking(opened, ALL, reached, limit=100, environment_limit=100)
        by_tier = usage.tiers(opened, ALL, reached, ranking.assets)
        lines = query(opened, "usage_rows", ALL.values(reached))
        by_hour = usage.environment_hours(opened, ALL, reached, ["a"])
    assert tuple(map(sum, zip(*(each.sums for each in slices), strict=True))) == (total if slices else ())
    assert ranking.total == total
    assert sum(ranking.certainties.values()) == total[0]
    for ranked in (ranking.environments, ranking.assets):
        assert sum(each.sums.delivered_ms for each in ranked) == total[0]
        assert all(sum(each.certainties.values()) == each.sums.delivered_ms for each in ranked)
    assert sum(ms for tiers in by_tier.values() for ms in tiers.values()) == total[0]
    assert sum(ms for _, _, ms in by_hour) == total[0]
    assert [(*row[:4], row[6], row[8], row[9], row[4]) for row in lines] == bill


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(usages=st.lists(rows, min_size=1, max_size=5, unique_by=lambda row: row[:4]), watermark=watermarks)
def test_an_hour_is_as_certain_as_the_bill_says(
    billing: Billing, usages: list[Drawn], watermark: datetime | None
) -> None:
    fill(billing, usages, [], watermark)
    with cursor(billing) as opened:
        reached = usage.progress(opened)
        slices = usage.slices(opened, ALL, reached)
    said: dict[datetime, str] = dict(billing.query("SELECT DISTINCT hour, state FROM billable_usage"))
    assert {each.hour: each.certainty.value for each in slices} == said
    assert {hour: reached.certainty(hour).value for hour in said} == said


@pytest.mark.parametrize(
    ("choose", "expected"),
    [
        (lambda: Choice(hours=Hours(FIRST, FIRST)), {"film": 10, "radio": 200}),
        (lambda: Choice(hours=Hours(FIRST, LAST), environments=("env-b",)), {"radio": 200}),
        (lambda: Choice(hours=Hours(FIRST, LAST), environments=("env-b", "env-a")), {"film": 1_010, "radio": 200}),
        (lambda: Choice(hours=Hours(FIRST, LAST), environments=()), {}),
        (lambda: Choice(hours=Hours(FIRST, LAST), asset="film", tier="2160p"), {"film": 1_000}),
    ],
    ids=["one hour", "one environment", "two", "none", "asset and tier"],
)
def test_a_choice_leaves_what_it_names(
    billing: Billing, choose: Callable[[], Choice], expected: dict[str, int]
) -> None:
    billing.usage(10)
    billing.usage(1_000, hour=LAST, tier="2160p")
    billing.usage(200, environment="env-b", asset="radio")
    billing.usage(5_000, hour=LAST + HOUR)
    with cursor(billing) as opened:
        found = usage.ranking(opened, choose(), usage.progress(opened), limit=10)
    assert {each.asset_id: each.sums.delivered_ms for each in found.assets} == expected
    assert (found.total.delivered_ms, found.assets_found) == (sum(expected.values()), len(expected))


def test_names_of_environments_are_found_without_their_usage_being_read(billing: Billing) -> None:
    for number in range(5):
        for hour in range(3):
            billing.usage(1, environment=f"env-{number}", hour=FIRST + hour * HOUR)
    with cursor(billing) as opened:
        assert usage.environment_names(opened) == [f"env-{number}" for number in range(5)]
        opened.execute("SET enable_seqscan = off")
        opened.execute(f"EXPLAIN {sql.statement('environment_names')}", {"limit": 10})
        plan = "\n".join(line for (line,) in opened.fetchall())
    assert "Index Only Scan" in plan
    assert "Seq Scan" not in plan


def test_every_certainty_of_the_bill_is_known() -> None:
    assert [certainty.value for certainty in Certainty] == ["settled", "on-time", "provisional", "correction"]
