"""What becomes of dead letters when they are replayed by what is known now. Pure.

A line goes through its source's parser again, as a delivery of one line. Its batch's id follows from the letter's
provenance alone: source, `dead-letter:` and the delivery, hour, number of the line. However many letters a retried
delivery has left of one line, and however often they are replayed, they are copies of one batch.

A whole message, which enrichment could not read, is a batch already: it keeps its id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from collectors.batches.blocks import Block, parse_block
from collectors.origin import Origin
from collectors.sources import Source
from ops.letters import Letter, by_provenance
from schemas.batch import InvalidBatch, parse_batch
from schemas.cdn_logs_pb2 import AccessLogBatch, BatchKind, DeadLetter
from schemas.topics import MAX_DEAD_PAYLOAD_BYTES

DELIVERY_PREFIX: Final = "dead-letter:"
#: Reasons of lines that were too long to be kept whole.
_CUT_OFF: Final = "line-too-long"
_BEGINNING: Final = "only its beginning was kept"

SourceOf = Callable[[str], Source | None]


class Verdict(StrEnum):
    """What is done with a letter."""

    REPLAY = "to be replayed"
    RECORDED = "in the ledger already"
    COUNTED = "counted by another copy of the delivery"
    DOUBTFUL = "perhaps counted by another copy of the delivery"
    REJECTED = "still rejected"


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Letters of one provenance. `batch` is what they become, None where they are rejected, `why` says why then."""

    letters: tuple[Letter, ...]
    verdict: Verdict
    batch: AccessLogBatch | None = None
    why: str = ""

    @property
    def first(self) -> Letter:
        return self.letters[0]


class _Rejected(Exception):
    """Nothing can be made of a letter; the message says why."""


def judge(letters: Sequence[Letter], source_of: SourceOf, origin: Origin) -> list[Judged]:
    """Letters by provenance, each parsed anew. What the ledger knows of them is not asked here."""
    return [_judge(copies, source_of, origin) for copies in by_provenance(letters)]


def _judge(copies: list[Letter], source_of: SourceOf, origin: Origin) -> Judged:
    """The first copy that can be read counts: when a line arrived may decide whether it lay in the future."""
    why = ""
    for copy in copies:
        try:
            batch = _batch(copy.letter, source_of, origin)
        except _Rejected as error:
            why = str(error)
        else:
            return Judged(letters=tuple(copies), verdict=Verdict.REPLAY, batch=batch)
    return Judged(letters=tuple(copies), verdict=Verdict.REJECTED, why=why)


def _batch(letter: DeadLetter, source_of: SourceOf, origin: Origin) -> AccessLogBatch:
    if letter.topic:
        return _of_message(letter)
    source = source_of(letter.source_id)
    if source is None:
        raise _Rejected("the file of sources does not have its source")
    return _of_line(letter, source, origin)


def _of_message(letter: DeadLetter) -> AccessLogBatch:
    if len(letter.payload) >= MAX_DEAD_PAYLOAD_BYTES:
        raise _Rejected(_BEGINNING)  # which may be a batch by itself: of a part of the records
    try:
        batch = parse_batch(letter.payload)
    except InvalidBatch as error:
        raise _Rejected(f"invalid-batch: {error}") from error
    if batch.header.kind != BatchKind.BATCH_KIND_RECORDS:
        raise _Rejected("a heartbeat tells nothing that a later one has not told")
    return batch


def _of_line(letter: DeadLetter, source: Source, origin: Origin) -> AccessLogBatch:
    if letter.reason == _CUT_OFF:
        raise _Rejected(_BEGINNING)
    delivery = source.delivery(DELIVERY_PREFIX + letter.delivery_id, [letter.payload], letter.received_at_ms)
    result = parse_block(delivery, Block(letter.line, delivery.lines), source.parse, origin)
    for rejected in result.dead_letters:
        raise _Rejected(f"{rejected.reason}: {rejected.detail}")
    [batch] = result.batches
    return batch
