"""The strings that travel between the operators of the usage job.

A plain string crosses between Java and Python as itself; a row is taken apart and rebuilt field by field at every
crossing, with an object for its kind. Nothing of this sits in state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from jobs.media_usage.batch_tally import BatchTally
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey
from schemas.cdn_logs_pb2 import Heartbeat

_SEPARATOR = "\n"
_KEY_SEPARATOR = "\x1f"


class CollectorTotals(NamedTuple):
    """A row of collector_totals, in the order of the COLLECTOR_TOTALS statement's parameters."""

    boot_id: str
    source_id: str
    batches: int
    records: int
    rejected: int


def key_of(message: str) -> str:
    """Key of any message: what stands before the first separator."""
    return message.partition(_SEPARATOR)[0]


def tallied(tally: BatchTally) -> str:
    """A tallied batch, keyed by its batch id."""
    return f"{tally.ledger.batch_id}{_SEPARATOR}{tally.encode()}"


def heartbeat(beat: Heartbeat) -> str:
    """A heartbeat, keyed so that all of one collector meet in one place."""
    totals = [[beat.boot_id, each.source_id, each.batches, each.records, each.rejected] for each in beat.totals]
    return f"heartbeat {beat.boot_id}{_SEPARATOR}{orjson.dumps(totals).decode()}"


def parse(message: str) -> BatchTally | list[CollectorTotals]:
    """What a message from the tally says: a batch, or a collector's totals."""
    key, _, body = message.partition(_SEPARATOR)
    if key.startswith("heartbeat "):
        return [CollectorTotals(*row) for row in orjson.loads(body)]
    return BatchTally.decode(body)


def usage_messages(tally: BatchTally) -> Iterator[str]:
    """The sums of a batch, one message a key."""
    for key, sums in tally.usage.items():
        yield f"{_KEY_SEPARATOR.join(key)}{_SEPARATOR}{sums.encode()}"


def usage_key(key: str) -> UsageKey:
    """Environment, asset and tier of a message's key."""
    return UsageKey(*key.split(_KEY_SEPARATOR))


def usage_sums(message: str) -> Sums:
    """Sums of a usage message."""
    return Sums.decode(message.partition(_SEPARATOR)[2])
