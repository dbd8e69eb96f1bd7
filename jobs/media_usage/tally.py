"""The tally of a batch: what it bills by key, and what became of each of its lines. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from jobs.media_usage.billing_rule import BILLED, BILLED_RANGE, UNRESOLVED_OUTCOMES
from jobs.media_usage.ranges import Ranges
from jobs.media_usage.rules import Rule
from jobs.media_usage.sums import Sums
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch, Rendition


class UsageKey(NamedTuple):
    """What is billed apart: a tier of an asset of a customer environment."""

    environment_id: str
    asset_id: str
    tier: str


@dataclass(slots=True)
class Tally:
    """Small whatever the batch's size: one entry a key, an outcome and an unresolved asset."""

    usage: dict[UsageKey, Sums] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    unresolved_assets: dict[str, int] = field(default_factory=dict)

    @property
    def billed_ms(self) -> int:
        return sum(sums.delivered_ms for sums in self.usage.values())


def tally(batch: AccessLogBatch, rule: Rule) -> Tally:
    """Tally an enriched batch by a version of the billing rule.

    Ranges of one segment to one client are those with the same client address (as enrichment leaves it), user agent,
    host and path; one without an address is nobody's, and bills by itself.
    """
    result = Tally()
    renditions = list(batch.renditions) or [Rendition()]
    totals = [[0, 0, 0, 0] for _ in renditions]
    ranges: Ranges[tuple[str, int, int, str]] = Ranges()
    outcome, outcomes = rule.outcome, result.outcomes
    for record in batch.records:
        index = record.rendition
        reason, delivered_ms = outcome(record, renditions[index])
        outcomes[reason] = outcomes.get(reason, 0) + 1
        if reason is BILLED:
            billed_ms = delivered_ms
        elif reason is BILLED_RANGE:
            client = record.client_ip
            viewing = (client, record.user_agent, record.host, record.path)
            billed_ms = ranges.add(viewing, delivered_ms, record.media_duration_ms) if client else delivered_ms
        else:
            if reason in UNRESOLVED_OUTCOMES:
                asset_id = unresolved_asset(record)
                result.unresolved_assets[asset_id] = result.unresolved_assets.get(asset_id, 0) + 1
            continue
        total = totals[index]
        total[0] += billed_ms
        total[1] += delivered_ms > 0
        total[2] += record.body_bytes
        total[3] += 1
    _merge_renditions(result, renditions, totals, rule)
    return result


def unresolved_asset(record: AccessLog) -> str:
    """What stands in the ledger for a record that could not be resolved: its asset, or its path if that names none.

    It is the only text of a line that reaches Postgres, which stores no U+0000 (22P05, "unsupported Unicode escape
    sequence"): one such character in a path would fail the write of its batch, and of every batch behind it.
    """
    return (record.unresolved_asset or record.path).replace("\0", "\N{REPLACEMENT CHARACTER}")


def _merge_renditions(result: Tally, renditions: list[Rendition], totals: list[list[int]], rule: Rule) -> None:
    """Renditions of one tier are one key."""
    for rendition, total in zip(renditions, totals, strict=True):
        if total[3]:
            key = UsageKey(rendition.environment_id, rendition.asset_id, rule.tier(rendition))
            result.usage[key] = result.usage.get(key, Sums()).plus(Sums(*total))
