"""The rows that batches become, and the side outputs that carry them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson
from pyflink.common import Row, TypeInformation, Types
from pyflink.datastream import OutputTag

from jobs.media_usage import wire
from jobs.media_usage.batch_tally import IF_ABSENT, LATE, BatchTally, LedgerRow
from jobs.media_usage.statements import COLLECTOR_TOTALS, LATE_BATCH, LEDGER, WATERMARK, Statement
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import UsageKey

#: What a further copy says of environments: the first one has told.
_NOT_TOLD: Final = ""


def row_type(statement: Statement) -> TypeInformation:
    """Row type of a statement's parameters. A new object each time: a used one holds a Java handle."""
    return Types.ROW([Types.LONG() if kind == "bigint" else Types.STRING() for kind in statement.parameters])


def ledger_tag() -> OutputTag:
    return OutputTag("ledger", row_type(LEDGER))


def corrections_tag() -> OutputTag:
    return OutputTag("corrections", row_type(LATE_BATCH))


def totals_tag() -> OutputTag:
    return OutputTag("collector-totals", row_type(COLLECTOR_TOTALS))


def watermark_tag() -> OutputTag:
    return OutputTag("watermark", row_type(WATERMARK))


def lines_tag() -> OutputTag:
    return OutputTag("lines", Types.STRING())


class BatchOutputs:
    """Where a batch goes: an on-time one to ledger and windows, a late one to its corrections with its ledger row."""

    def __init__(self) -> None:
        self._ledger, self._corrections = ledger_tag(), corrections_tag()

    def copy(self, row: LedgerRow) -> tuple[OutputTag, Row]:
        """The ledger's row of a batch that has been counted before."""
        return self._ledger, Row(*row, _NOT_TOLD, int(False))

    def waiting(self, row: LedgerRow) -> tuple[OutputTag, Row]:
        """The ledger's row of a late batch that is not counted yet."""
        return self._ledger, Row(*row, environments({}), int(True))

    def first_copy(self, tally: BatchTally, *, compared: bool = False) -> Iterator[Any]:
        """The gate: lateness stands in the batch's header, and a late batch never comes to a window.

        `compared`: its lines were compared with those of other batches, so a replay may count it otherwise.
        """
        row = *tally.ledger, environments(tally.usage), int(compared)
        if tally.ledger.path == LATE:
            yield self._corrections, Row(*row, corrections(tally.usage))
            return
        yield self._ledger, Row(*row)
        yield from wire.usage_messages(tally)

    def forgotten(self, tally: BatchTally) -> Iterator[Any]:
        """A batch that comes when nothing is left to count it with: the window refuses and reports an on-time one.

        Where the ledger has a row of it, that stays as it is. Else it gets one, and the audit names the hour.
        """
        row = tally.ledger._replace(path=f"{IF_ABSENT}{tally.ledger.path}")
        yield self._ledger, Row(*row, environments(tally.usage), int(False))
        if tally.ledger.path != LATE:
            yield from wire.usage_messages(tally)


def corrections(usage: dict[UsageKey, Sums]) -> str:
    """The corrections of a batch, an object each, as the statement takes them: all in one parameter."""
    return orjson.dumps([key._asdict() | sums._asdict() for key, sums in usage.items()]).decode()


def environments(usage: dict[UsageKey, Sums]) -> str:
    """Milliseconds, deliveries and bytes by environment, as the ledger keeps them."""
    totals: dict[str, list[int]] = {}
    for key, sums in usage.items():
        total = totals.setdefault(key.environment_id, [0, 0, 0])
        total[0] += sums.delivered_ms
        total[1] += sums.deliveries
        total[2] += sums.bytes
    return orjson.dumps(totals, option=orjson.OPT_SORT_KEYS).decode()
