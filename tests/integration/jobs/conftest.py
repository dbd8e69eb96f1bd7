"""A Redis server and a filled asset database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from local import redis
from local.ports import free_base
from local.settings import Settings


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    state: Path = tmp_path_factory.mktemp("redis")
    server = Settings(state=state, port_base=free_base())
    redis.launch(server)
    yield server
    redis.halt(server)


@pytest.fixture
def filled_dsn(assets_dsn: str) -> str:
    """An asset database with a video asset (demuxed audio beside it), and an audio-only one."""
    with psycopg2.connect(assets_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO environments VALUES ('env-1', 'One')")
        cursor.execute("INSERT INTO assets VALUES ('film', 'env-1'), ('radio', 'env-1'), ('empty', 'env-1')")
        cursor.execute(
            "INSERT INTO renditions (asset_id, name, media_type, height, segment_ms, low_latency_billing, part_ms)"
            " VALUES ('film', '720p', 'video', 720, '{4004,1500}', 'parts', 334),"
            " ('film', 'iframes', 'trick-play', 0, '{}', 'segments', 0),"
            " ('film', 'audio', 'audio', 0, '{4004,1500}', 'segments', 0),"
            " ('radio', 'audio', 'audio', 0, '{6000}', 'segments', 0)"
        )
    return assets_dsn
