"""Lines that a CDN sends again in another delivery, which makes another batch: each request counts once. Pure.

For sources that say so (`deduplicate_records`) and whose lines carry a request id. A line is recognised by its source
and hour (the key that its identities are kept under), its request id, its event time and its path. Which of two lines
counts is whichever comes first; the bill is the same either way, because they say the same.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from typing import Final, NamedTuple

import orjson

from jobs.media_usage.batch_tally import BatchTally
from jobs.media_usage.billing_rule import BILLED, UNRESOLVED, outcome, tier
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from schemas.batch import ALLOWED_LATENESS_MS, HOUR_MS
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch, BatchHeader, Rendition

#: What became of a record whose line had been counted before.
REPEATED: Final = "repeated-line"
#: 120 bits: two of a billion different lines of an hour meet with a chance of 4e-19, and 20 characters are stored.
_DIGEST_BYTES: Final = 15
_UNRESOLVED_OUTCOMES: Final = frozenset(UNRESOLVED.values())


class Line(NamedTuple):
    """What must be taken back from a batch's tally if the line has been counted before.

    `key` is empty where the record bills nothing, `unresolved_asset` where nothing is unresolved.
    """

    outcome: str
    key: tuple[str, ...]
    delivered_ms: int
    bytes: int
    unresolved_asset: str


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


def lines_of(batch: AccessLogBatch) -> Lines:
    """The lines of a batch's records, in order."""
    renditions = list(batch.renditions) or [Rendition()]
    keys = [(each.environment_id, each.asset_id, tier(each)) for each in renditions]
    lines = []
    for record in batch.records:
        reason, delivered_ms = outcome(record, renditions[record.rendition])
        key = keys[record.rendition] if reason is BILLED else ()
        asset = (record.unresolved_asset or record.path) if reason in _UNRESOLVED_OUTCOMES else ""
        lines.append(Line(reason, key, delivered_ms, record.body_bytes, asset))
    return Lines([_identity(record) for record in batch.records], lines)


def _identity(record: AccessLog) -> str:
    if not record.request_id:
        return ""
    text = f"{len(record.request_id)}:{record.request_id}{record.event_offset_ms}{record.path}"
    return urlsafe_b64encode(blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest()).decode()


def without_repeated(
    tally: BatchTally, lines: Lines, is_known: Callable[[str], bool]
) -> tuple[BatchTally, dict[str, bool]]:
    """The tally of the lines that have not been counted before, and their identities, to be remembered.

    Every key stays, with zeros if need be, and with its number of records: a replay that meets two batches in another
    order must overwrite what it wrote for them, and the guard of an upsert goes by that number.
    """
    repeated, new = list[Line](), dict[str, bool]()
    for identity, line in zip(lines.identities, lines.lines, strict=True):
        if identity in new or (identity and is_known(identity)):
            repeated.append(line)
        elif identity:
            new[identity] = True
    return (_less(tally, repeated) if repeated else tally), new


def _less(tally: BatchTally, repeated: list[Line]) -> BatchTally:
    usage = _usage_without(tally.usage, repeated)
    ledger = tally.ledger._replace(
        billed_ms=sum(sums.delivered_ms for sums in usage.values()),
        outcomes=_moved(tally.ledger.outcomes, repeated),
        unresolved_assets=_resolved(tally.ledger.unresolved_assets, repeated),
    )
    return BatchTally(ledger, usage)


def _usage_without(usage: dict[UsageKey, Sums], repeated: list[Line]) -> dict[UsageKey, Sums]:
    left = dict(usage)
    for line in repeated:
        if line.key:
            key = UsageKey(*line.key)
            left[key] = left[key].plus(Sums(-line.delivered_ms, -(line.delivered_ms > 0), -line.bytes, 0))
    return left


def _moved(outcomes: str, repeated: list[Line]) -> str:
    counts = Counter(orjson.loads(outcomes))
    counts.subtract(line.outcome for line in repeated)
    counts[REPEATED] += len(repeated)
    return _json(counts)


def _resolved(assets: str, repeated: list[Line]) -> str:
    counts = Counter(orjson.loads(assets))
    counts.subtract(line.unresolved_asset for line in repeated if line.unresolved_asset)
    return _json(counts)


def _json(counts: Counter[str]) -> str:
    return orjson.dumps(dict(+counts), option=orjson.OPT_SORT_KEYS).decode()


def count(tally: BatchTally) -> int:
    """How many lines of a batch had been counted before."""
    return int(orjson.loads(tally.ledger.outcomes).get(REPEATED, 0))
