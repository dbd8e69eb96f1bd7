"""What stands against closing a period: it is not complete, or its sums cannot be trusted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from psycopg2.extensions import connection as Connection

from ops import audit, doubt
from ops.hours import Hours, ranges
from schemas.batch import BILLING_HORIZON_MS

#: How far the watermark must be past the period's end: by then everything on time is in it.
HORIZON: Final = timedelta(milliseconds=BILLING_HORIZON_MS)


def objections(
    connection: Connection, period: Hours, adjusted: Sequence[datetime], watermark: datetime | None
) -> Iterator[str]:
    """A sentence for each. `adjusted` are the earlier hours that the statement would change, in order.

    `audit.remember_heartbeats` has been called on the connection.
    """
    yield from incomplete(period, watermark)
    for range_ in [*ranges(adjusted), period]:
        for result in audit.of_hours(connection, range_):
            yield from result.differences
        yield from (f"{mark} had a hand in it: reprocess it" for mark in doubt.standing(connection, range_))
    yield from audit.of_collectors(connection, period.first).differences


def incomplete(period: Hours, watermark: datetime | None) -> Iterator[str]:
    """Whether what is on time may still come."""
    needed = period.end + HORIZON
    if watermark is None or watermark < needed:
        stands = f"at {watermark.astimezone(UTC):%Y-%m-%dT%H:%M}" if watermark else "not known yet"
        yield f"the media-usage job's watermark is {stands}, and must reach {needed:%Y-%m-%dT%H:%M}"
