"""Bills as a table, and the demo's last line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from local.demo.findings import Bill
from local.traffic.comparison import compare
from local.traffic.oracle import Amount, Key


def show_biggest(bills: Sequence[Bill]) -> str:
    """Lay out bills as a table, in minutes and seconds as customers know them, exact to the millisecond."""
    lines = [f"  {'environment':<16} {'asset':<20} {'minutes':>14} {'deliveries':>11} {'GB':>8}"]
    for environment_id, asset_id, (delivered_ms, deliveries, size) in bills:
        minutes = f"{delivered_ms // 60_000:,}:{delivered_ms % 60_000 / 1_000:06.3f}"
        lines.append(f"  {environment_id:<16} {asset_id:<20} {minutes:>14} {deliveries:>11,} {size / 1e9:>8,.1f}")
    return "\n".join(lines)


def verdict(expected: Mapping[Key, Amount], billed: Mapping[Key, Amount]) -> str:
    """Sum up; `difference` counts rows, so that two errors cannot cancel each other out."""
    expected_ms, billed_ms = (sum(amount.delivered_ms for amount in rows.values()) for rows in (expected, billed))
    different = len(compare(expected, billed))
    return f"demo: expected_ms={expected_ms} billed_ms={billed_ms} rows={len(billed)} difference={different}"
