"""Whatever happens between closes, all statements of an environment together are its bill at the last close."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops import close
from ops.close import Order
from ops.hours import Hours
from tests.integration.billing import HOUR, Billing, Row

HOURS: Final = 6
ASSETS: Final = ("film", "song")
_environments = itertools.count()
_batches = itertools.count()

hours = st.integers(min_value=0, max_value=HOURS - 1)
assets = st.sampled_from(ASSETS)
amounts = st.integers(min_value=0, max_value=10)

Step = Callable[["Environment"], None]


class Environment:
    """One environment's part of a billing database, with what can happen to it."""

    def __init__(self, billing: Billing) -> None:
        self.billing = billing
        self.name = f"env-{next(_environments)}"
        self.batches: list[tuple[int, str]] = []
        self.closed = 0

    def fire(self, hour: int, asset: str, delivered_ms: int) -> None:
        """A window's absolute sum; a recount's too."""
        self.billing.execute(
            "INSERT INTO media_usage VALUES (%s, %s, %s, '1080p', %s, 1, %s, 1) ON CONFLICT (hour, environment_id,"
            " asset_id, tier) DO UPDATE SET delivered_ms = excluded.delivered_ms, bytes = excluded.bytes",
            *(HOUR + timedelta(hours=hour), self.name, asset, delivered_ms, 7 * delivered_ms),
        )

    def come_late(self, hour: int, asset: str, delivered_ms: int) -> None:
        batch = f"batch-{next(_batches)}"
        self.batches.append((hour, batch))
        values = {"hour": HOUR + timedelta(hours=hour), "path": "late"}
        self.billing.ledger(batch, delivered_ms, **values)  # type: ignore[arg-type]  # hour and path
        self.billing.correction(
            batch, delivered_ms, hour=HOUR + timedelta(hours=hour), environment=self.name, asset=asset
        )

    def count_in_window(self, number: int) -> None:
        """A late batch whose on-time copy turns up: its correction counts no more."""
        if self.batches:
            hour, batch = self.batches.pop(number % len(self.batches))
            self.billing.ledger(batch, 0, hour=HOUR + timedelta(hours=hour))

    def forget(self, hour: int) -> None:
        """A recount that finds nothing."""
        moment = HOUR + timedelta(hours=hour)
        self.billing.execute("DELETE FROM media_usage WHERE hour = %s AND environment_id = %s", moment, self.name)

    def close(self, count: int, gap: int) -> None:
        first, last = self.closed + gap, self.closed + gap + count - 1
        self.closed = last + 1
        period = Hours(HOUR + timedelta(hours=first), HOUR + timedelta(hours=last))
        if not self.bill(last):
            return
        order = Order(environment=self.name, hours=period, by="ann", force="what happens here is no audit's business")
        close.close(self.billing.dsn, order, lambda found: True)
        assert self.stated() == self.bill(last)

    def bill(self, last: int) -> list[Row]:
        return self.billing.query(
            "SELECT hour, asset_id, tier, delivered_ms, deliveries, bytes FROM billable_usage"
            " WHERE environment_id = %s AND hour <= %s AND (delivered_ms, deliveries, bytes) <> (0, 0, 0)"
            " ORDER BY 1, 2, 3",
            *(self.name, HOUR + timedelta(hours=last)),
        )

    def stated(self) -> list[Row]:
        return self.billing.query(
            "SELECT hour, asset_id, tier, sum(delivered_ms)::bigint, sum(deliveries)::bigint, sum(bytes)::bigint"
            " FROM statements JOIN statement_lines USING (statement_id) WHERE environment_id = %s"
            " GROUP BY 1, 2, 3 HAVING (sum(delivered_ms), sum(deliveries), sum(bytes)) <> (0, 0, 0) ORDER BY 1, 2, 3",
            self.name,
        )


steps: Final[st.SearchStrategy[Step]] = st.one_of(
    st.builds(lambda *values: lambda each: each.fire(*values), hours, assets, amounts),
    st.builds(lambda *values: lambda each: each.come_late(*values), hours, assets, amounts),
    st.builds(lambda number: lambda each: each.count_in_window(number), amounts),
    st.builds(lambda hour: lambda each: each.forget(hour), hours),
    st.builds(
        lambda *values: lambda each: each.close(*values),
        st.integers(min_value=1, max_value=3),
        st.integers(min_value=0, max_value=1),
    ),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings=st.lists(steps, max_size=15))
def test_statements_add_up_to_the_bill_at_the_last_close(billing: Billing, happenings: list[Step]) -> None:
    environment = Environment(billing)
    for happens in happenings:
        happens(environment)
    environment.fire(0, "film", 99)
    environment.close(HOURS, 0)
