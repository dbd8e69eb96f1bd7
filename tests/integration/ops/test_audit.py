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
    """Two settled hours of two sources: on time, late, copied, rejected, unresolved."""
    billing.watermark(NEXT + SETTLED)
    billing.usage(6_000)
    billing.usage(4_000, environment="env-b")
    billing.usage(3_000, hour=NEXT)
    billing.ledger("b1", 6_000, records=4, outcomes={"billed": 2, "not-modified": 1, "unresolved-unknown-asset": 1})
    billing.ledger("b2", 4_000, records=2, source="akamai", copies=1, boot="boot-2")
    billing.ledger("b3", 3_000, records=1, hour=NEXT, rejected={"bad-json": 2})
    billing.ledger("b4", 500, records=1, path="late", source="akamai")
    billing.correction("b4", 500)
    billing.ledger("b3", 3_000, records=1, hour=NEXT, path="late", rejected={"bad-json": 2})
    billing.correction("b3", 3_000, hour=NEXT)
    billing.ledger("b5", 0, records=0, hour=NO_HOUR, path="late", outcomes={}, rejected={"future": 5})
    billing.totals(4, 6, 9)
    billing.totals(1, 1, source="akamai")
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
        "7 rejected lines: future 5, bad-json 2",
        "every record has one outcome                          6 batches            ok",
        "every hour bills what its batches say                 3 hours              ok",
        "every acknowledged batch is in the ledger             3 collector sources  ok",
    ]


LOSSES = {
    "a record without an outcome": (
        """UPDATE batch_ledger SET outcomes = '{"billed": 1}' WHERE batch_id = 'b2'""",
        ["akamai 2026-09-01T10: 1 of 2 batches hold 2 records and 1 outcomes, such as batch b2"],
    ),
    "a usage row deleted by hand": (
        "DELETE FROM media_usage WHERE environment_id = 'env-b'",
        [
            (
                "2026-09-01T10: billed 6500 ms, batches say 10500 ms"
                " (akamai 4500 ms, fastly-main 6000 ms): 4000 ms missing"
            )
        ],
    ),
    "a usage row changed by hand": (
        "UPDATE media_usage SET delivered_ms = 6001 WHERE delivered_ms = 6000",
        [("2026-09-01T10: billed 10501 ms, batches say 10500 ms (akamai 4500 ms, fastly-main 6000 ms): 1 ms too much")],
    ),
    "a usage row added by hand": (
        (
            "INSERT INTO media_usage SELECT hour - interval '1 hour', environment_id, asset_id, tier, 7, 1, 1, 1"
            " FROM media_usage WHERE environment_id = 'env-b'"
        ),
        ["2026-09-01T09: billed 7 ms, batches say 0 ms (no batch): 7 ms too much"],
    ),
    "a correction that was lost": (
        "DELETE FROM media_usage_corrections WHERE batch_id = 'b4'",
        [
            (
                "2026-09-01T10: billed 10000 ms, batches say 10500 ms"
                " (akamai 4500 ms, fastly-main 6000 ms): 500 ms missing"
            )
        ],
    ),
    "a firing that was lost": (
        "DELETE FROM media_usage WHERE hour > '2026-09-01 10:00Z'",
        ["2026-09-01T11: billed 0 ms, batches say 3000 ms (fastly-main 3000 ms): 3000 ms missing"],
    ),
    "a batch that never arrived": (
        "DELETE FROM batch_ledger WHERE batch_id = 'b5'",
        [
            ("fastly-main: 1 batches, 5 rejected lines lost of collector boot-1 (4/6/9 acknowledged, 3/6/4 in ledger)"),
        ],
    ),
    "a batch deleted with its sums": (
        ("DELETE FROM batch_ledger WHERE batch_id = 'b1'; DELETE FROM media_usage WHERE delivered_ms = 6000"),
        [
            "fastly-main: 1 batches, 4 records lost of collector boot-1 (4/6/9 acknowledged, 3/2/9 in ledger)",
        ],
    ),
    "a copy that never arrived": (
        "UPDATE batch_ledger SET copies = 0",
        ["akamai: 1 batches, 2 records lost of collector boot-2 (2/4/0 acknowledged, 1/2/0 in ledger)"],
    ),
    "a process whose batches are all gone": (
        "INSERT INTO collector_totals VALUES ('boot-3', 'cloudfront', 2, 20, 1)",
        [
            (
                "cloudfront: 2 batches, 20 records, 1 rejected lines lost of collector"
                " boot-3 (2/20/1 acknowledged, 0/0/0 in ledger)"
            ),
        ],
    ),
}


@pytest.mark.parametrize(("damage", "expected"), LOSSES.values(), ids=LOSSES)
def test_a_difference_is_named(sound: Billing, damage: str, expected: list[str]) -> None:
    sound.execute(damage)
    assert differences(sound) == expected


def test_the_copy_of_an_on_time_batch_may_differ_in_its_late_row(sound: Billing) -> None:
    sound.execute("UPDATE batch_ledger SET billed_ms = 9 WHERE batch_id = 'b3' AND path = 'late'")
    assert differences(sound) == []


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
            "every acknowledged batch is in the ledger             3 collector sources  ok",
            "  2026-09-01T11: billed 0 ms, batches say 3000 ms (fastly-main 3000 ms): 3000 ms missing",
        ]
