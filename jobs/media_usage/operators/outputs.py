"""The rows that batches become, and the side outputs that carry them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson
from pyflink.common import Row, TypeInformation, Types
from pyflink.datastream import OutputTag

from jobs.media_usage import wire
from jobs.media_usage.batch_tally import IF_ABSENT, LATE, BatchTally, LedgerRow
from jobs.media_usage.statements import COLLECTOR_TOTALS, CORRECTION, LEDGER, WATERMARK, Statement
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
    return OutputTag("corrections", row_type(CORRECTION))


def totals_tag() -> OutputTag:
    return OutputTag("collector-totals", row_type(COLLECTOR_TOTALS))


def watermark_tag() -> OutputTag:
    return OutputTag("watermark", row_type(WATERMARK))


def lines_tag() -> OutputTag:
    return OutputTag("lines", Types.STRING())


class BatchOutputs:
    """Where a counted batch goes: its row to the ledger, its sums to the windows, or to corrections if it is late."""

    def __init__(self) -> None:
        self._ledger, self._corrections = ledger_tag(), corrections_tag()

    def copy(self, row: LedgerRow) -> tuple[OutputTag, Row]:
        """The ledger's row of a batch that has been counted before."""
        return self._ledger, Row(*row, _NOT_TOLD)

    def first_copy(self, tally: BatchTally) -> Iterator[Any]:
        """The gate: lateness stands in the batch's header, and a late batch never comes to a window."""
        yield self._ledger, Row(*tally.ledger, environments(tally.usage))
        if tally.ledger.path != LATE:
            yield from wire.usage_messages(tally)
            return
        for key, sums in tally.usage.items():
            yield self._corrections, Row(tally.ledger.hour_ms, tally.ledger.batch_id, *key, *sums)

    def forgotten(self, tally: BatchTally) -> Iterator[Any]:
        """A batch that comes when nothing is left to count it with: the window refuses and reports an on-time one.

        Where the ledger has a row of it, that stays as it is. Else it gets one, and the audit names the hour.
        """
        row = tally.ledger._replace(path=f"{IF_ABSENT}{tally.ledger.path}")
        yield self._ledger, Row(*row, environments(tally.usage))
        if tally.ledger.path != LATE:
            yield from wire.usage_messages(tally)


def environments(usage: dict[UsageKey, Sums]) -> str:
    """Milliseconds, deliveries and bytes by environment, as the ledger keeps them."""
    totals: dict[str, list[int]] = {}
    for key, sums in usage.items():
        total = totals.setdefault(key.environment_id, [0, 0, 0])
        total[0] += sums.delivered_ms
        total[1] += sums.deliveries
        total[2] += sums.bytes
    return orjson.dumps(totals, option=orjson.OPT_SORT_KEYS).decode()
