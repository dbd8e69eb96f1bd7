"""Recounts of batches that share lines and ranges, on a real Postgres: which of them bills is no difference."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import pytest

from jobs.media_usage.billing_rule import BILLED, BILLED_RANGE
from jobs.media_usage.repeated_lines import REPEATED
from ops import audit, reprocess
from ops.close import Order, close
from ops.difference import Difference, EnvironmentChange, SourceChange
from ops.hours import Hours
from tests.integration.billing import HOUR, SETTLED, Billing, Row
from tests.integration.ops.recount import Job, accept

NEXT: Final = HOUR + timedelta(hours=1)
RANGE: Final = Hours(HOUR, NEXT)
UNKNOWN: Final = "unresolved-unknown-asset"


class Account(NamedTuple):
    """What a batch says that it bills to env-a: milliseconds, deliveries, bytes."""

    bills: tuple[int, int, int]
    outcomes: dict[str, int]
    unresolved: dict[str, int]


#: "a" and "b" share two requests, one of them of an unknown asset, "c" and "d" the ranges of a segment, and the late
#: "e" and "f" a request. The first ones were read first.
FIRST: Final = {
    "a": Account((6_000, 2, 2_000), {BILLED: 2, UNKNOWN: 1}, {"ghost": 1}),
    "b": Account((0, 0, 0), {REPEATED: 2, "not-modified": 1}, {}),
    "c": Account((2_500, 1, 1_000), {BILLED_RANGE: 1}, {}),
    "d": Account((500, 1, 1_000), {BILLED_RANGE: 1}, {}),
    "e": Account((500, 1, 1_000), {BILLED: 1}, {}),
    "f": Account((0, 0, 0), {REPEATED: 1}, {}),
}
#: The same messages, the second ones read first.
SECOND: Final = {
    "a": Account((2_000, 1, 1_000), {BILLED: 1, REPEATED: 2}, {}),
    "b": Account((4_000, 1, 1_000), {BILLED: 1, UNKNOWN: 1, "not-modified": 1}, {"ghost": 1}),
    "c": Account((1_000, 1, 1_000), {BILLED_RANGE: 1}, {}),
    "d": Account((2_000, 1, 1_000), {BILLED_RANGE: 1}, {}),
    "e": Account((0, 0, 0), {REPEATED: 1}, {}),
    "f": Account((500, 1, 1_000), {BILLED: 1}, {}),
}


def count(billing: Billing, accounts: dict[str, Account], own_ms: int = 4_000) -> None:
    """Two equal hours; in each also "own", a batch of the source that shares nothing, and another source's."""
    for hour in RANGE:
        billing.usage(6_000, hour=hour)
        billing.usage(3_000, hour=hour, asset="ranges")
        billing.usage(own_ms + 1_000, hour=hour, environment="env-b")
        for name, account in accounts.items():
            ledger(billing, name, account, hour)
        one = {"env-b": [own_ms, 1, 1_000]}
        billing.ledger(f"own{hour:%H}", own_ms, hour=hour, records=1, environments=one)
        one = {"env-b": [1_000, 1, 1_000]}
        billing.ledger(f"other{hour:%H}", 1_000, hour=hour, records=1, source="akamai", environments=one)
    billing.execute("UPDATE batch_ledger SET compared = source_id <> 'akamai'")


def ledger(billing: Billing, name: str, account: Account, hour: datetime) -> None:
    """A batch's row, and its corrections if it is late."""
    batch, path = f"{name}{hour:%H}", "late" if name in "ef" else "window"
    billing.ledger(
        batch,
        account.bills[0],
        hour=hour,
        path=path,
        records=sum(account.outcomes.values()),
        outcomes=account.outcomes,
        unresolved=account.unresolved,
        environments={"env-a": account.bills},
    )
    if path == "late":
        billing.correction(batch, account.bills[0], hour=hour)
        billing.execute(
            "UPDATE media_usage_corrections SET deliveries = %s, bytes = %s WHERE batch_id = %s",
            *(*account.bills[1:], batch),
        )


@pytest.fixture
def live(billing: Billing) -> Billing:
    count(billing, FIRST)
    billing.watermark(NEXT + SETTLED)
    return billing


def difference(live: Billing, accounts: dict[str, Account], drop: tuple[str, ...] = (), after: str = "") -> Difference:
    """What a recount would change, nothing of which is done; `after` is what its tables are changed by."""
    shown = Difference()

    def fill(shadow: Billing) -> None:
        count(shadow, accounts)
        if after:
            shadow.execute(after)

    def look(found: Difference) -> bool:
        nonlocal shown
        shown = found
        return False

    try:
        reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, fill), look, drop, trust=False)
    except reprocess.Declined:
        assert shown
    return shown


def changed(batches: int, source: str = "fastly-main", *, added: int = 0, dropped: int = 0) -> Difference:
    """Batches of the first hour, and no row of the bill."""
    return Difference(sources=(SourceChange(source, added, batches, dropped, first=HOUR, last=HOUR),))


class TestNoDifference:
    def test_another_split_of_the_same_bill(self, live: Billing) -> None:
        assert difference(live, SECOND) == Difference()

    @pytest.mark.parametrize("batches", [["a10"], ["a10", "b10", "c10", "d10", "e10", "f10", "own10", "other10"]])
    def test_rows_of_an_earlier_release_tell_no_environments(self, live: Billing, batches: list[str]) -> None:
        live.execute("UPDATE batch_ledger SET environments = NULL WHERE batch_id = ANY(%s)", batches)
        assert difference(live, FIRST) == Difference()
        assert difference(live, SECOND) == Difference()

    def test_a_batch_that_has_come_on_time_and_late(self, live: Billing) -> None:
        """Its row of a window counts, the other one only says that there was a copy."""
        live.ledger("a10", 6_000, path="late", outcomes={BILLED: 3}, environments={"env-a": [6_000, 2, 2_000]})
        live.correction("a10", 6_000)
        assert difference(live, SECOND) == Difference()


#: What somebody has changed in the first hour, and how many batches a recount changes, which splits otherwise.
SET: Final = "UPDATE batch_ledger SET {} WHERE batch_id = '{}10'"
CORRECT: Final = (
    "UPDATE media_usage_corrections SET {0} = {0} + 1 WHERE batch_id = 'e10';"
    "UPDATE media_usage SET {0} = {0} - 1 WHERE hour = '2026-09-01 10:00Z' AND environment_id = 'env-a'"
    " AND asset_id = 'film'"
)
DAMAGE: Final = {
    "its time": (SET.format("billed_ms = billed_ms + 1", "a"), changed(6)),
    "its time, of ranges": (SET.format("billed_ms = billed_ms - 1", "d"), changed(6)),
    "how often an outcome": (SET.format("""outcomes = '{"repeated-line": 2, "not-modified": 2}'""", "b"), changed(6)),
    "which outcome": (SET.format("""outcomes = '{"repeated-line": 2, "head": 1}'""", "b"), changed(6)),
    "how often an asset is unresolved": (SET.format("""unresolved_assets = '{"ghost": 2}'""", "a"), changed(6)),
    "which asset is unresolved": (SET.format("""unresolved_assets = '{"other": 1}'""", "a"), changed(6)),
    "milliseconds of an environment": (SET.format("""environments = '{"env-a": [6001, 2, 2000]}'""", "a"), changed(6)),
    "deliveries of an environment": (SET.format("""environments = '{"env-a": [6000, 3, 2000]}'""", "a"), changed(6)),
    "bytes of an environment": (SET.format("""environments = '{"env-a": [6000, 2, 1999]}'""", "a"), changed(6)),
    "which environment": (SET.format("""environments = '{"env-c": [6000, 2, 2000]}'""", "a"), changed(6)),
    "milliseconds of a correction, and of the window": (CORRECT.format("delivered_ms"), changed(6)),
    "deliveries of a correction, and of the window": (CORRECT.format("deliveries"), changed(6)),
    "bytes of a correction, and of the window": (CORRECT.format("bytes"), changed(6)),
    "its path": (SET.format("path = 'late'", "a"), changed(6)),
    "a row is gone": ("DELETE FROM batch_ledger WHERE batch_id = 'b10'", changed(5, added=1)),
    "a row that shares nothing": (SET.format("billed_ms = billed_ms + 1", "own"), changed(1)),
    "a row of another source": (SET.format("billed_ms = billed_ms + 1", "other"), changed(1, "akamai")),
    "records": (SET.format("records = records + 1", "a"), changed(1)),
    "rejected lines": (SET.format("""rejected = '{"bad-json": 1}'""", "a"), changed(1)),
    "the rule's version": (SET.format("rule_version = '2'", "a"), changed(1)),
}


class TestDifferences:
    @pytest.mark.parametrize(("damage", "found"), DAMAGE.values(), ids=DAMAGE)
    def test_one_number_that_is_off_names_the_source_and_hour(
        self, live: Billing, damage: str, found: Difference
    ) -> None:
        live.execute(damage)
        assert difference(live, SECOND) == found

    def test_an_asset_of_a_correction(self, live: Billing) -> None:
        live.execute("UPDATE media_usage_corrections SET asset_id = 'by-hand' WHERE batch_id = 'e10'")
        bill = EnvironmentChange("env-a", added=0, changed=1, removed=1, before_ms=6_500, after_ms=6_500)
        assert difference(live, SECOND) == Difference(environments=(bill,), sources=changed(6).sources)

    def test_a_batch_that_is_let_go(self, live: Billing) -> None:
        live.ledger("z10", 0, outcomes={REPEATED: 3}, environments={"env-a": [0, 0, 0]})
        assert difference(live, SECOND, ("z10",)) == changed(0, dropped=1)

    def test_batches_that_were_not_compared_share_nothing(self, live: Billing) -> None:
        found = difference(
            live, SECOND, after="UPDATE batch_ledger SET compared = false WHERE hour < '2026-09-01 11:00Z'"
        )
        assert found == changed(6)

    def test_a_line_that_moves_from_a_window_to_a_correction(self, live: Billing) -> None:
        """The bill stays; but such a line always counts in the window, so one of the two counts is wrong."""
        live.execute("DELETE FROM batch_ledger WHERE batch_id IN ('b10', 'e10')")
        live.execute("DELETE FROM media_usage_corrections WHERE batch_id = 'e10'")
        ledger(live, "b", Account((500, 1, 1_000), {BILLED: 1, REPEATED: 1, "not-modified": 1}, {}), HOUR)
        ledger(live, "e", Account((0, 0, 0), {REPEATED: 1}, {}), HOUR)
        live.execute(
            "UPDATE media_usage SET delivered_ms = 6500, deliveries = 3, bytes = 3000"
            " WHERE (hour, environment_id, asset_id) = (%s, 'env-a', 'film')",
            HOUR,
        )
        assert difference(live, FIRST) == changed(2)

    def test_an_environment_beside_rows_of_an_earlier_release(self, live: Billing) -> None:
        """A row without environments is as it was, as far as it tells, and makes up for nothing."""
        live.execute("UPDATE batch_ledger SET environments = NULL WHERE batch_id = 'a10'")
        live.execute("""UPDATE batch_ledger SET environments = '{"env-c": [500, 1, 1000]}' WHERE batch_id = 'd10'""")
        assert difference(live, FIRST) == changed(1)


def recorded_anew(billing: Billing) -> list[Row]:
    return billing.query("SELECT batch_id FROM batch_ledger WHERE recorded_at > %s ORDER BY 1", HOUR)


class TestReplacing:
    """What replaces has another split, and "own" bills 900 ms more."""

    @pytest.fixture
    def recorded(self, live: Billing) -> Billing:
        live.execute("UPDATE batch_ledger SET recorded_at = %s", HOUR)
        return live

    def recount(self, live: Billing, accounts: dict[str, Account]) -> int | None:
        return reprocess.reprocess(
            live.dsn, RANGE, Job(live.dsn, lambda shadow: count(shadow, accounts, 4_900)), accept
        )

    def test_the_tables_hold_the_split_of_the_recount(self, recorded: Billing) -> None:
        assert self.recount(recorded, SECOND) == 1
        rows = recorded.query(
            "SELECT batch_id, billed_ms FROM batch_ledger WHERE hour = %s AND batch_id < 'o' ORDER BY 1", HOUR
        )
        assert rows == [(f"{name}10", account.bills[0]) for name, account in SECOND.items()]
        assert audit.audit(recorded.dsn).clean

    def test_a_second_run_changes_nothing_whatever_its_split(self, recorded: Billing) -> None:
        self.recount(recorded, SECOND)
        assert [self.recount(recorded, accounts) for accounts in (SECOND, FIRST)] == [None, None]

    def test_only_what_bills_otherwise_is_recorded_anew(self, recorded: Billing) -> None:
        self.recount(recorded, SECOND)
        assert recorded_anew(recorded) == [("own10",), ("own11",)]

    def test_so_are_all_that_may_have_shared_it_where_they_do_not_add_up(self, recorded: Billing) -> None:
        recorded.execute("UPDATE batch_ledger SET billed_ms = 6001 WHERE batch_id = 'a10'")
        self.recount(recorded, SECOND)
        batches = [f"{name}10" for name in "abcdef"]
        assert recorded_anew(recorded) == [(batch,) for batch in [*batches, "own10", "own11"]]

    def test_an_adjustment_names_what_bills_otherwise(self, live: Billing) -> None:
        def make(hour: datetime) -> None:
            close(live.dsn, Order(environment=None, hours=Hours(hour, hour), by="ann"), lambda _: True)

        make(HOUR)
        self.recount(live, SECOND)
        make(NEXT)
        assert live.query("SELECT hour, batch_id, path, billed_ms FROM statement_reasons") == [
            (HOUR, "own10", "window", 4_900)
        ]
        lines = live.query(
            "SELECT environment_id, delivered_ms FROM statements JOIN statement_lines USING (statement_id)"
            " WHERE kind = 'adjustment'"
        )
        assert lines == [("env-b", 900)]
