"""A recount without Flink: SQL fills the shadow."""

from __future__ import annotations

from collections.abc import Callable

from ops.difference import Difference
from tests.integration.billing import Billing

Fill = Callable[[Billing], None]


def accept(found: Difference) -> bool:
    return True


class Job:
    """Stands for the bounded job: fills the shadow, and remembers how it was called."""

    def __init__(self, dsn: str, fill: Fill) -> None:
        self._dsn = dsn
        self._fill = fill
        self.calls: list[tuple[str, int, int]] = []

    def __call__(self, schema: str, first_hour_ms: int, last_hour_ms: int) -> None:
        self.calls.append((schema, first_hour_ms, last_hour_ms))
        shadow = Billing(self._dsn, schema)
        try:
            self._fill(shadow)
        finally:
            shadow.close()
