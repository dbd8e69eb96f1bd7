"""Acknowledged totals by source."""

from __future__ import annotations

from collectors.kafka.totals import AcknowledgedTotals
from schemas.cdn_logs_pb2 import SourceTotals


def test_totals_add_up_by_source() -> None:
    totals = AcknowledgedTotals()
    assert totals.snapshot() == []
    totals.add("b", records=5, rejected=1)
    totals.add("a", records=2, rejected=0)
    totals.add("b", records=0, rejected=3)
    assert totals.snapshot() == [
        SourceTotals(source_id="a", batches=1, records=2, rejected=0),
        SourceTotals(source_id="b", batches=2, records=5, rejected=4),
    ]


def test_a_snapshot_does_not_change_later() -> None:
    totals = AcknowledgedTotals()
    totals.add("a", records=1, rejected=0)
    before = totals.snapshot()
    totals.add("a", records=1, rejected=0)
    assert before == [SourceTotals(source_id="a", batches=1, records=1)]
