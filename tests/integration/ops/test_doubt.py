"""Marks of doubt on a real Postgres: who sets them, who shows them, who takes them away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest

from jobs.build import BUILD_ID
from ops import doubt, reprocess
from ops.close import NotReady, Order, close
from ops.difference import Difference
from ops.hours import Hours
from tests.integration.billing import HOUR, NO_HOUR, SETTLED, Billing

NEXT = HOUR + timedelta(hours=1)
LATER = HOUR + timedelta(hours=2)
RANGE = Hours(HOUR, LATER)
BROKEN = "collector/broken/usage"
SOUND = "collector/sound/usage"


def marked(billing: Billing) -> list[tuple[datetime, str, str]]:
    with closing(psycopg2.connect(billing.dsn)) as connection:
        return [(found.hour, found.job, found.build) for found in doubt.standing(connection)]


def now(billing: Billing) -> datetime:
    [(moment,)] = billing.query("SELECT clock_timestamp()")
    return moment  # type: ignore[no-any-return]  # a timestamptz


@pytest.fixture
def touched(billing: Billing) -> Billing:
    """Three settled hours, of which the broken enrichment build has a batch in the first and in the last."""
    for number, (hour, builds) in enumerate([(HOUR, BROKEN), (NEXT, SOUND), (LATER, BROKEN)]):
        billing.usage(1_000, hour=hour)
        billing.ledger(f"b{number}", 1_000, hour=hour, builds=builds)
    billing.ledger("b9", 0, hour=NO_HOUR, records=0, outcomes={}, builds=BROKEN)
    billing.watermark(LATER + SETTLED)
    return billing


class TestMarking:
    def test_hours_that_hold_a_batch_of_the_build_are_marked_and_no_others(self, touched: Billing) -> None:
        assert doubt.mark(touched.dsn, "enrichment", "broken") == [HOUR, LATER]
        assert marked(touched) == [(HOUR, "enrichment", "broken"), (LATER, "enrichment", "broken")]

    def test_a_build_is_broken_in_the_job_that_it_was_marked_for(self, touched: Billing) -> None:
        assert doubt.mark(touched.dsn, "media-usage", "broken") == []

    def test_marking_twice_changes_nothing(self, touched: Billing) -> None:
        first = doubt.mark(touched.dsn, "enrichment", "broken")
        assert doubt.mark(touched.dsn, "enrichment", "broken") == first

    def test_a_batch_of_the_build_that_is_counted_later_marks_its_hour(self, touched: Billing) -> None:
        """What the build has committed to enriched before it was stopped may not be counted yet."""
        doubt.mark(touched.dsn, "enrichment", "broken")
        touched.ledger("b3", 1_000, hour=NEXT, builds=BROKEN)
        touched.ledger("b4", 1_000, hour=NEXT + timedelta(days=1), builds=SOUND)
        assert [hour for hour, _, _ in marked(touched)] == [HOUR, NEXT, LATER]

    def test_every_hour_that_was_written_since_a_moment_is_marked_on_request(self, touched: Billing) -> None:
        """The build before counts the same batches again under its own name: the ledger no longer tells."""
        since = now(touched)
        touched.usage(500, hour=NEXT, asset="other")
        touched.correction("b7", 70, hour=LATER)
        assert doubt.mark(touched.dsn, "media-usage", "gone", since) == [NEXT, LATER]

    def test_settings_are_marked_by_time_alone(self, touched: Billing) -> None:
        since = now(touched)
        touched.usage(500, hour=NEXT, asset="other")
        assert doubt.mark(touched.dsn, "enrichment", "", since) == [NEXT]
        assert touched.query("SELECT * FROM broken_builds") == []

    @pytest.mark.parametrize(("job", "build"), [("enrichment", ""), ("media-usage", "gone")])
    def test_an_hour_that_was_billed_as_nothing_since_is_marked_too(
        self, touched: Billing, job: doubt.Job, build: str
    ) -> None:
        """Wrong settings resolve no asset: the hour has batches in the ledger, and no row of usage."""
        since = now(touched)
        nothing = HOUR - timedelta(hours=1)
        touched.ledger("b7", 0, hour=nothing, outcomes={"unresolved-unknown-asset": 3}, unresolved={"film": 3})
        touched.ledger("b8", 0, hour=NO_HOUR, records=0, outcomes={})
        assert doubt.mark(touched.dsn, job, build, since) == [nothing]
        with pytest.raises(NotReady, match="2026-09-01T09 "):
            close(touched.dsn, Order(environment=None, hours=Hours(nothing, HOUR), by="ann"), lambda _: True)

    def test_a_copy_that_changes_nothing_since_marks_no_hour(self, touched: Billing) -> None:
        since = now(touched)
        touched.execute("UPDATE batch_ledger SET copies = copies + 1")
        assert doubt.mark(touched.dsn, "enrichment", "", since) == []

    def test_a_row_that_is_being_written_is_waited_for(self, touched: Billing) -> None:
        """The media-usage job's transaction began before the marking and commits after it."""
        found: list[datetime] = []
        marking = threading.Thread(target=lambda: found.extend(doubt.mark(touched.dsn, "enrichment", "broken")))
        with closing(psycopg2.connect(touched.dsn)) as writer, writer, writer.cursor() as cursor:
            cursor.execute("UPDATE batch_ledger SET builds = %s WHERE hour = %s", (BROKEN, NEXT))
            marking.start()
            marking.join(0.5)
            assert marking.is_alive()
        marking.join(30)
        assert found == [HOUR, NEXT, LATER]


class TestWhatTheMarksDo:
    def test_the_bill_shows_them(self, touched: Billing) -> None:
        doubt.mark(touched.dsn, "enrichment", "broken")
        shown = touched.query("SELECT hour, in_doubt FROM billable_usage ORDER BY hour")
        assert shown == [(HOUR, True), (NEXT, False), (LATER, True)]

    def test_a_period_that_holds_one_is_not_closed(self, touched: Billing) -> None:
        doubt.mark(touched.dsn, "enrichment", "broken")
        order = Order(environment=None, hours=Hours(HOUR, NEXT), by="ann")
        with pytest.raises(NotReady) as refused:
            close(touched.dsn, order, lambda _: True)
        assert str(refused.value) == "2026-09-01T10 build broken of enrichment had a hand in it: reprocess it"

    def test_a_period_without_one_is(self, touched: Billing) -> None:
        doubt.mark(touched.dsn, "enrichment", "broken")
        order = Order(environment=None, hours=Hours(NEXT, NEXT), by="ann", force=None)
        touched.execute("DELETE FROM hours_in_doubt WHERE hour < %s", NEXT)
        assert len(close(touched.dsn, order, lambda _: True).made) == 1

    @pytest.mark.parametrize(
        ("job", "build", "told"),
        [
            pytest.param("enrichment", "broken", "doubt: 2 hours\n", id="some hours"),
            pytest.param("media-usage", "never-ran", "doubt: 0 hours\n", id="none"),
        ],
    )
    def test_the_command_lists_them(
        self,
        touched: Billing,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        job: doubt.Job,
        build: str,
        told: str,
    ) -> None:
        monkeypatch.setenv("BILLING_DSN", touched.dsn)
        assert doubt.main(["mark", job, build]) == 0
        capsys.readouterr()
        assert doubt.main([]) == int("2" in told)
        assert capsys.readouterr().out.endswith(told)


class TestReprocess:
    """The recount counts other milliseconds than the bill, or the same ones."""

    def recount(self, billing: Billing, builds: str, usage_ms: int) -> Callable[[str, int, int], None]:
        def run(schema: str, first_hour_ms: int, last_hour_ms: int) -> None:
            shadow = Billing(billing.dsn, schema)
            for number, hour in enumerate(RANGE):
                shadow.usage(usage_ms, hour=hour)
                shadow.ledger(f"b{number}", usage_ms, hour=hour, builds=builds)
            shadow.close()

        return run

    @pytest.mark.parametrize("usage_ms", [pytest.param(900, id="replaced"), pytest.param(1_000, id="confirmed")])
    def test_a_recount_by_a_sound_build_takes_the_marks_away(self, touched: Billing, usage_ms: int) -> None:
        doubt.mark(touched.dsn, "enrichment", "broken")
        reprocess.reprocess(touched.dsn, RANGE, self.recount(touched, SOUND, usage_ms), lambda _: True)
        assert marked(touched) == []

    def test_hours_outside_of_it_stay_marked(self, touched: Billing) -> None:
        doubt.mark(touched.dsn, "enrichment", "broken")
        first = Hours(HOUR, HOUR)
        reprocess.reprocess(touched.dsn, first, self.recount(touched, SOUND, 900), lambda _: True)
        assert marked(touched) == [(LATER, "enrichment", "broken")]

    @pytest.mark.parametrize("usage_ms", [pytest.param(900, id="replaced"), pytest.param(1_000, id="confirmed")])
    def test_a_recount_of_what_the_broken_build_has_enriched_leaves_them(self, touched: Billing, usage_ms: int) -> None:
        """REPROCESS_SOURCE=enriched reads the very batches that are wrong."""
        doubt.mark(touched.dsn, "enrichment", "broken")
        first = Hours(HOUR, HOUR)
        reprocess.reprocess(touched.dsn, first, self.recount(touched, BROKEN, usage_ms), lambda _: True)
        assert (HOUR, "enrichment", "broken") in marked(touched)

    @pytest.mark.parametrize("usage_ms", [pytest.param(900, id="replaced"), pytest.param(1_000, id="confirmed")])
    @pytest.mark.parametrize(
        ("job", "build", "source", "stays"),
        [
            pytest.param("enrichment", "", "enriched", True, id="settings of enrichment"),
            pytest.param("enrichment", "gone", "enriched", True, id="a build of enrichment"),
            pytest.param("media-usage", "", "enriched", False, id="settings of media usage"),
            pytest.param("enrichment", "", "raw", False, id="settings of enrichment, raw"),
        ],
    )
    def test_what_was_enriched_wrongly_is_healed_from_raw_only(
        self, touched: Billing, usage_ms: int, job: doubt.Job, build: str, source: str, stays: bool
    ) -> None:
        """No row of the ledger tells batches of wrong settings from others."""
        doubt.mark(touched.dsn, job, build, HOUR - timedelta(days=365))
        recount = self.recount(touched, SOUND, usage_ms)
        reprocess.reprocess(touched.dsn, RANGE, recount, lambda _: True, source=source)
        assert marked(touched) == [(hour, job, build) for hour in RANGE if stays]

    @pytest.mark.parametrize(("source", "status"), [("enriched", 1), ("raw", 0)])
    def test_the_command_knows_what_it_reads(
        self, touched: Billing, monkeypatch: pytest.MonkeyPatch, source: str, status: int
    ) -> None:
        doubt.mark(touched.dsn, "enrichment", "", HOUR - timedelta(days=365))
        monkeypatch.setenv("BILLING_DSN", touched.dsn)
        monkeypatch.setenv("REPROCESS_SOURCE", source)
        monkeypatch.setattr(reprocess, "flink_runner", lambda flink_run: self.recount(touched, SOUND, 1_000))
        assert reprocess.main(["2026-09-01T10", "2026-09-01T12"]) == 0
        assert doubt.main([]) == status

    @pytest.mark.parametrize(
        ("write", "told"),
        [
            pytest.param(
                lambda billing: billing.ledger("b5", 70, hour=NEXT, path="late", builds=BROKEN),
                "lacks 1 batches",
                id="a batch of the broken build",
            ),
            pytest.param(
                lambda billing: billing.execute("UPDATE media_usage SET delivered_ms = 1001"),
                "the bill has changed since it was compared: run again",
                id="a row of the bill",
            ),
        ],
    )
    def test_they_stay_where_anything_is_counted_after_the_comparison(
        self, touched: Billing, monkeypatch: pytest.MonkeyPatch, write: Callable[[Billing], None], told: str
    ) -> None:
        compare = reprocess._compare

        def then_write(*arguments: Any) -> Difference:
            found = compare(*arguments)
            write(touched)
            return found

        doubt.mark(touched.dsn, "enrichment", "broken")
        monkeypatch.setattr(reprocess, "_compare", then_write)
        with pytest.raises(reprocess.Refused, match=told):
            reprocess.reprocess(touched.dsn, RANGE, self.recount(touched, SOUND, 1_000), lambda _: True)
        assert {HOUR, LATER} <= {hour for hour, _, _ in marked(touched)}

    def test_a_recount_that_confirms_hours_without_marks_waits_for_no_writer(self, touched: Billing) -> None:
        with closing(psycopg2.connect(touched.dsn)) as writer, writer, writer.cursor() as cursor:
            cursor.execute("UPDATE batch_ledger SET copies = copies + 1")
            run = self.recount(touched, SOUND, 1_000)
            assert reprocess.reprocess(touched.dsn, RANGE, run, lambda _: True) is None

    def test_a_dry_run_leaves_them(self, touched: Billing) -> None:
        doubt.mark(touched.dsn, "enrichment", "broken")
        run = self.recount(touched, SOUND, 1_000)
        reprocess.reprocess(touched.dsn, RANGE, run, lambda _: False, trust=False)
        assert len(marked(touched)) == 2

    def test_what_is_declined_leaves_them(self, touched: Billing) -> None:
        def decline(found: Difference) -> bool:
            return False

        doubt.mark(touched.dsn, "enrichment", "broken")
        with pytest.raises(reprocess.Declined):
            reprocess.reprocess(touched.dsn, RANGE, self.recount(touched, SOUND, 900), decline)
        assert len(marked(touched)) == 2

    def test_a_broken_build_counts_nothing_anew(self, touched: Billing) -> None:
        doubt.mark(touched.dsn, "media-usage", BUILD_ID)
        with pytest.raises(reprocess.Refused, match=f"this is build {BUILD_ID}, which is marked as broken"):
            reprocess.reprocess(touched.dsn, RANGE, self.recount(touched, SOUND, 900), lambda _: True)

    def test_a_copy_that_comes_after_it_brings_no_mark_back(self, touched: Billing) -> None:
        doubt.mark(touched.dsn, "enrichment", "broken")
        reprocess.reprocess(touched.dsn, RANGE, self.recount(touched, SOUND, 1_000), lambda _: True)
        touched.execute("UPDATE batch_ledger SET copies = copies + 1 WHERE batch_id = 'b0'")
        assert marked(touched) == []
