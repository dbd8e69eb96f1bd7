"""What the job writes: one upsert a table, with the guards that make replays and restarts harmless.

Table names are unqualified, so that reprocess writes the same statements into a schema of its own
(`currentSchema` in the JDBC address). Each statement is given its values once and writes absolute values, at least once
and in no order beyond its own sink's.

* USAGE: `records` of a sum only grows, whatever the grouping or order of firings after a restore, so of two writes the
  one with more records knows more. Time, watermark or pane number as a guard would each lose money. An hour that
  reprocess has taken over accepts nothing of a lower epoch, new keys included.
* LEDGER: the rows of on-time batches, of further copies, and of late batches that wait to be counted.
* LATE_BATCH: a late batch that was counted, its row in the ledger and its corrections in one statement. The row
  decides, and the corrections follow it, all or none: whatever else is written before or after, they say the same.

What takes the place of a batch's account in the ledger, if it is that of a first copy (`copies` = 0) and reprocess has
not counted the batch. Anything else changes nothing; another first copy, which comes when the job has forgotten the
one that it counted, is noted as a copy.

| what stands | gives way to | condition |
|---|---|---|
| only what further copies said | any account | `_ONLY_COPIES` |
| that the batch waits to be counted | any account but another wait | `_is_waiting` |
| the account of a window | any later one, as the window's sums do | `_OF_A_WINDOW` and `_KNOWS_AS_MUCH` |
| the account of a late batch | that of a copy published before | `_PUBLISHED_BEFORE` and `_KNOWS_AS_MUCH` |
| the same, compared | its own recount | `_OWN_RECOUNT` and `_KNOWS_AS_MUCH` |

A batch is compared where its lines may come again in other batches of its hour (recognise.py). A restart may meet them
in another order, and then a line bills in another of them: all must follow, or it bills twice or not at all. But a
recount knows as much as the first one only while raw is sure to hold all of the hour: out of a topic that has lost
on-time batches, late ones would bill what those had billed before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jobs.media_usage.batch_tally import IF_ABSENT, WAITING, WINDOW
from schemas.batch import HOUR_MS
from schemas.topics import RAW_RETENTION_MS

#: The live job's epoch; reprocess writes higher ones.
LIVE_EPOCH: Final = 0
#: What was recorded within this time of the database's clock was counted by this run, or the one that it goes on from:
#: one that fills an empty database, or a shadow, recounts hours that raw has lost. Of a run that was never behind, rows
#: of an hour that raw begins to lose are older: they were written within the windows' lateness of 3 days.
_SAME_RUN_MS: Final = 7 * 24 * HOUR_MS

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
    return Statement(f"WITH new ({names}) AS (VALUES ({values})){sql}", types)


def _time(column: str) -> str:
    return f"timestamptz 'epoch' + new.{column} * interval '1 millisecond'"


USAGE: Final = _upsert(
    "hour_ms bigint, environment_id text, asset_id text, tier text, "
    "delivered_ms bigint, deliveries bigint, bytes bigint, records bigint",
    f"""
INSERT INTO media_usage AS current
    (hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records, epoch)
SELECT {_time("hour_ms")}, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records, {LIVE_EPOCH}
FROM new
WHERE NOT EXISTS (
    SELECT FROM hour_takeover AS taken WHERE taken.hour = {_time("hour_ms")} AND taken.epoch > {LIVE_EPOCH})
ON CONFLICT (hour, environment_id, asset_id, tier) DO UPDATE SET
    delivered_ms = excluded.delivered_ms, deliveries = excluded.deliveries, bytes = excluded.bytes,
    records = excluded.records, epoch = excluded.epoch, updated_at = now()
WHERE (excluded.epoch, excluded.records) >= (current.epoch, current.records)""",
)

_LEDGER_COLUMNS: Final = (
    "hour_ms bigint, batch_id text, path text, boot_id text, source_id text, received_at_ms bigint, "
    "published_at_ms bigint, records bigint, billed_ms bigint, outcomes text, rejected text, "
    "unresolved_assets text, copies bigint, rule_version text, builds text, environments text, compared bigint"
)
_ACCOUNT: Final = (
    *("boot_id", "received_at", "published_at", "records", "billed_ms", "outcomes", "rejected", "unresolved_assets"),
    *("rule_version", "builds", "environments", "compared"),
)
#: They tell no environments. Nor did a release that had no `compared`, whose accounts are as good as any.
_ONLY_COPIES: Final = "(current.environments IS NULL AND current.compared IS NOT NULL)"
_OF_A_WINDOW: Final = f"current.path = '{WINDOW}'"
_PUBLISHED_BEFORE: Final = "excluded.published_at < current.published_at"
_OWN_RECOUNT: Final = "excluded.compared AND excluded.published_at = current.published_at"
_KNOWS_AS_MUCH: Final = f"""(NOT excluded.compared
    OR current.hour >= now() - interval '{RAW_RETENTION_MS} milliseconds'
    OR current.recorded_at >= now() - interval '{_SAME_RUN_MS} milliseconds')"""


def _is_waiting(row: str) -> str:
    return f"({row}.outcomes -> '{WAITING}' IS NOT NULL)"


#: The table above: whether the account in `excluded` takes the place of the one in `current`.
_TAKES_ITS_PLACE: Final = f"""(
    excluded.copies = 0 AND excluded.epoch >= current.epoch AND (
        {_ONLY_COPIES}
        OR NOT {_is_waiting("excluded")} AND (
            {_is_waiting("current")}
            OR {_KNOWS_AS_MUCH} AND ({_OF_A_WINDOW} OR {_PUBLISHED_BEFORE} OR {_OWN_RECOUNT}))))"""
_IS_ANOTHER_COPY: Final = f"""(
    excluded.copies = 0 AND NOT {_ONLY_COPIES} AND excluded.published_at <> current.published_at)"""

_INSERT_ACCOUNT: Final = f"""
INSERT INTO batch_ledger AS current
    (hour, batch_id, path, boot_id, source_id, received_at, published_at, records, billed_ms,
     outcomes, rejected, unresolved_assets, copies, rule_version, builds, environments, compared, epoch)
SELECT {_time("hour_ms")}, batch_id, replace(path, '{IF_ABSENT}', ''), boot_id, source_id,
       {_time("received_at_ms")}, {_time("published_at_ms")},
       records, billed_ms, outcomes::jsonb, rejected::jsonb, unresolved_assets::jsonb, copies, rule_version, builds,
       nullif(environments, '')::jsonb, compared = 1, {LIVE_EPOCH}
FROM new"""
_REPLACED: Final = ",\n    ".join(
    f"{column} = CASE WHEN {_TAKES_ITS_PLACE} THEN excluded.{column} ELSE current.{column} END" for column in _ACCOUNT
)
_OR_REPLACE_IT: Final = f"""
ON CONFLICT (hour, batch_id, path) DO UPDATE SET
    copies = greatest(excluded.copies, current.copies, CASE WHEN {_IS_ANOTHER_COPY} THEN 1 END),
    -- A batch is recorded again when it is counted otherwise, by a replay of the same row it is not.
    recorded_at = CASE
        WHEN {_TAKES_ITS_PLACE} AND (excluded.billed_ms, excluded.outcomes, excluded.environments)
            <> (current.billed_ms, current.outcomes, current.environments)
        THEN excluded.recorded_at ELSE current.recorded_at END,
    {_REPLACED}
WHERE {_TAKES_ITS_PLACE} OR excluded.copies > current.copies OR {_IS_ANOTHER_COPY} AND current.copies = 0"""

#: A batch that comes when its window or its lines are forgotten is recorded only where the ledger does not have it.
LEDGER: Final = _upsert(
    _LEDGER_COLUMNS,
    f"""{_INSERT_ACCOUNT}
WHERE NOT starts_with(path, '{IF_ABSENT}') OR NOT EXISTS (
    SELECT FROM batch_ledger AS known
    WHERE known.hour = {_time("hour_ms")} AND known.batch_id = new.batch_id){_OR_REPLACE_IT}""",
)
#: RETURNING gives the row that stands now: it is this copy's, or that of one which was published at another time.
LATE_BATCH: Final = _upsert(
    f"{_LEDGER_COLUMNS}, corrections text",
    f""", standing AS ({_INSERT_ACCOUNT}{_OR_REPLACE_IT}
    RETURNING hour, batch_id, published_at
), counted AS (
    SELECT hour, new.batch_id, corrections::jsonb FROM new JOIN standing ON published_at = {_time("published_at_ms")}
), correction AS (
    SELECT hour, batch_id, each.* FROM counted, jsonb_to_recordset(corrections) AS each (
        environment_id text, asset_id text, tier text,
        delivered_ms bigint, deliveries bigint, bytes bigint, records bigint)
), gone AS (
    DELETE FROM media_usage_corrections AS current USING counted
    WHERE current.batch_id = counted.batch_id AND (environment_id, asset_id, tier)
        NOT IN (SELECT environment_id, asset_id, tier FROM correction)
)
INSERT INTO media_usage_corrections AS current
    (hour, batch_id, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records, epoch)
SELECT hour, batch_id, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records, {LIVE_EPOCH}
FROM correction
ON CONFLICT (batch_id, environment_id, asset_id, tier) DO UPDATE SET
    delivered_ms = excluded.delivered_ms, deliveries = excluded.deliveries, bytes = excluded.bytes,
    records = excluded.records, epoch = excluded.epoch, updated_at = now()""",
)
COLLECTOR_TOTALS: Final = _upsert(
    "boot_id text, source_id text, batches bigint, records bigint, rejected bigint, told_at_ms bigint",
    f"""
INSERT INTO collector_totals AS current (boot_id, source_id, batches, records, rejected, told_at, told_batches)
SELECT boot_id, source_id, batches, records, rejected, {_time("told_at_ms")}, batches FROM new
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
