"""Lines that a CDN sends again in another delivery, which makes another batch: each request counts once. Pure.

For sources that say so (`deduplicate_records`) and whose lines carry a request id. A line is recognised by its source
and hour (the key that its identities are kept under), its request id, its event time and its path. Which of two lines
counts is whichever comes first; the bill is the same either way, because they say the same. For that the ranges of a
segment are counted together over all batches of the source and hour (ranges.py): were it by batch, as for other
sources, then what a repeated range adds would depend on the batch that it counts in, and so on arrival.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, NamedTuple

import orjson

from jobs.media_usage.batch_tally import BatchTally
from jobs.media_usage.billing_rule import BILLED, BILLED_RANGE, UNRESOLVED_OUTCOMES
from jobs.media_usage.ranges import Ranges
from jobs.media_usage.rules import Rule
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey, unresolved_asset
from schemas.batch import ALLOWED_LATENESS_MS, HOUR_MS
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch, BatchHeader, Rendition

#: What became of a record whose line had been counted before.
REPEATED: Final = "repeated-line"
#: 120 bits: two of a billion different lines of an hour meet with a chance of 4e-19, and 20 characters are stored.
_DIGEST_BYTES: Final = 15


class Line(NamedTuple):
    """What a line adds to its batch's tally, if it has not been counted before.

    `key` is empty where the record bills nothing, `unresolved_asset` where nothing is unresolved. `viewing` stands for
    the client and the segment of a range, whose duration is `segment_ms`; it is empty for everything else, and where
    the client is not known.
    """

    outcome: str
    key: tuple[str, ...]
    delivered_ms: int
    bytes: int
    unresolved_asset: str = ""
    viewing: str = ""
    segment_ms: int = 0


class Lines(NamedTuple):
    """The lines of a batch and their identities, in order.

    An identity is "" where the CDN logged no request id: such a line is never taken for another.
    """

    identities: list[str]
    lines: list[Line]

    def encode(self) -> str:
        """As one string, to cross a shuffle."""
        return orjson.dumps([self.identities, [tuple(line) for line in self.lines]]).decode()

    @classmethod
    def decode(cls, text: str) -> Lines:
        identities, lines = orjson.loads(text)
        return cls(identities, [Line(what, tuple(key), *rest) for what, key, *rest in lines])


def is_recognised(header: BatchHeader) -> bool:
    """Whether lines of a batch are compared with those of other batches.

    Not beyond the windows' allowed lateness, by the batch's publication: a property of the data, so that a replay
    decides alike. Such a line counts again.
    """
    end_of_hour_ms = header.hour_ms + HOUR_MS
    return header.deduplicate_records and header.published_at_ms - end_of_hour_ms <= ALLOWED_LATENESS_MS


def lines_of(batch: AccessLogBatch, rule: Rule) -> Lines:
    """The lines of a batch's records, in order, by a version of the billing rule."""
    renditions = list(batch.renditions) or [Rendition()]
    keys = [(each.environment_id, each.asset_id, rule.tier(each)) for each in renditions]
    lines = []
    for record in batch.records:
        index = record.rendition
        reason, delivered_ms = rule.outcome(record, renditions[index])
        if reason is BILLED:
            line = Line(reason, keys[index], delivered_ms, record.body_bytes)
        elif reason is BILLED_RANGE:
            viewing = _viewing(batch, record)
            line = Line(reason, keys[index], delivered_ms, record.body_bytes, "", viewing, record.media_duration_ms)
        else:
            asset = unresolved_asset(record) if reason in UNRESOLVED_OUTCOMES else ""
            line = Line(reason, (), 0, record.body_bytes, asset)
        lines.append(line)
    return Lines([_identity(record) for record in batch.records], lines)


def _identity(record: AccessLog) -> str:
    if not record.request_id:
        return ""
    return _digest(f"{len(record.request_id)}:{record.request_id}{record.event_offset_ms}{record.path}")


def _viewing(batch: AccessLogBatch, record: AccessLog) -> str:
    """Client and segment, the same from every batch: indexes into a batch's tables are not. "" without a client."""
    if not record.client_ip:
        return ""
    texts = (record.client_ip, batch.user_agents[record.user_agent], batch.hosts[record.host], record.path)
    return _digest("".join(f"{len(text)}:{text}" for text in texts))


def _digest(text: str) -> str:
    return urlsafe_b64encode(blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()).decode()


class Counted(NamedTuple):
    """A batch's tally, and what must be remembered of it when further batches are counted."""

    tally: BatchTally
    #: The identities of its lines.
    identities: dict[str, bool]
    #: Milliseconds that ranges of each of its viewings have billed, in batches before it too.
    ranges_ms: dict[str, int]


def without_repeated(
    tally: BatchTally, lines: Lines, is_known: Callable[[str], bool], ranges_ms: Callable[[str], int]
) -> Counted:
    """The tally of the lines that have not been counted before.

    `is_known` says whether the line of an identity has been counted, and `ranges_ms` what the ranges of a viewing have
    billed, in milliseconds, in batches before this.

    Every key stays, with zeros if need be, and with its number of records: a replay that meets two batches in another
    order must overwrite what it wrote for them, and the guard of an upsert goes by that number.
    """
    new, identities = _new(lines, is_known)
    ranges = Ranges(ranges_ms)
    if len(new) < len(lines.lines) or any(line.viewing for line in new):
        tally = _recounted(tally, new, ranges)
    return Counted(tally, identities, ranges.billed_ms)


def _new(lines: Lines, is_known: Callable[[str], bool]) -> tuple[list[Line], dict[str, bool]]:
    """Lines that are seen for the first time, and their identities."""
    new, identities = list[Line](), dict[str, bool]()
    for identity, line in zip(lines.identities, lines.lines, strict=True):
        if identity:
            if identity in identities or is_known(identity):
                continue
            identities[identity] = True
        new.append(line)
    return new, identities


def _recounted(tally: BatchTally, new: list[Line], ranges: Ranges[str]) -> BatchTally:
    usage = _usage(tally.usage, new, ranges)
    outcomes = Counter(line.outcome for line in new)
    outcomes[REPEATED] = tally.ledger.records - len(new)
    ledger = tally.ledger._replace(
        billed_ms=sum(sums.delivered_ms for sums in usage.values()),
        outcomes=_json(outcomes),
        unresolved_assets=_json(Counter(line.unresolved_asset for line in new if line.unresolved_asset)),
    )
    return BatchTally(ledger, usage)


def _usage(whole: dict[UsageKey, Sums], new: list[Line], ranges: Ranges[str]) -> dict[UsageKey, Sums]:
    totals: dict[tuple[str, ...], list[int]] = {key: [0, 0, 0, sums.records] for key, sums in whole.items()}
    for line in new:
        if line.key:
            total, delivered_ms = totals[line.key], line.delivered_ms
            total[0] += ranges.add(line.viewing, delivered_ms, line.segment_ms) if line.viewing else delivered_ms
            total[1] += delivered_ms > 0
            total[2] += line.bytes
    return {UsageKey(*key): Sums(*total) for key, total in totals.items()}


def _json(counts: Counter[str]) -> str:
    return orjson.dumps(dict(+counts), option=orjson.OPT_SORT_KEYS).decode()


def count(tally: BatchTally) -> int:
    """How many lines of a batch had been counted before."""
    return int(orjson.loads(tally.ledger.outcomes).get(REPEATED, 0))
