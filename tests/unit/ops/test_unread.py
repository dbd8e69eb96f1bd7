"""Naming batches that only raw has."""

from __future__ import annotations

from datetime import UTC, datetime

from ops.unread import Batch, differences
from schemas.batch import HOUR_MS
from tests.support.batches import batch, delivery

HOUR = 497_000 * HOUR_MS  # 2026-09-12T08


def lost(delivery_id: str, *, source: str = "edge", hour_ms: int = HOUR, records: int = 2, rejected: int = 0) -> Batch:
    made = batch(
        [delivery("/film")] * records,
        hour_ms=hour_ms,
        source_id=source,
        delivery_id=delivery_id,
        published_at_ms=HOUR + HOUR_MS + 5,
        rejected={"bad-json": rejected},
    )
    return Batch(made.header, len(made.records))


def test_the_hour_of_a_batch_is_its_own_and_of_rejects_that_of_their_publication() -> None:
    assert lost("d1").hour == datetime(2026, 9, 12, 8, tzinfo=UTC)
    assert lost("d1", hour_ms=0, records=0).hour == datetime(2026, 9, 12, 9, tzinfo=UTC)


def test_batches_are_named_by_source_and_hour_with_the_command_that_heals_them() -> None:
    batches = [lost("d1"), lost("d2", rejected=1), lost("d3", source="akamai"), lost("d4", hour_ms=0, records=0)]
    names = [each.header.batch_id for each in batches]
    assert list(differences(dict(zip(names, batches, strict=True)))) == [
        (
            f"akamai 2026-09-12T08: 1 batches (2 records, 0 rejected lines) are in raw only, such as {names[2]}:"
            " python -m ops.reprocess 2026-09-12T08 2026-09-12T08"
        ),
        (
            f"edge 2026-09-12T08: 2 batches (4 records, 1 rejected lines) are in raw only, such as {names[0]}:"
            " python -m ops.reprocess 2026-09-12T08 2026-09-12T08"
        ),
        (
            f"edge 2026-09-12T09: 1 batches (0 records, 0 rejected lines) are in raw only, such as {names[3]}:"
            " python -m ops.reprocess 2026-09-12T09 2026-09-12T09"
        ),
    ]
