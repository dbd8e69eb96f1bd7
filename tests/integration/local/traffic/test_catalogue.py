"""The demo's catalogue in a real asset database."""

from __future__ import annotations

import psycopg2

from local.traffic import catalogue

CATALOGUE = catalogue.build(seed=1, count=20)


def count(dsn: str, table: str) -> int:
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            [(number,)] = cursor.fetchall()
            return int(number)
    finally:
        connection.close()


def test_every_asset_is_written_with_all_its_renditions(assets_dsn: str) -> None:
    catalogue.write(assets_dsn, CATALOGUE.environments, CATALOGUE.assets)
    renditions = sum(len(asset.renditions) + len(asset.companions) for asset in CATALOGUE.assets)
    assert [count(assets_dsn, table) for table in ("environments", "assets", "renditions")] == [6, 20, renditions]


def test_durations_arrive_exactly(assets_dsn: str) -> None:
    catalogue.write(assets_dsn, CATALOGUE.environments, [CATALOGUE.viral])
    connection = psycopg2.connect(assets_dsn)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT name, height, first_segment, segment_ms FROM renditions ORDER BY height")
        found = cursor.fetchall()
    connection.close()
    assert found == [(r.name, r.height, r.first_segment, list(r.segment_ms)) for r in CATALOGUE.viral.renditions]


def test_a_further_asset_needs_no_environment_again(assets_dsn: str) -> None:
    catalogue.write(assets_dsn, CATALOGUE.environments, CATALOGUE.registered)
    catalogue.write(assets_dsn, (), [CATALOGUE.withheld])
    assert count(assets_dsn, "assets") == 20
