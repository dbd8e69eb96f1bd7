"""A billing database for tests: put in what the media-usage job would have written, ask what stands there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2

#: The hour that most rows of tests stand in.
HOUR = datetime(2026, 9, 1, 10, tzinfo=UTC)
NO_HOUR = datetime(1970, 1, 1, tzinfo=UTC)
SETTLED = timedelta(hours=73)

Row = tuple[Any, ...]


class Billing:
    """One billing database, written and read with autocommit; `schema` is where unqualified names lead."""

    def __init__(self, dsn: str, schema: str = "public") -> None:
        self.dsn = dsn
        self._connection = psycopg2.connect(dsn)
        self._connection.autocommit = True
        self.execute("SELECT set_config('search_path', %s, false)", schema)

    def close(self) -> None:
        self._connection.close()

    def execute(self, sql: str, *parameters: object) -> int:
        """Run a statement and return how many rows it touched."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.rowcount

    def query(self, sql: str, *parameters: object) -> list[Row]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall()

    def watermark(self, moment: datetime, job: str = "media-usage") -> None:
        self.execute(
            "INSERT INTO job_watermark (job, watermark) VALUES (%s, %s)"
            " ON CONFLICT (job) DO UPDATE SET watermark = excluded.watermark",
            job,
            moment,
        )

    def usage(
        self,
        delivered_ms: int,
        *,
        hour: datetime = HOUR,
        environment: str = "env-a",
        asset: str = "film",
        tier: str = "1080p",
        epoch: int = 0,
    ) -> None:
        self.execute(
            "INSERT INTO media_usage (hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes,"
            " records, epoch) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            *(hour, environment, asset, tier, delivered_ms, 2, 2_000, 3, epoch),
        )

    def correction(
        self,
        batch_id: str,
        delivered_ms: int,
        *,
        hour: datetime = HOUR,
        environment: str = "env-a",
        asset: str = "film",
        tier: str = "1080p",
    ) -> None:
        self.execute(
            "INSERT INTO media_usage_corrections (hour, batch_id, environment_id, asset_id, tier,"
            " delivered_ms, deliveries, bytes, records) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            *(hour, batch_id, environment, asset, tier, delivered_ms, 1, 1_000, 1),
        )

    def ledger(
        self,
        batch_id: str,
        billed_ms: int,
        *,
        path: str = "window",
        hour: datetime = HOUR,
        records: int = 3,
        outcomes: Mapping[str, int] | None = None,
        rejected: Mapping[str, int] | None = None,
        unresolved: Mapping[str, int] | None = None,
        copies: int = 0,
        source: str = "fastly-main",
        boot: str = "boot-1",
        epoch: int = 0,
        environments: Mapping[str, Sequence[int]] | None = None,
        builds: str = "test",
    ) -> None:
        """`environments`: milliseconds, deliveries and bytes of each; None as releases before them wrote it."""
        self.execute(
            "INSERT INTO batch_ledger (hour, batch_id, path, boot_id, source_id, received_at, published_at,"
            " records, billed_ms, outcomes, rejected, unresolved_assets, copies, rule_version, builds, epoch,"
            " environments) VALUES (%s, %s, %s, %s, %s, now(), now(), %s, %s, %s, %s, %s, %s, '1', %s, %s, %s)",
            *(hour, batch_id, path, boot, source, records, billed_ms),
            json.dumps({"billed": records} if outcomes is None else outcomes),
            json.dumps(rejected or {}),
            json.dumps(unresolved or {}),
            *(copies, builds, epoch, None if environments is None else json.dumps(environments)),
        )

    def totals(
        self,
        batches: int,
        records: int,
        rejected: int = 0,
        *,
        source: str = "fastly-main",
        boot: str = "boot-1",
        told: datetime = HOUR,
    ) -> None:
        self.execute(
            "INSERT INTO collector_totals (boot_id, source_id, batches, records, rejected, updated_at)"
            " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (boot_id, source_id) DO UPDATE SET"
            " batches = excluded.batches, records = excluded.records, updated_at = excluded.updated_at",
            *(boot, source, batches, records, rejected, told),
        )

    def bill(self) -> list[Row]:
        """Rows of the bill as (hour, environment, asset, tier, ms)."""
        return self.query(
            "SELECT hour, environment_id, asset_id, tier, delivered_ms FROM billable_usage ORDER BY 1, 2, 3, 4"
        )
