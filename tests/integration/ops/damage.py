"""Sound tables of the bill, and every way in which they can be wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ops import audit
from tests.integration.billing import HOUR, NO_HOUR, Billing

NEXT: Final = HOUR + timedelta(hours=1)
REPLAY: Final = "dead-letters-1"


def count(billing: Billing) -> None:
    """Two hours of two sources as the job counts them: on time, late, copied, rejected, replayed, unresolved."""
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
    billing.ledger("b4", 500, records=1, path="late", source="akamai", boot=REPLAY, environments=fourth)
    billing.correction("b4", 500)
    billing.ledger("b3", 3_000, records=1, hour=NEXT, path="late", rejected={"bad-json": 2}, environments=third)
    billing.correction("b3", 3_000, hour=NEXT)
    billing.ledger("b5", 0, records=0, hour=NO_HOUR, path="late", outcomes={}, rejected={"future": 5})


def claim(billing: Billing) -> None:
    """What the collectors say of it."""
    billing.totals(4, 6, 9)
    billing.totals(1, 1, source="akamai", boot=REPLAY)
    billing.totals(2, 4, source="akamai", boot="boot-2")


def differences(billing: Billing) -> list[str]:
    found = audit.audit(billing.dsn)
    return [line for result in found.results for line in result.differences]


#: What somebody does by hand, or the system fails to do, and the lines by which the audit names it.
DAMAGE: Final[dict[str, tuple[str, list[str]]]] = {
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
