"""The strings that travel between the operators of the usage job.

A plain string crosses between Java and Python as itself; a row is taken apart and rebuilt field by field at every
crossing, with an object for its kind. Nothing of this sits in state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple
from zlib import crc32

import orjson

from jobs.media_usage.batch_tally import BatchTally
from jobs.media_usage.repeated_lines import Lines
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from schemas.cdn_logs_pb2 import Heartbeat

_SEPARATOR = "\n"
_HEARTBEAT = "heartbeat "
_SUMS_SEPARATOR = "\x1e"
_KEY_SEPARATOR = "\x1f"
#: Buckets of assets an hour. Never a setting: an asset that changed its bucket within an hour would have its sums in
#: two places, each overwriting the other's row.
BUCKETS: Final = 16


class CollectorTotals(NamedTuple):
    """A row of collector_totals, in the order of the COLLECTOR_TOTALS statement's parameters."""

    boot_id: str
    source_id: str
    batches: int
    records: int
    rejected: int
    told_at_ms: int


def key_of(message: str) -> str:
    """Key of any message: what stands before the first separator."""
    return message.partition(_SEPARATOR)[0]


def tallied(tally: BatchTally, lines: Lines | None = None) -> str:
    """A tallied batch, keyed by its batch id; with its lines where they may come again in another batch."""
    message = f"{tally.ledger.batch_id}{_SEPARATOR}{tally.encode()}"
    return message if lines is None else f"{message}{_SEPARATOR}{lines.encode()}"


def heartbeat(beat: Heartbeat, told_at_ms: int) -> str:
    """A heartbeat and when it was published, keyed so that all of one collector meet in one place."""
    totals = [
        [beat.boot_id, each.source_id, each.batches, each.records, each.rejected, told_at_ms] for each in beat.totals
    ]
    return f"{_HEARTBEAT}{beat.boot_id}{_SEPARATOR}{orjson.dumps(totals).decode()}"


def is_heartbeat(message: str) -> bool:
    """Whether a message from the tally is a heartbeat."""
    return message.startswith(_HEARTBEAT)


def parse_heartbeat(message: str) -> list[CollectorTotals]:
    """The totals of a collector."""
    return [CollectorTotals(*row) for row in orjson.loads(message.partition(_SEPARATOR)[2])]


def parse_batch(message: str) -> BatchTally:
    """The tally of a batch, with lines or without."""
    return BatchTally.decode(message.split(_SEPARATOR, 2)[1])


def has_lines(message: str) -> bool:
    """Whether a batch's lines stand behind its tally."""
    return message.count(_SEPARATOR) > 1


def by_source_and_hour(tally: BatchTally, message: str) -> str:
    """A batch with its lines, keyed by what its lines have in common with any that may repeat them."""
    ledger = tally.ledger
    return f"{ledger.source_id} {ledger.hour_ms}{_SEPARATOR}{message.partition(_SEPARATOR)[2]}"


def hour_of_source_key(key: str) -> int:
    """Start of the hour of such a key, in epoch milliseconds."""
    return int(key.rpartition(" ")[2])


def parse_lines(message: str) -> tuple[BatchTally, Lines]:
    """The tally of a batch, and its lines."""
    _, tally, lines = message.split(_SEPARATOR, 2)
    return BatchTally.decode(tally), Lines.decode(lines)


def usage_messages(tally: BatchTally) -> Iterator[str]:
    """The sums of a batch, one message for each bucket of its hour that they fall into."""
    buckets: dict[int, list[str]] = {}
    for key, sums in tally.usage.items():
        text = _KEY_SEPARATOR.join(key)
        buckets.setdefault(bucket_of(key), []).append(f"{text}{_SUMS_SEPARATOR}{sums.encode()}")
    for bucket, rows in buckets.items():
        yield _SEPARATOR.join((f"{tally.ledger.hour_ms} {bucket}", *rows))


def bucket_of(key: UsageKey) -> int:
    """Bucket of an asset, stable over processes and releases: state is kept under it."""
    return crc32(f"{key.environment_id}{_KEY_SEPARATOR}{key.asset_id}".encode()) % BUCKETS


def usage_hour(message_key: str) -> int:
    """Start of the hour of a usage message, in epoch milliseconds."""
    return int(message_key.partition(" ")[0])


def usage_rows(message: str) -> Iterator[tuple[str, Sums]]:
    """The rows of a usage message: (key as text, sums)."""
    for row in message.split(_SEPARATOR)[1:]:
        key, _, sums = row.partition(_SUMS_SEPARATOR)
        yield key, Sums.decode(sums)


def usage_key(text: str) -> UsageKey:
    """Environment, asset and tier from their text."""
    return UsageKey(*text.split(_KEY_SEPARATOR))
