"""Closing periods on a real Postgres."""

from __future__ import annotations

import getpass
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

import psycopg2
import pytest

from ops import close, fence
from ops.close import Closed, Declined, NotReady, Order, Refused
from ops.hours import Hours
from ops.statement import Adjustment, Statement, Sums
from tests.integration.billing import HOUR, SETTLED, Billing, Row

NEXT = HOUR + timedelta(hours=1)
LATER = HOUR + timedelta(hours=2)
HORIZON = timedelta(hours=48)
FIRST = Hours(HOUR, HOUR)
SECOND = Hours(NEXT, NEXT)


def accept(found: Closed) -> bool:
    return True


def never_asked(found: Closed) -> bool:
    raise AssertionError(found)


def make(billing: Billing, period: Hours = FIRST, environment: str | None = None, **values: str) -> Closed:
    return close.close(billing.dsn, Order(environment=environment, hours=period, by="ann", **values), accept)


def lines(billing: Billing) -> list[Row]:
    """(environment, kind, hour, asset, ms, deliveries, bytes) of every statement."""
    return billing.query(
        "SELECT environment_id, kind, hour, asset_id, delivered_ms, deliveries, bytes"
        " FROM statements JOIN statement_lines USING (statement_id) ORDER BY statement_id, hour, asset_id"
    )


def reasons(billing: Billing) -> list[Row]:
    return billing.query("SELECT statement_id, hour, batch_id, path FROM statement_reasons ORDER BY 1, 2, 3, 4")


@pytest.fixture
def ready(billing: Billing) -> Billing:
    """Two settled hours of two environments, and a third that has begun."""
    billing.usage(6_000)
    billing.usage(4_000, environment="env-b", asset="song")
    billing.usage(3_000, hour=NEXT)
    billing.usage(1, hour=LATER)
    billing.ledger("b1", 10_000)
    billing.ledger("b2", 3_000, hour=NEXT)
    billing.ledger("b3", 1, hour=LATER)
    billing.watermark(NEXT + SETTLED)
    return billing


def late(billing: Billing, batch: str, delivered_ms: int, *, environment: str = "env-a") -> None:
    """A correction of the first hour."""
    billing.ledger(batch, delivered_ms, path="late", environments={environment: [delivered_ms, 1, 1_000]})
    billing.correction(batch, delivered_ms, environment=environment)


class TestStatements:
    def test_a_statement_holds_the_bill_of_its_hours_and_of_no_other(self, ready: Billing) -> None:
        make(ready)
        assert lines(ready) == [
            ("env-a", "usage", HOUR, "film", 6_000, 2, 2_000),
            ("env-b", "usage", HOUR, "song", 4_000, 2, 2_000),
        ]

    def test_one_environment_alone_is_closed_on_request(self, ready: Billing) -> None:
        make(ready, environment="env-b")
        assert lines(ready) == [("env-b", "usage", HOUR, "song", 4_000, 2, 2_000)]

    def test_an_environment_without_usage_in_the_period_gets_a_statement_of_nothing(self, ready: Billing) -> None:
        make(ready)
        found = make(ready, SECOND)
        assert [(each.environment_id, each.usage) for each in found.made] == [
            ("env-a", Sums(1, 3_000, 2, 2_000)),
            ("env-b", Sums()),
        ]

    def test_it_says_who_closed_when_and_how_far_the_data_was(self, ready: Billing) -> None:
        [made] = make(ready, environment="env-a").made
        assert made == Statement(
            statement_id=made.statement_id,
            environment_id="env-a",
            hours=FIRST,
            closed_at=made.closed_at,
            closed_by="ann",
            forced_because=None,
            objections=(),
            usage=Sums(1, 6_000, 2, 2_000),
            adjustments=(),
        )
        [(age, watermark, role)] = ready.query("SELECT now() - closed_at, watermark, database_role FROM statements")
        assert timedelta() < age < timedelta(minutes=1)
        assert (watermark, role) == (NEXT + SETTLED, ready.query("SELECT session_user")[0][0])

    def test_totals_are_a_row_a_statement(self, ready: Billing) -> None:
        make(ready, environment="env-a")
        late(ready, "b4", 500)
        make(ready, SECOND, environment="env-a")
        totals = ready.query(
            "SELECT environment_id, first_hour, usage_ms, adjustment_ms, delivered_ms, delivered_seconds::text,"
            " deliveries, bytes FROM statement_totals ORDER BY statement_id"
        )
        assert totals == [
            ("env-a", HOUR, 6_000, 0, 6_000, "6.000", 2, 2_000),
            ("env-a", NEXT, 3_000, 500, 3_500, "3.500", 3, 3_000),
        ]


class TestAdjustments:
    def test_what_came_late_stands_in_the_next_statement_with_its_batches(self, ready: Billing) -> None:
        make(ready)
        late(ready, "b4", 500)
        late(ready, "b5", 70, environment="env-b")
        made = make(ready, SECOND).made
        assert lines(ready)[2:] == [
            ("env-a", "adjustment", HOUR, "film", 500, 1, 1_000),
            ("env-a", "usage", NEXT, "film", 3_000, 2, 2_000),
            ("env-b", "adjustment", HOUR, "film", 70, 1, 1_000),
        ]
        assert [each.adjustments for each in made] == [
            (Adjustment(hour=HOUR, sums=Sums(1, 500, 1, 1_000), batches=1, example="b4", sources=("fastly-main",)),),
            (Adjustment(hour=HOUR, sums=Sums(1, 70, 1, 1_000), batches=1, example="b5", sources=("fastly-main",)),),
        ]

    def test_it_is_stated_once(self, ready: Billing) -> None:
        make(ready)
        late(ready, "b4", 500)
        make(ready, SECOND)
        ready.watermark(LATER + SETTLED)
        made = make(ready, Hours(LATER, LATER)).made
        assert [each.adjustments for each in made] == [(), ()]

    def test_what_a_recount_takes_back_is_negative(self, ready: Billing) -> None:
        make(ready)
        ready.execute("UPDATE media_usage SET delivered_ms = 5000, deliveries = 1, epoch = 1 WHERE delivered_ms = 6000")
        ready.execute(
            "UPDATE batch_ledger SET billed_ms = 9000, epoch = 1, recorded_at = clock_timestamp() WHERE batch_id = 'b1'"
        )
        make(ready, SECOND)
        assert lines(ready)[2] == ("env-a", "adjustment", HOUR, "film", -1_000, -1, 0)
        assert [row[1:] for row in reasons(ready)] == [(HOUR, "b1", "window")]

    def test_usage_that_is_gone_is_taken_back_whole(self, ready: Billing) -> None:
        make(ready)
        ready.execute("UPDATE media_usage SET asset_id = 'right' WHERE delivered_ms = 6000")
        make(ready, SECOND, environment="env-a")
        assert lines(ready)[2:] == [
            ("env-a", "adjustment", HOUR, "film", -6_000, -2, -2_000),
            ("env-a", "adjustment", HOUR, "right", 6_000, 2, 2_000),
            ("env-a", "usage", NEXT, "film", 3_000, 2, 2_000),
        ]

    def test_hours_that_no_statement_covers_are_adjusted_whole_and_by_all_of_their_batches(
        self, ready: Billing
    ) -> None:
        make(ready, SECOND, environment="env-a")
        assert lines(ready) == [
            ("env-a", "adjustment", HOUR, "film", 6_000, 2, 2_000),
            ("env-a", "usage", NEXT, "film", 3_000, 2, 2_000),
        ]
        assert [row[1:] for row in reasons(ready)] == [(HOUR, "b1", "window")]

    def test_an_hour_that_was_not_settled_is_adjusted_by_all_of_its_batches(self, ready: Billing) -> None:
        """A batch may have been recorded before the close, and its window have fired after it."""
        ready.execute("UPDATE job_watermark SET watermark = %s", HOUR + SETTLED - timedelta(milliseconds=1))
        make(ready)
        ready.execute("UPDATE media_usage SET delivered_ms = 6001 WHERE delivered_ms = 6000")
        ready.execute("UPDATE batch_ledger SET billed_ms = 10001 WHERE batch_id = 'b1'")
        ready.execute("UPDATE job_watermark SET watermark = %s", NEXT + SETTLED)
        make(ready, SECOND)
        assert [row[1:] for row in reasons(ready)] == [(HOUR, "b1", "window")]


class TestChangingNothing:
    def test_closing_again_shows_the_statements_that_stand(self, ready: Billing) -> None:
        made = make(ready).made
        late(ready, "b4", 500)
        order = Order(environment=None, hours=FIRST, by="bob")
        assert close.close(ready.dsn, order, never_asked) == Closed(made=(), before=made)
        assert len(lines(ready)) == 2

    def test_a_period_before_the_last_can_be_shown_again(self, ready: Billing) -> None:
        [made] = make(ready, environment="env-a").made
        make(ready, SECOND, environment="env-a")
        assert make(ready, environment="env-a").before == (made,)

    def test_all_closes_those_that_are_missing(self, ready: Billing) -> None:
        [before] = make(ready, environment="env-b").made
        found = make(ready)
        assert found.before == (before,)
        assert [each.environment_id for each in found.made] == ["env-a"]

    def test_without_consent_nothing_is_closed(self, ready: Billing) -> None:
        seen: list[int] = []

        def decline(found: Closed) -> bool:
            seen.extend(each.usage.delivered_ms for each in found.made)
            return False

        with pytest.raises(Declined, match="not confirmed"):
            close.close(ready.dsn, Order(environment=None, hours=FIRST, by="ann"), decline)
        assert seen == [6_000, 4_000]
        assert ready.query("SELECT * FROM statements") == []


class TestRefusing:
    def refused(self, billing: Billing, period: Hours = FIRST, environment: str | None = None) -> str:
        before = billing.query("SELECT count(*) FROM statements")
        with pytest.raises(Refused) as refusal:
            make(billing, period, environment)
        assert billing.query("SELECT count(*) FROM statements") == before
        return str(refusal.value)

    def test_a_period_that_is_not_past_the_horizon(self, ready: Billing) -> None:
        ready.execute("UPDATE job_watermark SET watermark = %s", NEXT + HORIZON - timedelta(milliseconds=1))
        assert self.refused(ready) == (
            "the media-usage job's watermark is at 2026-09-03T10:59, and must reach 2026-09-03T11:00"
        )

    def test_a_period_of_a_job_that_never_ran(self, ready: Billing) -> None:
        ready.execute("DELETE FROM job_watermark")
        assert "watermark is not known yet" in self.refused(ready)

    def test_the_horizon_itself_suffices(self, ready: Billing) -> None:
        ready.execute("UPDATE job_watermark SET watermark = %s", NEXT + HORIZON)
        assert len(make(ready).made) == 2

    def test_a_period_whose_audit_is_not_clean(self, ready: Billing) -> None:
        ready.execute("DELETE FROM media_usage WHERE delivered_ms = 6000")
        assert self.refused(ready) == (
            "2026-09-01T10: billed 4000 ms, batches say 10000 ms (fastly-main 10000 ms): 6000 ms missing"
        )

    def test_an_adjusted_hour_whose_audit_is_not_clean(self, ready: Billing) -> None:
        make(ready)
        ready.correction("b9", 500)
        assert "2026-09-01T10: billed 10500 ms, batches say 10000 ms" in self.refused(ready, SECOND)

    def test_an_earlier_hour_that_is_not_adjusted_is_not_asked(self, ready: Billing) -> None:
        make(ready)
        ready.execute("UPDATE batch_ledger SET outcomes = '{}' WHERE batch_id = 'b1'")
        assert len(make(ready, SECOND).made) == 2

    def test_a_later_hour_is_not_asked(self, ready: Billing) -> None:
        ready.execute("DELETE FROM media_usage WHERE hour = %s", NEXT)
        assert len(make(ready).made) == 2

    def test_batches_that_a_collector_lost(self, ready: Billing) -> None:
        ready.totals(4, 10)
        assert "fastly-main: 1 batches, 1 records lost" in self.refused(ready)

    def test_what_a_collector_lost_that_was_gone_before_the_period(self, ready: Billing) -> None:
        ready.totals(4, 10, boot="boot-0")
        ready.execute("UPDATE collector_totals SET updated_at = %s", HOUR - timedelta(seconds=1))
        assert len(make(ready).made) == 2

    @pytest.mark.parametrize(
        "period",
        [Hours(HOUR, NEXT), Hours(HOUR - timedelta(hours=1), NEXT), Hours(HOUR - timedelta(hours=1), HOUR)],
        ids=["begins alike", "holds it", "ends alike"],
    )
    def test_a_period_that_overlaps_another(self, ready: Billing, period: Hours) -> None:
        [made] = make(ready, environment="env-a").made
        assert self.refused(ready, period) == (
            f"statement {made.statement_id} of env-a goes from 2026-09-01T10 to 2026-09-01T10: a period begins after"
            " the last one; what has changed before it comes as an adjustment"
        )

    def test_a_period_before_a_statement(self, ready: Billing) -> None:
        make(ready, SECOND, environment="env-a")
        assert "a period begins after the last one" in self.refused(ready)

    def test_an_environment_that_has_no_usage(self, ready: Billing) -> None:
        assert self.refused(ready, environment="env-A") == (
            "env-A has nothing on the bill up to 2026-09-01T10: check its name"
        )


class TestForce:
    def test_it_closes_what_is_not_ready_and_keeps_the_reason(self, ready: Billing) -> None:
        ready.execute("DELETE FROM job_watermark")
        ready.execute("DELETE FROM media_usage WHERE delivered_ms = 6000")
        [made] = make(ready, environment="env-b", force="the auditors are here").made
        assert (made.forced_because, made.closed_by, made.objections) == (
            "the auditors are here",
            "ann",
            (
                "the media-usage job's watermark is not known yet, and must reach 2026-09-03T11:00",
                "2026-09-01T10: billed 4000 ms, batches say 10000 ms (fastly-main 10000 ms): 6000 ms missing",
            ),
        )

    def test_what_was_missing_comes_as_an_adjustment(self, ready: Billing) -> None:
        ready.execute("DELETE FROM media_usage WHERE delivered_ms = 6000")
        make(ready, force="now")
        ready.usage(6_000)
        make(ready, SECOND)
        assert lines(ready)[1] == ("env-a", "adjustment", HOUR, "film", 6_000, 2, 2_000)

    def test_where_nothing_stands_against_it_nothing_is_recorded(self, ready: Billing) -> None:
        made = make(ready, force="just in case").made
        assert [(each.forced_because, each.objections) for each in made] == [(None, ()), (None, ())]

    def test_it_does_not_overlap_either(self, ready: Billing) -> None:
        make(ready)
        with pytest.raises(Refused, match="a period begins after the last one"):
            make(ready, Hours(HOUR, NEXT), force="now")


class TestWaiting:
    def test_a_difference_in_flight_is_waited_for(self, ready: Billing) -> None:
        ready.execute("DELETE FROM media_usage WHERE delivered_ms = 6000")
        other = Billing(ready.dsn)
        arrival = threading.Timer(0.3, lambda: other.usage(6_000))
        arrival.start()
        found = close.close(ready.dsn, Order(environment=None, hours=FIRST, by="ann"), accept, wait_s=30)
        arrival.join()
        other.close()
        assert [each.usage.delivered_ms for each in found.made] == [6_000, 4_000]

    def test_one_that_stays_is_told_in_the_end(self, ready: Billing) -> None:
        ready.execute("DELETE FROM media_usage WHERE delivered_ms = 6000")
        with pytest.raises(NotReady):
            close.close(ready.dsn, Order(environment=None, hours=FIRST, by="ann"), accept, wait_s=0.1)


CHANGES = {
    "a statement": "UPDATE statements SET closed_by = 'eve'",
    "a line": "UPDATE statement_lines SET delivered_ms = 0",
    "a reason": "UPDATE statement_reasons SET batch_id = 'b9'",
    "a deleted statement": "DELETE FROM statements",
    "a deleted line": "DELETE FROM statement_lines",
    "a deleted reason": "DELETE FROM statement_reasons",
    "emptied tables": "TRUNCATE statements, statement_lines, statement_reasons",
    "an added line": (
        "INSERT INTO statement_lines SELECT statement_id, 'usage', %s, 'new', '1080p', 1, 1, 1 FROM statements"
    ),
    "an added reason": (
        "INSERT INTO statement_reasons SELECT statement_id, %s, 'b9', 'late', 'x', 1, 0, now() FROM statements"
    ),
}


class TestImmutability:
    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_a_statement_never_changes(self, ready: Billing, change: str) -> None:
        make(ready)
        late(ready, "b4", 500)
        make(ready, SECOND, environment="env-a")
        with pytest.raises(psycopg2.errors.RaiseException, match="a statement never changes"):
            ready.execute(change, *[HOUR] * change.count("%s"))

    def test_periods_of_an_environment_never_overlap_whoever_writes_them(self, ready: Billing) -> None:
        make(ready, environment="env-a")
        with pytest.raises(psycopg2.errors.RaiseException, match="environment env-a is closed beyond"):
            ready.execute(
                "INSERT INTO statements (environment_id, first_hour, last_hour, closed_at, closed_by)"
                " VALUES ('env-a', %s, %s, now(), 'eve')",
                *(HOUR - timedelta(hours=3), HOUR),
            )


def killed_at(moment: str, dsn: str) -> None:
    """Runs in a process of its own, and ends it with SIGKILL."""

    def die(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if moment == "before the commit":
        close.close(dsn, Order(environment=None, hours=FIRST, by="ann"), die)  # type: ignore[arg-type]  # never returns
    close.close(dsn, Order(environment=None, hours=FIRST, by="ann"), accept)
    die()


class TestDyingHalfWay:
    def kill(self, billing: Billing, moment: str) -> list[Row]:
        child = multiprocessing.get_context("spawn").Process(target=killed_at, args=(moment, billing.dsn))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        return billing.query("SELECT environment_id FROM statements ORDER BY 1")

    def test_killed_before_the_commit_nothing_is_closed_and_the_next_run_closes_all(self, ready: Billing) -> None:
        assert self.kill(ready, "before the commit") == []
        assert len(make(ready).made) == 2

    def test_killed_after_the_commit_all_is_closed_and_the_next_run_closes_nothing(self, ready: Billing) -> None:
        assert self.kill(ready, "after the commit") == [("env-a",), ("env-b",)]
        assert make(ready).made == ()


class TestAgainstWriters:
    def test_a_second_close_waits_and_then_sees_the_first(self, ready: Billing) -> None:
        second: list[Closed] = []
        other = threading.Thread(target=lambda: second.append(make(ready)))

        def confirm(found: Closed) -> bool:
            other.start()
            while not ready.query("SELECT FROM pg_locks WHERE relation = 'statements'::regclass AND NOT granted"):
                pass
            return True

        first = close.close(ready.dsn, Order(environment=None, hours=FIRST, by="ann"), confirm)
        other.join()
        assert second == [Closed(made=(), before=first.made)]

    def test_writers_of_the_bill_do_not_wait_for_the_answer(self, ready: Billing) -> None:
        def confirm(found: Closed) -> bool:
            late(ready, "b4", 500)
            return True

        close.close(ready.dsn, Order(environment="env-a", hours=FIRST, by="ann"), confirm)
        make(ready, SECOND, environment="env-a")
        assert [row[4] for row in lines(ready)] == [6_000, 500, 3_000]
        assert [row[2] for row in reasons(ready)] == ["b4"]

    def test_a_batch_whose_writer_is_at_work_is_waited_for(
        self, ready: Billing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It was recorded before the close, so the next one would not name it."""
        writer = psycopg2.connect(ready.dsn)
        with writer.cursor() as cursor:
            cursor.execute("UPDATE media_usage SET delivered_ms = 6001 WHERE delivered_ms = 6000")
            cursor.execute("UPDATE batch_ledger SET billed_ms = 10001 WHERE batch_id = 'b1'")
        read = fence.read_between_writes

        def commit_when_waited_for(reader: psycopg2.extensions.connection, dsn: str) -> object:
            committing = threading.Thread(target=commit)
            committing.start()
            moment = read(reader, dsn)
            committing.join()
            return moment

        def commit() -> None:
            other = Billing(ready.dsn)
            while not other.query("SELECT FROM pg_locks WHERE relation = 'media_usage'::regclass AND NOT granted"):
                pass
            other.close()
            writer.commit()
            writer.close()

        monkeypatch.setattr(fence, "read_between_writes", commit_when_waited_for)
        assert [each.usage.delivered_ms for each in make(ready).made] == [6_001, 4_000]


class TestCommand:
    def call(
        self, billing: Billing, monkeypatch: pytest.MonkeyPatch, *arguments: str, answer: Callable[[str], str] = str
    ) -> int:
        monkeypatch.setenv("BILLING_DSN", billing.dsn)
        monkeypatch.setattr("builtins.input", answer)
        return close.main([arguments[0], "2026-09-01T10", "2026-09-01T10", *arguments[1:]])

    def test_it_shows_the_statements_and_makes_them(
        self, ready: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.call(ready, monkeypatch, "all", "--yes") == 0
        assert capsys.readouterr().out.splitlines() == [
            "env-a 2026-09-01T10 to 2026-09-01T10: 6,000 ms",
            "  usage: 6,000 ms, 2 deliveries, 2,000 bytes in 1 lines",
            "env-b 2026-09-01T10 to 2026-09-01T10: 4,000 ms",
            "  usage: 4,000 ms, 2 deliveries, 2,000 bytes in 1 lines",
            "closed: 2 statements, 1, 2",
        ]

    def test_it_shows_what_stands(
        self, ready: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.call(ready, monkeypatch, "env-a", "--yes")
        [made] = make(ready, environment="env-a").before
        capsys.readouterr()
        assert self.call(ready, monkeypatch, "env-a") == 0
        assert capsys.readouterr().out.splitlines() == [
            "env-a 2026-09-01T10 to 2026-09-01T10: 6,000 ms",
            "  usage: 6,000 ms, 2 deliveries, 2,000 bytes in 1 lines",
            f"  statement 1, closed at {made.closed_at:%Y-%m-%dT%H:%M:%S}Z by {getpass.getuser()}",
            "nothing to close: 1 statements stand",
        ]

    def test_a_dry_run_shows_and_closes_nothing(
        self, ready: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.call(ready, monkeypatch, "env-b", "--dry-run", "--yes") == 0
        assert capsys.readouterr().out.splitlines() == [
            "env-b 2026-09-01T10 to 2026-09-01T10: 4,000 ms",
            "  usage: 4,000 ms, 2 deliveries, 2,000 bytes in 1 lines",
            "dry run: nothing was closed",
        ]
        assert ready.query("SELECT * FROM statements") == []

    def test_it_asks_first(
        self, ready: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.call(ready, monkeypatch, "all", answer=lambda prompt: "n") == 1
        assert capsys.readouterr().err == "refused: the statements were not confirmed\n"
        assert self.call(ready, monkeypatch, "all", answer=lambda prompt: "y") == 0

    def test_it_ends_with_1_where_the_period_is_refused(
        self, ready: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ready.execute("DELETE FROM job_watermark")
        assert self.call(ready, monkeypatch, "all", "--yes") == 1
        assert capsys.readouterr().err.startswith("refused: the media-usage job's watermark is not known yet")

    def test_force_and_who_are_recorded(self, ready: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
        ready.execute("DELETE FROM job_watermark")
        assert self.call(ready, monkeypatch, "env-a", "--yes", "--force", "month end", "--by", "ann") == 0
        assert ready.query("SELECT forced_because, closed_by FROM statements") == [("month end", "ann")]

    def test_force_wants_a_reason(self, ready: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(SystemExit):
            self.call(ready, monkeypatch, "all", "--yes", "--force", " ")

    def test_a_missing_setting_is_named(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("BILLING_DSN", raising=False)
        assert close.main(["all", "2026-09-01T10", "2026-09-01T10"]) == 2
        assert capsys.readouterr().err.startswith("close: BILLING_DSN is not set")
