"""What the job writes: one upsert a table, with the guards that make replays and restarts harmless.

Table names are unqualified, so that reprocess writes the same statements into a schema of its own
(`currentSchema` in the JDBC address).

Each statement is given its values once, in the order of its columns, and writes absolute values:

* `records` of a sum only grows, whatever the grouping or order of firings after a restore, so of two writes the one
  with more records knows more. Time, watermark or pane number as a guard would each lose money.
* An hour that reprocess has taken over accepts nothing of a lower epoch, new keys included.
* A batch that comes when its window and lines are forgotten is recorded only where the ledger does not have it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jobs.media_usage.batch_tally import IF_ABSENT

#: The live job's epoch; reprocess writes higher ones.
LIVE_EPOCH: Final = 0

_SQL_TYPES: Final = {"bigint": -5, "text": 12}  # java.sql.Types BIGINT and VARCHAR


@dataclass(frozen=True)
class Statement:
    """An upsert, and the Postgres type of each of its parameters ("bigint" or "text")."""

    sql: str
    parameters: tuple[str, ...]

    @property
    def jdbc_types(self) -> list[int]:
        """The parameters' types as numbers of java.sql.Types."""
        return [_SQL_TYPES[parameter] for parameter in self.parameters]


def _upsert(columns: str, sql: str) -> Statement:
    """Make a statement from columns ("name type, ...") and SQL around the one row `new` that they become."""
    pairs = [column.split() for column in columns.split(", ")]
    names, types = ", ".join(name for name, _ in pairs), tuple(kind for _, kind in pairs)
    values = ", ".join(f"?::{kind}" for kind in types)
    return Statement(sql.replace("$NEW", f"(VALUES ({values})) AS new ({names})"), types)


def _time(column: str) -> str:
    return f"timestamptz 'epoch' + new.{column} * interval '1 millisecond'"


#: What the live job counted of a batch gives way to a recount; how often copies came, it alone knows.
_IS_FIRST_COPY: Final = "excluded.copies = 0 AND excluded.epoch >= current.epoch"


def _of_first_copy() -> str:
    """The row of the first copy says what the batch counted, whether it is written before or after those of others."""
    columns = (
        "boot_id, received_at, published_at, records, billed_ms, outcomes, rejected, unresolved_assets, "
        "rule_version, builds, environments"
    )
    return ", ".join(
        f"{column} = CASE WHEN {_IS_FIRST_COPY} THEN excluded.{column} ELSE current.{column} END"
        for column in columns.split(", ")
    )


USAGE: Final = _upsert(
    "hour_ms bigint, environment_id text, asset_id text, tier text, "
    "delivered_ms bigint, deliveries bigint, bytes bigint, records bigint",
    f"""
INSERT INTO media_usage AS current
    (hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records, epoch)
SELECT {_time("hour_ms")}, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records, {LIVE_EPOCH}
FROM $NEW
WHERE NOT EXISTS (
    SELECT FROM hour_takeover AS taken WHERE taken.hour = {_time("hour_ms")} AND taken.epoch > {LIVE_EPOCH})
ON CONFLICT (hour, environment_id, asset_id, tier) DO UPDATE SET
    delivered_ms = excluded.delivered_ms, deliveries = excluded.deliveries, bytes = excluded.bytes,
    records = excluded.records, epoch = excluded.epoch, updated_at = now()
WHERE (excluded.epoch, excluded.records) >= (current.epoch, current.records)""",
)
CORRECTION: Final = _upsert(
    "hour_ms bigint, batch_id text, environment_id text, asset_id text, tier text, "
    "delivered_ms bigint, deliveries bigint, bytes bigint, records bigint",
    f"""
INSERT INTO media_usage_corrections AS current
    (hour, batch_id, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records, epoch)
SELECT {_time("hour_ms")}, batch_id, environment_id, asset_id, tier,
       delivered_ms, deliveries, bytes, records, {LIVE_EPOCH}
FROM $NEW
WHERE NOT EXISTS (
    SELECT FROM batch_ledger AS counted
    WHERE counted.hour = {_time("hour_ms")} AND counted.batch_id = new.batch_id AND counted.epoch > {LIVE_EPOCH})
ON CONFLICT (batch_id, environment_id, asset_id, tier) DO UPDATE SET
    delivered_ms = excluded.delivered_ms, deliveries = excluded.deliveries, bytes = excluded.bytes,
    records = excluded.records, epoch = excluded.epoch, updated_at = now()
WHERE excluded.epoch >= current.epoch""",
)
LEDGER: Final = _upsert(
    "hour_ms bigint, batch_id text, path text, boot_id text, source_id text, received_at_ms bigint, "
    "published_at_ms bigint, records bigint, billed_ms bigint, outcomes text, rejected text, "
    "unresolved_assets text, copies bigint, rule_version text, builds text, environments text",
    f"""
INSERT INTO batch_ledger AS current
    (hour, batch_id, path, boot_id, source_id, received_at, published_at, records, billed_ms,
     outcomes, rejected, unresolved_assets, copies, rule_version, builds, environments, epoch)
SELECT {_time("hour_ms")}, batch_id, replace(path, '{IF_ABSENT}', ''), boot_id, source_id,
       {_time("received_at_ms")}, {_time("published_at_ms")},
       records, billed_ms, outcomes::jsonb, rejected::jsonb, unresolved_assets::jsonb, copies, rule_version, builds,
       nullif(environments, '')::jsonb, {LIVE_EPOCH}
FROM $NEW
WHERE NOT starts_with(path, '{IF_ABSENT}') OR NOT EXISTS (
    SELECT FROM batch_ledger AS known
    WHERE known.hour = {_time("hour_ms")} AND known.batch_id = new.batch_id)
ON CONFLICT (hour, batch_id, path) DO UPDATE SET
    copies = greatest(excluded.copies, current.copies),
    -- A late batch that waited is recorded again when it is counted, a replay of the same row is not.
    recorded_at = CASE
        WHEN {_IS_FIRST_COPY} AND (excluded.billed_ms, excluded.outcomes) <> (current.billed_ms, current.outcomes)
        THEN excluded.recorded_at ELSE current.recorded_at END,
    {_of_first_copy()}
WHERE {_IS_FIRST_COPY} OR excluded.copies > current.copies""",
)
COLLECTOR_TOTALS: Final = _upsert(
    "boot_id text, source_id text, batches bigint, records bigint, rejected bigint, told_at_ms bigint",
    f"""
INSERT INTO collector_totals AS current (boot_id, source_id, batches, records, rejected, told_at, told_batches)
SELECT boot_id, source_id, batches, records, rejected, {_time("told_at_ms")}, batches FROM $NEW
ON CONFLICT (boot_id, source_id) DO UPDATE SET
    batches = excluded.batches, records = excluded.records, rejected = excluded.rejected,
    told_at = excluded.told_at, told_batches = excluded.told_batches, updated_at = now()
WHERE excluded.batches > current.batches""",
)
WATERMARK: Final = Statement(
    """
INSERT INTO job_watermark AS current (job, watermark)
VALUES (?::text, timestamptz 'epoch' + ?::bigint * interval '1 millisecond')
ON CONFLICT (job) DO UPDATE SET watermark = excluded.watermark, updated_at = now()
WHERE excluded.watermark > current.watermark""",
    ("text", "bigint"),
)
