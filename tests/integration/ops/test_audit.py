"""The audit on a real Postgres: clean tables, and every kind of difference that it must name."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from ops import audit
from tests.integration.billing import HOUR, NO_HOUR, SETTLED, Billing

NEXT = HOUR + timedelta(hours=1)


@pytest.fixture
def sound(billing: Billing) -> Billing:
    """Two settled hours of two sources: on time, late, copied, rejected, replayed, unresolved."""
    billing.watermark(NEXT + SETTLED)
    billing.usage(6_000)
    billing.usage(4_000, environment="env-b")
    billing.usage(3_000, hour=NEXT)
    outcomes = {"billed": 2, "not-modified": 1, "unresolved-unknown-asset": 1}
    first, second, third, fourth = (
        {"env-a": [6_000, 2, 2_000]},
        {"env-b": [4_000, 2, 2_000]},
        {"env-a": [3_000, 2, 2_000]},
        {"env-a": [500, 1, 1_000]},
    )
    billing.ledger("b1", 6_000, records=4, outcomes=outcomes, environments=first)
    billing.ledger("b2", 4_000, records=2, source="akamai", copies=1, boot="boot-2", environments=second)
    billing.ledger("b3", 3_000, records=1, hour=NEXT, rejected={"bad-json": 2}, environments=third)
    replay = "dead-letters-1"
    billing.ledger("b4", 500, records=1, path="late", source="akamai", boot=replay, environments=fourth)
    billing.correction("b4", 500)
    billing.ledger("b3", 3_000, records=1, hour=NEXT, path="late", rejected={"bad-json": 2}, environments=third)
    billing.correction("b3", 3_000, hour=NEXT)
    billing.ledger("b5", 0, records=0, hour=NO_HOUR, path="late", outcomes={}, rejected={"future": 5})
    billing.totals(4, 6, 9)
    billing.totals(1, 1, source="akamai", boot=replay)
    billing.totals(2, 4, source="akamai", boot="boot-2")
    return billing


def differences(billing: Billing) -> list[str]:
    found = audit.audit(billing.dsn)
    return [line for result in found.results for line in result.differences]


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


#: What somebody does by hand, or the system fails to do, and the lines by which the audit names it.
DAMAGE = {
    # Rows of media_usage
    "a usage row deleted by hand": (
        "DELETE FROM media_usage WHERE environment_id = 'env-b'",
        [
            (
                "2026-09-01T10 env-b: billed 0 ms, 0 deliveries, 0 bytes, batches say 4000 ms, 2 deliveries, 2000 bytes"
                " (akamai 4000 ms): 4000 ms missing, 2 deliveries missing, 2000 bytes missing"
            )
        ],
    ),
    "a usage row changed by hand": (
        "UPDATE media_usage SET delivered_ms = 6001 WHERE delivered_ms = 6000",
        [
            (
                "2026-09-01T10 env-a: billed 6501 ms, batches say 6500 ms (akamai 500 ms, fastly-main 6000 ms):"
                " 1 ms too much"
            )
        ],
    ),
    "a usage row whose bytes were changed by hand": (
        "UPDATE media_usage SET bytes = 1999, deliveries = 3 WHERE delivered_ms = 6000",
        [
            (
                "2026-09-01T10 env-a: billed 4 deliveries, 2999 bytes, batches say 3 deliveries, 3000 bytes"
                " (akamai 500 ms, fastly-main 6000 ms): 1 deliveries too much, 1 bytes missing"
            )
        ],
    ),
    "a usage row that was given to another customer": (
        "UPDATE media_usage SET environment_id = 'env-c' WHERE environment_id = 'env-b'",
        [
            (
                "2026-09-01T10 env-b: billed 0 ms, 0 deliveries, 0 bytes, batches say 4000 ms, 2 deliveries, 2000 bytes"
                " (akamai 4000 ms): 4000 ms missing, 2 deliveries missing, 2000 bytes missing"
            ),
            (
                "2026-09-01T10 env-c: billed 4000 ms, 2 deliveries, 2000 bytes, batches say 0 ms, 0 deliveries, 0 bytes"
                " (no batch): 4000 ms too much, 2 deliveries too much, 2000 bytes too much"
            ),
        ],
    ),
    "a usage row added by hand": (
        (
            "INSERT INTO media_usage SELECT hour - interval '1 hour', environment_id, asset_id, tier, 7, 1, 1, 1"
            " FROM media_usage WHERE environment_id = 'env-b'"
        ),
        [
            (
                "2026-09-01T09 env-b: billed 7 ms, 1 deliveries, 1 bytes, batches say 0 ms, 0 deliveries, 0 bytes"
                " (no batch): 7 ms too much, 1 deliveries too much, 1 bytes too much"
            )
        ],
    ),
    # Rows of media_usage_corrections
    "a correction deleted by hand": (
        "DELETE FROM media_usage_corrections WHERE batch_id = 'b4'",
        [
            (
                "2026-09-01T10 env-a: billed 6000 ms, 2 deliveries, 2000 bytes, batches say 6500 ms, 3 deliveries,"
                " 3000 bytes (akamai 500 ms, fastly-main 6000 ms): 500 ms missing, 1 deliveries missing,"
                " 1000 bytes missing"
            ),
            "akamai 2026-09-01T10: 1 of 1 late batches are corrected by 0 ms, and say 500 ms, such as batch b4",
        ],
    ),
    "a correction changed by hand, and a usage row with it": (
        (
            "UPDATE media_usage_corrections SET delivered_ms = 501 WHERE batch_id = 'b4';"
            "UPDATE media_usage SET delivered_ms = 5999 WHERE delivered_ms = 6000"
        ),
        ["akamai 2026-09-01T10: 1 of 1 late batches are corrected by 501 ms, and say 500 ms, such as batch b4"],
    ),
    "a correction added by hand": (
        (
            "INSERT INTO media_usage_corrections SELECT hour, 'b9', 'env-c', asset_id, tier, 70, 0, 0, 1"
            " FROM media_usage_corrections WHERE batch_id = 'b4'"
        ),
        [
            "2026-09-01T10 env-c: billed 70 ms, batches say 0 ms (no batch): 70 ms too much",
            "2026-09-01T10: corrections of 1 batches that are not in the ledger, 70 ms, such as batch b9",
        ],
    ),
    # Rows of batch_ledger
    "a ledger row whose outcomes were changed by hand": (
        """UPDATE batch_ledger SET outcomes = '{"billed": 1}' WHERE batch_id = 'b2'""",
        ["akamai 2026-09-01T10: 1 of 2 batches hold 2 records and 1 outcomes, such as batch b2"],
    ),
    "a ledger row whose time was changed by hand": (
        "UPDATE batch_ledger SET billed_ms = 4001 WHERE batch_id = 'b2'",
        ["akamai 2026-09-01T10: 1 of 2 batches bill 4001 ms, and 4000 ms to their environments, such as batch b2"],
    ),
    "a ledger row whose environments were changed by hand": (
        """UPDATE batch_ledger SET environments = '{"env-b": [4000, 2, 1]}' WHERE batch_id = 'b2'""",
        [("2026-09-01T10 env-b: billed 2000 bytes, batches say 1 bytes (akamai 4000 ms): 1999 bytes too much")],
    ),
    "a ledger row whose records were changed by hand": (
        """UPDATE batch_ledger SET records = 3, outcomes = '{"billed": 3}' WHERE batch_id = 'b1'""",
        ["fastly-main: 1 records lost of collector boot-1 (4/6/9 acknowledged, 4/5/9 in ledger)"],
    ),
    "a ledger row added by hand": (
        (
            "INSERT INTO batch_ledger SELECT hour, 'b9', path, boot_id, source_id, received_at, published_at, records,"
            " 70, outcomes, rejected, unresolved_assets, copies, rule_version, builds, epoch, now(),"
            """ '{"env-b": [70, 0, 0]}' FROM batch_ledger WHERE batch_id = 'b2'"""
        ),
        ["2026-09-01T10 env-b: billed 4000 ms, batches say 4070 ms (akamai 4070 ms): 70 ms missing"],
    ),
    "a ledger row deleted by hand": (
        "DELETE FROM batch_ledger WHERE batch_id = 'b2'",
        [
            (
                "2026-09-01T10 env-b: billed 4000 ms, 2 deliveries, 2000 bytes, batches say 0 ms, 0 deliveries, 0 bytes"
                " (no batch): 4000 ms too much, 2 deliveries too much, 2000 bytes too much"
            ),
            (
                "akamai: 2 batches, 4 records lost of collector boot-2 (2/4/0 acknowledged, 0/0/0 in ledger,"
                " lacking since 2026-09-01T10, all since 2026-09-01T10)"
            ),
        ],
    ),
    "a ledger row deleted with its sums": (
        "DELETE FROM batch_ledger WHERE batch_id = 'b1'; DELETE FROM media_usage WHERE delivered_ms = 6000",
        [
            (
                "fastly-main: 1 batches, 4 records lost of collector boot-1 (4/6/9 acknowledged, 3/2/9 in ledger,"
                " lacking since 2026-09-01T10, all since 2026-09-01T10)"
            )
        ],
    ),
    # What the system may fail to do
    "a firing that was lost": (
        "DELETE FROM media_usage WHERE hour > '2026-09-01 10:00Z'",
        [
            (
                "2026-09-01T11 env-a: billed 0 ms, 0 deliveries, 0 bytes, batches say 3000 ms, 2 deliveries, 2000 bytes"
                " (fastly-main 3000 ms): 3000 ms missing, 2 deliveries missing, 2000 bytes missing"
            )
        ],
    ),
    "a firing that was refused: the window was gone, and the batch stands in the ledger": (
        (
            "INSERT INTO batch_ledger SELECT hour, 'b9', path, boot_id, source_id, received_at, published_at, 1, 70,"
            """ '{"billed": 1}', rejected, unresolved_assets, 0, rule_version, builds, epoch, now(),"""
            """ '{"env-a": [70, 1, 1]}' FROM batch_ledger WHERE batch_id = 'b1'"""
        ),
        [
            (
                "2026-09-01T10 env-a: billed 6500 ms, 3 deliveries, 3000 bytes, batches say 6570 ms, 4 deliveries,"
                " 3001 bytes (akamai 500 ms, fastly-main 6070 ms): 70 ms missing, 1 deliveries missing, 1 bytes missing"
            )
        ],
    ),
    "a batch of rejects that never arrived": (
        "DELETE FROM batch_ledger WHERE batch_id = 'b5'",
        [
            (
                "fastly-main: 1 batches, 5 rejected lines lost of collector boot-1 (4/6/9 acknowledged, 3/6/4 in"
                " ledger, lacking since 2026-09-01T10, all since 2026-09-01T10)"
            )
        ],
    ),
    "a copy that never arrived": (
        "UPDATE batch_ledger SET copies = 0",
        [
            (
                "akamai: 1 batches, 2 records lost of collector boot-2 (2/4/0 acknowledged, 1/2/0 in ledger,"
                " lacking since 2026-09-01T10, all since 2026-09-01T10)"
            )
        ],
    ),
    "a collector whose acknowledged batches are all gone": (
        "INSERT INTO collector_totals VALUES ('boot-3', 'cloudfront', 2, 20, 1, '2026-09-01 13:59Z')",
        [
            (
                "cloudfront: 2 batches, 20 records, 1 rejected lines lost of collector boot-3 (2/20/1 acknowledged,"
                " 0/0/0 in ledger, lacking since 2026-09-01T13, all since 2026-09-01T13)"
            ),
        ],
    ),
    "a replay of dead letters that never arrived": (
        "DELETE FROM batch_ledger WHERE batch_id = 'b4'; DELETE FROM media_usage_corrections WHERE batch_id = 'b4'",
        [
            (
                "akamai: 1 batches, 1 records lost of collector boot-2 (2/4/0 acknowledged, 1/2/0 in ledger,"
                " lacking since 2026-09-01T10, all since 2026-09-01T10); dead-letters-1 (1/1/0 acknowledged, 0/0/0 in"
                " ledger, lacking since 2026-09-01T10, all since 2026-09-01T10)"
            )
        ],
    ),
}


@pytest.mark.parametrize(("damage", "expected"), DAMAGE.values(), ids=DAMAGE)
def test_a_difference_is_named(sound: Billing, damage: str, expected: list[str]) -> None:
    sound.execute(damage)
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
