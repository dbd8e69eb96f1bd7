"""The audit's verdicts as figures. Its differences are named by `python -m ops.audit`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg2
from prometheus_client.core import GaugeMetricFamily

from ops import hours
from ops.audit import audit
from ops.exporter.reading import NotRead, family
from schemas.metrics import exporter as defined


def _now() -> datetime:
    return datetime.now(UTC)


def read(dsn: str, days: int, wait_s: float, now: Callable[[], datetime] = _now) -> list[GaugeMetricFamily]:
    """Audit the settled hours of the last days, and wait for what is in flight. Raises NotRead.

    It needs no more than SELECT, and a temporary table of its own.
    """
    first = hours.floor(now()) - timedelta(days=days)
    try:
        found = audit(dsn, first=first, wait_s=wait_s)
    except psycopg2.OperationalError as error:
        raise NotRead(f"audit: {str(error).strip()}") from error
    return [
        family(defined.AUDIT_DIFFERENCES, [((each.check,), len(each.differences)) for each in found.results]),
        family(defined.AUDIT_COMPARED, [((each.check,), each.examined) for each in found.results]),
    ]
