"""Reprocess on a real Postgres; in place of the bounded job, SQL fills the shadow."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from datetime import timedelta

import psycopg2
import pytest

from ops import audit, reprocess, shadow
from ops.difference import Difference, EnvironmentChange, SourceChange
from ops.hours import Hours, epoch_ms
from tests.integration.billing import HOUR, NO_HOUR, SETTLED, Billing, Row
from tests.integration.ops.recount import Fill, Job, accept

NEXT = HOUR + timedelta(hours=1)
BEFORE = HOUR - timedelta(hours=1)
RANGE = Hours(HOUR, NEXT)

BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def never_asked(found: Difference) -> bool:
    raise AssertionError(found)


def counted_before(billing: Billing) -> None:
    """What the live job counted: the asset "ghost" of the batch b2 was unknown to it."""
    billing.usage(6_000)
    billing.usage(3_000, hour=NEXT)
    billing.ledger("b1", 6_000, copies=2)
    billing.ledger("b2", 0, outcomes={"unresolved-unknown-asset": 3}, unresolved={"ghost": 3})
    billing.ledger("b3", 3_000, hour=NEXT)
    billing.ledger("b4", 500, hour=NEXT, path="late")
    billing.correction("b4", 500, hour=NEXT)


def counted_anew(billing: Billing) -> None:
    """What the recount makes of the same batches, now that the asset is known."""
    billing.usage(6_000)
    billing.usage(900, environment="env-b", asset="ghost")
    billing.usage(3_000, hour=NEXT)
    billing.ledger("b1", 6_000, copies=2)
    billing.ledger("b2", 900)
    billing.ledger("b3", 3_000, hour=NEXT)
    billing.ledger("b4", 500, hour=NEXT, path="late")
    billing.correction("b4", 500, hour=NEXT)


@pytest.fixture
def live(billing: Billing) -> Billing:
    """Live tables of the range, an hour around it, and a batch of rejects only."""
    counted_before(billing)
    for hour, batch in ((BEFORE, "before"), (NEXT + timedelta(hours=1), "after")):
        billing.usage(50, hour=hour)
        billing.ledger(batch, 50, hour=hour)
    billing.ledger("rejects", 0, hour=NO_HOUR, records=0, outcomes={}, rejected={"bad-json": 1})
    billing.watermark(NEXT + SETTLED)
    return billing


def everything(billing: Billing) -> dict[str, list[Row]]:
    tables = ("media_usage", "media_usage_corrections", "batch_ledger", "hour_takeover", "collector_totals")
    return {table: sorted(billing.query(f"SELECT * FROM {table}"), key=repr) for table in tables}


def shadows(billing: Billing) -> list[Row]:
    return billing.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'reprocess%%'")


def run(live: Billing, fill: Fill = counted_anew, range_: Hours = RANGE) -> int | None:
    return reprocess.reprocess(live.dsn, range_, Job(live.dsn, fill), accept)


class TestReplacing:
    def test_the_hours_become_what_the_recount_says(self, live: Billing) -> None:
        assert run(live) == 1
        assert live.bill() == [
            (BEFORE, "env-a", "film", "1080p", 50),
            (HOUR, "env-a", "film", "1080p", 6_000),
            (HOUR, "env-b", "ghost", "1080p", 900),
            (NEXT, "env-a", "film", "1080p", 3_500),
            (NEXT + timedelta(hours=1), "env-a", "film", "1080p", 50),
        ]
        assert live.query("SELECT * FROM unresolved_assets") == []
        assert audit.audit(live.dsn).clean

    def test_all_rows_of_the_hours_carry_the_epoch_and_no_other_row_does(self, live: Billing) -> None:
        run(live)
        for table in ("media_usage", "media_usage_corrections", "batch_ledger"):
            wrong = live.query(
                f"SELECT hour, epoch FROM {table} WHERE epoch <> (hour BETWEEN %s AND %s)::int", HOUR, NEXT
            )
            assert (table, wrong) == (table, [])

    def test_every_hour_of_the_range_is_taken_over_even_an_empty_one(self, live: Billing) -> None:
        live.execute("UPDATE job_watermark SET watermark = watermark + interval '5 hours'")
        range_ = Hours(HOUR, NEXT + timedelta(hours=2))

        def fill(shadow: Billing) -> None:
            counted_anew(shadow)
            shadow.usage(50, hour=NEXT + timedelta(hours=1))
            shadow.ledger("after", 50, hour=NEXT + timedelta(hours=1))

        assert run(live, fill, range_) == 1
        taken = live.query("SELECT hour, epoch FROM hour_takeover ORDER BY hour")
        assert taken == [(hour, 1) for hour in range_]

    def test_the_job_is_told_the_hours_and_a_schema_of_its_own(self, live: Billing) -> None:
        job = Job(live.dsn, counted_anew)
        reprocess.reprocess(live.dsn, RANGE, job, accept)
        [(schema, first_hour_ms, last_hour_ms)] = job.calls
        assert (first_hour_ms, last_hour_ms) == (epoch_ms(HOUR), epoch_ms(NEXT))
        assert schema.startswith("reprocess_")

    def test_no_run_writes_where_an_earlier_one_did(self, live: Billing) -> None:
        job = Job(live.dsn, counted_anew)
        reprocess.reprocess(live.dsn, RANGE, job, accept)
        reprocess.reprocess(live.dsn, RANGE, job, accept)
        assert len({schema for schema, _, _ in job.calls}) == 2

    def test_what_the_job_writes_outside_the_hours_is_not_taken_over(self, live: Billing) -> None:
        def fill(shadow: Billing) -> None:
            counted_anew(shadow)
            shadow.usage(1, hour=BEFORE)
            shadow.ledger("before", 1, hour=BEFORE)

        run(live, fill)
        assert live.query("SELECT delivered_ms, epoch FROM media_usage WHERE hour = %s", BEFORE) == [(50, 0)]

    def test_a_batch_that_the_live_ledger_lacks_is_added(self, live: Billing) -> None:
        live.execute("DELETE FROM batch_ledger WHERE batch_id = 'b3'")
        live.execute("DELETE FROM media_usage WHERE hour = %s", NEXT)
        assert run(live) == 1
        assert live.query("SELECT billed_ms FROM batch_ledger WHERE batch_id = 'b3'") == [(3_000,)]

    def test_a_late_batch_that_the_recount_has_a_copy_on_time_of_is_counted_in_its_window(self, live: Billing) -> None:
        live.execute("UPDATE batch_ledger SET path = 'late' WHERE batch_id = 'b3'")
        live.execute("DELETE FROM media_usage WHERE hour = %s", NEXT)
        live.correction("b3", 2_000, hour=NEXT)
        assert run(live) == 1
        assert (NEXT, "env-a", "film", "1080p", 3_500) in live.bill()
        assert audit.audit(live.dsn).clean

    def test_batches_of_rejects_that_the_live_ledger_lacks_are_added_and_no_other_is_touched(
        self, live: Billing
    ) -> None:
        def fill(shadow: Billing) -> None:
            counted_before(shadow)
            for batch in ("rejects", "lost"):
                shadow.ledger(
                    batch, 0, hour=NO_HOUR, path="late", records=0, outcomes={}, rejected={"future": 7}, environments={}
                )

        shown: list[Difference] = []

        def confirm(found: Difference) -> bool:
            shown.append(found)
            return True

        live.execute("UPDATE batch_ledger SET path = 'late' WHERE hour = %s", NO_HOUR)
        live.ledger("of another time", 0, hour=NO_HOUR, records=0, outcomes={})
        assert reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, fill), confirm) == 1
        rejects = SourceChange("fastly-main", added=1, changed=0, dropped=0, first=NO_HOUR, last=NO_HOUR)
        assert shown == [Difference(sources=(rejects,))]
        rows = live.query("SELECT batch_id, rejected, epoch FROM batch_ledger WHERE hour = %s ORDER BY 1", NO_HOUR)
        assert rows == [("lost", {"future": 7}, 1), ("of another time", {}, 0), ("rejects", {"bad-json": 1}, 0)]
        assert reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, fill), never_asked) is None

    def test_every_column_is_copied(self, live: Billing) -> None:
        copies: dict[str, list[Row]] = {}
        tables = ("media_usage", "media_usage_corrections", "batch_ledger")

        def rows(billing: Billing, table: str) -> list[Row]:
            documents = billing.query(
                f"SELECT to_jsonb(t) - 'epoch' - 'updated_at' - 'recorded_at' FROM {table} AS t WHERE hour = %s", NEXT
            )
            return sorted(documents, key=repr)

        def fill(shadow: Billing) -> None:
            counted_anew(shadow)
            for batch, told in {"b3": '{"env-a": [3000, 2, 2000]}', "b4": '{"env-a": [500, 1, 1000]}'}.items():
                shadow.execute(
                    "UPDATE batch_ledger SET compared = true, environments = %s WHERE batch_id = %s", told, batch
                )
            copies.update({table: rows(shadow, table) for table in tables})

        run(live, fill)
        assert {table: rows(live, table) for table in tables} == copies

    def test_a_later_run_gets_a_higher_epoch(self, live: Billing) -> None:
        run(live)

        def fill(shadow: Billing) -> None:
            counted_anew(shadow)
            shadow.execute("UPDATE media_usage SET delivered_ms = 901 WHERE asset_id = 'ghost'")
            shadow.execute("UPDATE batch_ledger SET billed_ms = 901 WHERE batch_id = 'b2'")

        assert run(live, fill) == 2
        assert live.query("SELECT DISTINCT epoch FROM hour_takeover") == [(2,)]


class TestConfirming:
    def test_the_difference_is_shown_before_anything_is_replaced(self, live: Billing) -> None:
        shown: list[Difference] = []
        before = everything(live)

        def confirm(found: Difference) -> bool:
            shown.append(found)
            assert everything(live) == before
            return True

        reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, counted_anew), confirm)
        change = EnvironmentChange("env-b", added=1, changed=0, removed=0, before_ms=0, after_ms=900)
        batches = SourceChange("fastly-main", added=0, changed=1, dropped=0, first=HOUR, last=HOUR)
        assert shown == [Difference(environments=(change,), sources=(batches,))]

    def test_additions_changes_and_removals_are_told_apart(self, live: Billing) -> None:
        def fill(shadow: Billing) -> None:
            counted_before(shadow)
            shadow.execute("UPDATE media_usage SET delivered_ms = 5000, tier = '1440p' WHERE hour = %s", HOUR)
            shadow.execute("UPDATE batch_ledger SET billed_ms = 5000 WHERE batch_id = 'b1'")
            shadow.execute("UPDATE media_usage SET bytes = 1 WHERE hour = %s", NEXT)

        shown: list[Difference] = []
        reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, fill), lambda found: not shown.append(found))  # type: ignore[func-returns-value]  # None is falsy
        change = EnvironmentChange("env-a", added=1, changed=1, removed=1, before_ms=9_500, after_ms=8_500)
        batches = SourceChange("fastly-main", added=0, changed=1, dropped=0, first=HOUR, last=HOUR)
        assert shown == [Difference(environments=(change,), sources=(batches,))]

    def test_without_consent_nothing_changes(self, live: Billing) -> None:
        before = everything(live)
        with pytest.raises(reprocess.Refused, match="not confirmed"):
            reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, counted_anew), lambda found: False)
        assert (everything(live), shadows(live)) == (before, [])


class TestChangingNothing:
    def test_a_second_run_changes_nothing(self, live: Billing) -> None:
        run(live)
        before = everything(live)
        assert reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, counted_anew), never_asked) is None
        assert everything(live) == before
        assert live.query("SELECT last_value FROM reprocess_epoch") == [(1,)]

    def test_an_equal_recount_takes_nothing_over(self, live: Billing) -> None:
        before = everything(live)
        assert reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, counted_before), never_asked) is None
        assert everything(live) == before
        assert live.query("SELECT is_called FROM reprocess_epoch") == [(False,)]

    def test_builds_and_which_of_several_copies_was_kept_are_no_difference(self, live: Billing) -> None:
        def fill(shadow: Billing) -> None:
            counted_before(shadow)
            shadow.execute("UPDATE batch_ledger SET builds = 'new', published_at = now()")
            shadow.execute("UPDATE batch_ledger SET boot_id = 'boot-9', copies = 1 WHERE batch_id = 'b1'")
            shadow.ledger("b1", 6_000, path="late")
            shadow.correction("b1", 6_000)

        assert reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, fill), never_asked) is None

    def test_copies_that_the_pipeline_itself_made_are_no_difference(self, live: Billing) -> None:
        live.execute("UPDATE batch_ledger SET copies = copies + 3")
        assert reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, counted_before), never_asked) is None

    @pytest.mark.parametrize(
        "column",
        ["rule_version = '2'", "rejected = '{\"bad-json\": 1}'", "source_id = 'edge'", "copies = 3"],
    )
    def test_a_changed_account_of_a_batch_is_a_difference(self, live: Billing, column: str) -> None:
        def fill(shadow: Billing) -> None:
            counted_before(shadow)
            shadow.execute(f"UPDATE batch_ledger SET {column} WHERE batch_id = 'b1'")

        assert run(live, fill) == 1

    def test_an_empty_hour_stays_empty(self, billing: Billing) -> None:
        billing.watermark(NEXT + SETTLED)
        nothing = Job(billing.dsn, lambda shadow: None)
        assert reprocess.reprocess(billing.dsn, RANGE, nothing, never_asked) is None


class TestRefusing:
    def refused(self, live: Billing, fill: Fill = counted_anew, range_: Hours = RANGE) -> str:
        before = everything(live)
        with pytest.raises(reprocess.Refused) as refusal:
            run(live, fill, range_)
        assert (everything(live), shadows(live)) == (before, [])
        return str(refusal.value)

    def test_an_hour_that_is_not_settled(self, live: Billing) -> None:
        live.execute("UPDATE job_watermark SET watermark = watermark - interval '1 millisecond'")
        assert self.refused(live) == (
            "2026-09-01T11 is not settled: the media-usage job's watermark is at 2026-09-04T11:59,"
            " and must reach 2026-09-04T12:00"
        )

    def test_hours_of_a_job_that_never_ran(self, live: Billing) -> None:
        live.execute("DELETE FROM job_watermark")
        assert "watermark is not known yet" in self.refused(live)

    def test_the_hour_of_rejects_only(self, live: Billing) -> None:
        assert self.refused(live, range_=Hours(NO_HOUR, NEXT)) == (
            "1970-01-01T00 holds batches of nothing but rejected lines: they are counted with the hours that they were"
            " published in"
        )

    def test_a_recount_that_lacks_a_batch(self, live: Billing) -> None:
        def fill(shadow: Billing) -> None:
            counted_anew(shadow)
            shadow.execute("DELETE FROM batch_ledger WHERE batch_id = 'b2'")
            shadow.execute("DELETE FROM media_usage WHERE asset_id = 'ghost'")

        assert self.refused(live, fill) == (
            "the recount lacks 1 batches of the bill (fastly-main 2026-09-01T10 b2): if they have just"
            " arrived, run again; if raw has expired, set REPROCESS_SOURCE=enriched; if somebody made them by hand,"
            " give --drop for each"
        )

    def test_a_recount_that_lacks_the_copy_on_time_of_a_batch(self, live: Billing) -> None:
        """Raw has lost that copy, and enriched may have it: read again, its row would end the late one's correction."""

        def fill(shadow: Billing) -> None:
            counted_before(shadow)
            shadow.execute("UPDATE batch_ledger SET path = 'late' WHERE batch_id = 'b1'")
            shadow.execute("DELETE FROM media_usage WHERE hour = %s", HOUR)
            shadow.correction("b1", 6_000)
            shadow.execute("UPDATE media_usage_corrections SET deliveries = 2, bytes = 2000 WHERE batch_id = 'b1'")

        live.ledger("b1", 6_000, path="late")
        told = self.refused(live, fill)
        assert told.startswith("the recount lacks 1 batches of the bill (fastly-main 2026-09-01T10 b1): ")
        assert "set REPROCESS_SOURCE=enriched" in told

    def test_a_recount_of_nothing(self, live: Billing) -> None:
        assert "lacks 4 batches" in self.refused(live, lambda shadow: None)

    def test_a_recount_that_does_not_add_up(self, live: Billing) -> None:
        def fill(shadow: Billing) -> None:
            counted_anew(shadow)
            shadow.execute("DELETE FROM media_usage WHERE asset_id = 'ghost'")

        assert self.refused(live, fill).startswith("the recount does not add up: 2026-09-01T10: billed 6000 ms")

    def test_a_batch_that_arrives_between_showing_and_replacing(self, live: Billing) -> None:
        def confirm(found: Difference) -> bool:
            live.ledger("b5", 0, path="late")
            return True

        with pytest.raises(reprocess.Refused, match="fastly-main 2026-09-01T10 b5"):
            reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, counted_anew), confirm)
        assert live.query("SELECT max(epoch) FROM batch_ledger") == [(0,)]
        assert shadows(live) == []

    @pytest.mark.parametrize("moment", ["counting", "showing"])
    def test_a_late_batch_whose_correction_is_committed_before_its_row_in_the_ledger(
        self, live: Billing, moment: str
    ) -> None:
        """By a release with two sinks: replacing would delete the correction, and only the row would come."""

        def arrive() -> None:
            live.correction("b5", 70)

        def fill(shadow: Billing) -> None:
            counted_anew(shadow)
            if moment == "counting":
                arrive()

        def confirm(found: Difference) -> bool:
            arrive()
            return True

        with pytest.raises(reprocess.Refused, match=r"lacks 1 batches .*\(corrections 2026-09-01T10 b5\).* run again"):
            reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, fill), confirm)
        live.ledger("b5", 70, path="late")
        assert live.bill()[1] == (HOUR, "env-a", "film", "1080p", 6_070)

    def test_a_correction_whose_batch_the_recount_has_is_no_batch_that_it_lacks(self, live: Billing) -> None:
        def fill(shadow: Billing) -> None:
            counted_anew(shadow)
            shadow.ledger("b5", 70, path="late")
            shadow.correction("b5", 70)

        live.correction("b5", 70)
        assert run(live, fill) == 1
        assert audit.audit(live.dsn).clean

    def test_a_second_run_at_the_same_time(self, live: Billing) -> None:
        def fill(shadow: Billing) -> None:
            with pytest.raises(reprocess.Refused, match="another reprocess is running"):
                run(live)
            counted_anew(shadow)

        assert run(live, fill) == 1


class TestDropping:
    """Rows that somebody made by hand: their batches were never in raw."""

    @pytest.fixture
    def added(self, live: Billing) -> Billing:
        live.ledger("b9", 70)
        live.usage(70, asset="by-hand")
        return live

    def test_a_batch_is_let_go_on_request(self, added: Billing) -> None:
        shown: list[Difference] = []

        def confirm(found: Difference) -> bool:
            shown.append(found)
            return True

        job = Job(added.dsn, counted_before)
        assert reprocess.reprocess(added.dsn, RANGE, job, confirm, ["b9"]) == 1
        batches = SourceChange("fastly-main", added=0, changed=0, dropped=1, first=HOUR, last=HOUR)
        change = EnvironmentChange("env-a", added=0, changed=0, removed=1, before_ms=70, after_ms=0)
        assert shown == [Difference(environments=(change,), sources=(batches,))]
        assert added.query("SELECT FROM batch_ledger WHERE batch_id = 'b9'") == []
        assert audit.audit(added.dsn).clean

    @pytest.mark.parametrize("name", ["b1", "b8"], ids=["it is in raw", "there is none"])
    def test_no_other_batch_can_be_let_go(self, added: Billing, name: str) -> None:
        with pytest.raises(reprocess.Refused, match=f"not lacking in the recount, or not in these hours: {name}"):
            reprocess.reprocess(added.dsn, RANGE, Job(added.dsn, counted_before), accept, ["b9", name])

    def test_any_other_that_is_lacking_is_refused_as_ever(self, added: Billing) -> None:
        added.ledger("b8", 0)
        with pytest.raises(reprocess.Refused, match=r"lacks 1 batches .* b8\)"):
            reprocess.reprocess(added.dsn, RANGE, Job(added.dsn, counted_before), accept, ["b9"])


class TestTimeOfRecord:
    """An adjustment names the batches that were recorded since the last close."""

    @pytest.fixture
    def recorded(self, live: Billing) -> Billing:
        live.execute("UPDATE batch_ledger SET recorded_at = %s", HOUR)
        return live

    def changed(self, billing: Billing) -> list[Row]:
        return billing.query("SELECT batch_id FROM batch_ledger WHERE recorded_at > %s ORDER BY 1", HOUR)

    def test_a_batch_whose_account_changes_is_recorded_anew(self, recorded: Billing) -> None:
        run(recorded)
        assert self.changed(recorded) == [("b2",)]

    def test_so_is_one_that_was_not_in_the_ledger(self, recorded: Billing) -> None:
        recorded.execute("DELETE FROM batch_ledger WHERE batch_id = 'b3'")
        run(recorded)
        assert self.changed(recorded) == [("b2",), ("b3",)]


def killed_at(moment: str, dsn: str) -> None:
    """Runs in a process of its own, and ends it with SIGKILL."""

    def die(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    module, step = (reprocess, "_next_epoch") if moment == "before the commit" else (shadow, "drop")
    pytest.MonkeyPatch().setattr(module, step, die)
    reprocess.reprocess(dsn, RANGE, Job(dsn, counted_anew), accept)


class TestKilled:
    def kill(self, live: Billing, moment: str) -> None:
        child = multiprocessing.get_context("spawn").Process(target=killed_at, args=(moment, live.dsn))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        assert len(shadows(live)) == 1

    def test_before_the_commit_nothing_has_changed_and_the_next_run_replaces(self, live: Billing) -> None:
        before = everything(live)
        self.kill(live, "before the commit")
        assert everything(live) == before
        assert run(live) is not None
        assert shadows(live) == []

    def test_after_the_commit_all_is_replaced_and_the_next_run_changes_nothing(self, live: Billing) -> None:
        self.kill(live, "after the commit")
        before = everything(live)
        assert (HOUR, "env-b", "ghost", "1080p", 900) in live.bill()
        assert reprocess.reprocess(live.dsn, RANGE, Job(live.dsn, counted_anew), never_asked) is None
        assert (everything(live), shadows(live)) == (before, [])


class TestDyingHalfWay:
    def test_a_job_that_fails_changes_nothing(self, live: Billing) -> None:
        before = everything(live)

        def fill(shadow: Billing) -> None:
            counted_anew(shadow)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(live, fill)
        assert (everything(live), shadows(live)) == (before, [])

    def test_a_connection_lost_before_the_commit_changes_nothing(
        self, live: Billing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = everything(live)
        take_epoch = reprocess._next_epoch

        def killed(cursor: psycopg2.extensions.cursor) -> int:
            epoch = take_epoch(cursor)
            live.execute("SELECT pg_terminate_backend(%s)", cursor.connection.info.backend_pid)
            return epoch

        monkeypatch.setattr(reprocess, "_next_epoch", killed)
        with pytest.raises(psycopg2.Error):
            run(live)
        assert (everything(live), shadows(live)) == (before, [])

    def test_an_error_in_the_midst_of_replacing_changes_nothing(self, live: Billing) -> None:
        before = everything(live)
        live.execute("ALTER TABLE hour_takeover ADD CONSTRAINT never CHECK (epoch < 0)")
        with pytest.raises(psycopg2.errors.CheckViolation):
            run(live)
        assert (everything(live), shadows(live)) == (before, [])

    def test_the_next_run_clears_what_a_killed_one_left(self, live: Billing) -> None:
        live.execute("CREATE SCHEMA reprocess_1")
        live.execute("CREATE TABLE reprocess_1.media_usage (hour timestamptz)")
        live.execute("CREATE SCHEMA reprocess_notes")
        assert run(live) == 1
        assert shadows(live) == [("reprocess_notes",)]

    def test_a_killed_run_holds_no_lock(self, live: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
        self.test_a_connection_lost_before_the_commit_changes_nothing(live, monkeypatch)
        monkeypatch.undo()
        assert run(live) is not None


class TestAgainstTheLiveJob:
    def test_its_writes_wait_for_the_commit(self, live: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
        """A write that comes while the hours are replaced sees the takeover, and cannot slip in before it."""
        take_epoch = reprocess._next_epoch
        writer = Billing(live.dsn)
        seen: list[int] = []

        def write() -> None:
            seen.append(
                writer.execute(
                    "INSERT INTO media_usage SELECT %s, 'env-c', 'film', '1080p', 1, 1, 1, 1, 0"
                    " WHERE NOT EXISTS (SELECT FROM hour_takeover WHERE hour = %s)",
                    *(HOUR, HOUR),
                )
            )

        thread = threading.Thread(target=write)

        def with_a_writer(cursor: psycopg2.extensions.cursor) -> int:
            thread.start()
            while live.query(BLOCKED) != [(1,)]:
                pass
            return take_epoch(cursor)

        monkeypatch.setattr(reprocess, "_next_epoch", with_a_writer)
        run(live)
        thread.join()
        writer.close()
        assert seen == [0]


class TestCommand:
    def call(self, live: Billing, monkeypatch: pytest.MonkeyPatch, fill: Fill, *arguments: str) -> int:
        monkeypatch.setenv("BILLING_DSN", live.dsn)
        monkeypatch.setattr(reprocess, "flink_runner", lambda flink_run: Job(live.dsn, fill))
        return reprocess.main(["2026-09-01T10", "2026-09-01T11", *arguments])

    def test_it_shows_the_difference_and_replaces(
        self, live: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.call(live, monkeypatch, counted_anew, "--yes") == 0
        assert capsys.readouterr().out.splitlines() == [
            "env-b: 1 rows added, 0 changed, 0 removed; 0 ms -> 900 ms (+900)",
            "fastly-main: 0 batches added, 1 changed, 0 dropped; 2026-09-01T10 to 2026-09-01T10",
            "replaced hours 2026-09-01T10 to 2026-09-01T11, epoch 1",
        ]

    def test_it_says_that_nothing_changed(
        self, live: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.call(live, monkeypatch, counted_before) == 0
        assert capsys.readouterr().out == "hours 2026-09-01T10 to 2026-09-01T11: nothing changed\n"

    def test_it_ends_with_1_where_the_hours_are_refused(
        self, live: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        live.execute("DELETE FROM job_watermark")
        assert self.call(live, monkeypatch, counted_anew, "--yes") == 1
        assert capsys.readouterr().err.startswith("refused: 2026-09-01T11 is not settled")

    def test_a_dry_run_shows_the_difference_and_ends_with_1(
        self, live: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        before = everything(live)
        assert self.call(live, monkeypatch, counted_anew, "--dry-run", "--yes") == 1
        assert capsys.readouterr().out.splitlines() == [
            "env-b: 1 rows added, 0 changed, 0 removed; 0 ms -> 900 ms (+900)",
            "fastly-main: 0 batches added, 1 changed, 0 dropped; 2026-09-01T10 to 2026-09-01T10",
            "dry run: hours 2026-09-01T10 to 2026-09-01T11 differ, nothing was replaced",
        ]
        assert everything(live) == before

    def test_a_dry_run_without_a_difference_ends_with_0(self, live: Billing, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.call(live, monkeypatch, counted_before, "--dry-run") == 0

    def test_batches_to_drop_are_handed_on(
        self, live: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        live.ledger("b8", 0)
        live.ledger("b9", 0)
        assert self.call(live, monkeypatch, counted_before, "--yes", "--drop", "b8", "--drop", "b9") == 0
        assert capsys.readouterr().out.splitlines()[:-1] == [
            "fastly-main: 0 batches added, 0 changed, 2 dropped; 2026-09-01T10 to 2026-09-01T10"
        ]

    def test_it_replaces_nothing_where_nobody_can_be_asked(
        self, live: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def no_terminal(prompt: str) -> str:
            raise EOFError

        monkeypatch.setattr("builtins.input", no_terminal)
        assert self.call(live, monkeypatch, counted_anew) == 1
        assert capsys.readouterr().err == "refused: the difference was not confirmed\n"

    def test_a_missing_setting_is_named(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.delenv("BILLING_DSN", raising=False)
        assert reprocess.main(["2026-09-01T10", "2026-09-01T11"]) == 2
        assert capsys.readouterr().err.startswith("reprocess: BILLING_DSN is not set")
