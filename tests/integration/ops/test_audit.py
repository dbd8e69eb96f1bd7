"""The audit on a real Postgres: clean tables, and every kind of difference that it must name."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from ops import audit
from tests.integration.billing import HOUR, NO_HOUR, SETTLED, Billing
from tests.integration.ops import damage
from tests.integration.ops.damage import DAMAGE, NEXT, differences


@pytest.fixture
def sound(billing: Billing) -> Billing:
    """Two settled hours."""
    damage.count(billing)
    damage.claim(billing)
    billing.watermark(NEXT + SETTLED)
    return billing


def test_sound_tables_pass_every_check(sound: Billing) -> None:
    report = audit.report(audit.audit(sound.dsn))
    assert report.splitlines() == [
        "audit: hours 1970-01-01T00 to 2026-09-01T11",
        "5 batches (2 further copies dropped)",
        "8 records: billed 6, not-modified 1, unresolved-unknown-asset 1",
        "7 rejected lines (1 replayed): future 5, bad-json 2",
        "every record has one outcome                          6 batches            ok",
        "every hour bills what its batches say                 3 hours              ok",
        "every late batch is corrected as it says              2 late batches       ok",
        "every acknowledged batch is in the ledger             3 collector sources  ok",
    ]


@pytest.mark.parametrize(("harm", "expected"), DAMAGE.values(), ids=DAMAGE)
def test_a_difference_is_named(sound: Billing, harm: str, expected: list[str]) -> None:
    sound.execute(harm)
    assert differences(sound) == expected


def test_the_copy_of_an_on_time_batch_may_differ_in_its_late_row(sound: Billing) -> None:
    sound.execute(
        """UPDATE batch_ledger SET billed_ms = 9, environments = '{"env-a": [9, 1, 1]}'"""
        " WHERE batch_id = 'b3' AND path = 'late'"
    )
    assert differences(sound) == []


def test_where_an_earlier_release_wrote_a_batch_only_milliseconds_of_its_hour_are_compared(sound: Billing) -> None:
    sound.execute("UPDATE batch_ledger SET environments = NULL WHERE batch_id = 'b1'")
    sound.execute("UPDATE media_usage SET bytes = 1, environment_id = environment_id || '-c' WHERE hour = %s", HOUR)
    assert differences(sound) == []
    sound.execute("UPDATE media_usage SET delivered_ms = 4001 WHERE delivered_ms = 4000")
    assert differences(sound) == [
        "2026-09-01T10: billed 10501 ms, batches say 10500 ms (akamai 4500 ms, fastly-main 6000 ms): 1 ms too much"
    ]


def test_a_loss_is_dated_by_the_heartbeats_that_claimed_what_is_lacking(sound: Billing) -> None:
    """Batches 1 and 2 are there, 3 and 5 are lost, 4 came between them."""
    sound.execute("DELETE FROM collector_claims")
    for number, hour in ((2, HOUR), (3, NEXT), (4, NEXT + timedelta(hours=1)), (5, NEXT + timedelta(hours=2))):
        sound.totals(number, 5 * number, source="edge", told=hour + timedelta(minutes=30))
    for number, hour in ((1, HOUR), (2, HOUR), (4, NEXT + timedelta(hours=1))):
        sound.ledger(f"e{number}", 0, records=5, source="edge", environments={})
        sound.execute("UPDATE batch_ledger SET published_at = %s WHERE batch_id = %s", hour, f"e{number}")
    assert differences(sound) == [
        (
            "edge: 2 batches, 10 records lost of collector boot-1 (5/25/0 acknowledged, 3/15/0 in ledger,"
            " lacking since 2026-09-01T11, all since 2026-09-01T13)"
        )
    ]


def test_processes_that_were_gone_before_the_first_hour_are_left_out(sound: Billing) -> None:
    sound.totals(9, 9, source="edge", boot="boot-0", told=HOUR - timedelta(minutes=1))
    assert not audit.audit(sound.dsn).clean
    assert audit.audit(sound.dsn, first=HOUR).clean


def test_a_process_may_be_ahead_of_its_last_heartbeat(sound: Billing) -> None:
    sound.execute("UPDATE collector_totals SET batches = 1, records = 1, rejected = 0")
    assert differences(sound) == []


TOLD = "UPDATE collector_totals SET told_at = clock_timestamp(), told_batches = batches"
LOST_WITH_ITS_SUMS, NAMED = DAMAGE["a ledger row deleted with its sums"]


def test_what_a_process_publishes_later_makes_up_for_no_loss(sound: Billing) -> None:
    sound.execute(TOLD)
    sound.execute(LOST_WITH_ITS_SUMS)
    for number in range(3):
        sound.ledger(f"later-{number}", 0, environments={})
    assert differences(sound) == NAMED


def test_totals_without_the_time_of_their_heartbeat_are_compared_as_before(sound: Billing) -> None:
    """A release before this one goes on with totals that an upgraded job had written."""
    sound.execute(TOLD)
    sound.execute("UPDATE collector_totals SET batches = batches + 1 WHERE boot_id = 'boot-1'")
    assert [line.partition(" lost")[0] for line in differences(sound)] == ["fastly-main: 1 batches"]
    sound.ledger("later", 0, environments={})
    assert differences(sound) == []


def test_batches_of_other_writers_need_no_heartbeat(sound: Billing) -> None:
    sound.ledger("b9", 0, boot="", source="backfill")
    assert differences(sound) == []


class TestRange:
    def compared(self, billing: Billing, **range_: object) -> str:
        return str(audit.audit(billing.dsn, **range_).compared)  # type: ignore[arg-type]  # first and last only

    def test_only_settled_hours_are_compared_unless_asked(self, sound: Billing) -> None:
        sound.execute("UPDATE job_watermark SET watermark = watermark - interval '1 millisecond'")
        sound.execute("DELETE FROM media_usage WHERE hour = %s", NEXT)
        assert self.compared(sound) == "1970-01-01T00 to 2026-09-01T10"
        assert differences(sound) == []

    def test_younger_hours_are_compared_on_request(self, sound: Billing) -> None:
        sound.execute("UPDATE job_watermark SET watermark = %s", NEXT + timedelta(hours=1))
        assert self.compared(sound, first=HOUR, last=NEXT) == "2026-09-01T10 to 2026-09-01T11"

    def test_hours_before_the_watermark_are_never_compared(self, sound: Billing) -> None:
        sound.execute("UPDATE job_watermark SET watermark = %s", NEXT + timedelta(minutes=59))
        assert self.compared(sound, first=HOUR, last=NEXT) == "2026-09-01T10 to 2026-09-01T10"

    @pytest.mark.parametrize("job", ["media-usage", "enrichment"])
    def test_without_a_settled_hour_only_collectors_are_compared(self, billing: Billing, job: str) -> None:
        billing.watermark(NO_HOUR, job)
        billing.usage(5)
        found = audit.audit(billing.dsn)
        assert (found.compared, found.clean) == (None, True)
        assert audit.report(found).splitlines() == [
            "audit: no hour can be compared yet",
            "every acknowledged batch is in the ledger             0 collector sources  ok",
        ]

    def test_a_range_leaves_differences_outside_of_it_out(self, sound: Billing) -> None:
        sound.execute("DELETE FROM media_usage WHERE hour = %s", HOUR)
        assert audit.audit(sound.dsn, first=NEXT).clean
        assert not audit.audit(sound.dsn, last=HOUR).clean


class TestWait:
    def test_a_difference_in_flight_is_waited_for(self, sound: Billing) -> None:
        sound.execute("DELETE FROM media_usage WHERE hour = %s", NEXT)
        other = Billing(sound.dsn)
        arrival = threading.Timer(0.3, lambda: other.usage(3_000, hour=NEXT))
        arrival.start()
        found = audit.audit(sound.dsn, wait_s=30)
        arrival.join()
        other.close()
        assert found.clean

    def test_heartbeats_that_come_meanwhile_are_not_compared(self, sound: Billing) -> None:
        sound.execute("DELETE FROM media_usage WHERE hour = %s", NEXT)
        other = Billing(sound.dsn)

        def arrive() -> None:
            other.totals(100, 100, boot="boot-9")
            other.usage(3_000, hour=NEXT)

        arrival = threading.Timer(0.3, arrive)
        arrival.start()
        found = audit.audit(sound.dsn, wait_s=30)
        arrival.join()
        other.close()
        assert found.clean

    def test_a_difference_that_stays_is_reported_in_the_end(self, sound: Billing) -> None:
        sound.execute("DELETE FROM media_usage WHERE hour = %s", NEXT)
        assert not audit.audit(sound.dsn, wait_s=0.1).clean


class TestCommand:
    def test_it_ends_with_0_where_all_is_equal(
        self, sound: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("BILLING_DSN", sound.dsn)
        assert audit.main(["--from", "2026-09-01T10", "--to", "2026-09-01T11"]) == 0
        assert capsys.readouterr().out.startswith("audit: hours 2026-09-01T10 to 2026-09-01T11\n")

    def test_it_ends_with_1_and_names_the_difference(
        self, sound: Billing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("BILLING_DSN", sound.dsn)
        sound.execute("DELETE FROM media_usage WHERE hour = %s", NEXT)
        assert audit.main([]) == 1
        assert capsys.readouterr().out.splitlines()[5:] == [
            "every hour bills what its batches say                 3 hours              1 DIFFERENT",
            "every late batch is corrected as it says              2 late batches       ok",
            "every acknowledged batch is in the ledger             3 collector sources  ok",
            (
                "  2026-09-01T11 env-a: billed 0 ms, 0 deliveries, 0 bytes, batches say 3000 ms, 2 deliveries,"
                " 2000 bytes (fastly-main 3000 ms): 3000 ms missing, 2 deliveries missing, 2000 bytes missing"
            ),
        ]
