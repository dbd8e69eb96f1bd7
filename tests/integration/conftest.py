"""Real servers for integration tests: one Postgres and one Redis a session, a fresh database a test."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from local import postgres, redis
from local.ports import free_base
from local.process import find
from local.settings import Settings
from local.stack import Stack
from tests.integration.billing import Billing

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run Postgres until the session ends; its databases "assets" and "billing" have all tables and no row."""
    settings = Settings(state=tmp_path_factory.mktemp("postgres"), port_base=free_base())
    with Stack(settings, {"postgres"}) as stack:
        yield stack


@pytest.fixture
def new_database(postgres_stack: Stack) -> Callable[[str], str]:
    """Make a fresh copy of a template database, and return its address."""

    def make(template: str) -> str:
        name = f"test_{next(_numbers)}"
        connection = psycopg2.connect(postgres.dsn(postgres_stack.settings, "postgres"))
        connection.autocommit = True  # CREATE DATABASE allows no transaction around it
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        finally:
            connection.close()
        return postgres.dsn(postgres_stack.settings, name)

    return make


@pytest.fixture
def empty_dsn(new_database: Callable[[str], str]) -> str:
    """Address of a database without any table."""
    return new_database("template1")


@pytest.fixture
def billing_dsn(new_database: Callable[[str], str]) -> str:
    """Address of a billing database of its own, with all tables and no row."""
    return new_database("billing")


@pytest.fixture
def assets_dsn(new_database: Callable[[str], str]) -> str:
    """Address of an asset database of its own, with all tables and no row."""
    return new_database("assets")


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


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Run Redis until the session ends."""
    server = Settings(state=tmp_path_factory.mktemp("redis"), port_base=free_base())
    redis.launch(server)
    yield server
    redis.halt(server)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Settings]:
    """Run a Redis that a test may break."""
    server = Settings(state=tmp_path / "redis", port_base=free_base())
    redis.launch(server)
    yield server
    if child := find(server.state, redis.NAME):
        child.signal(signal.SIGCONT)  # a test may have stopped it
    redis.halt(server)


@pytest.fixture
def billing(billing_dsn: str) -> Iterator[Billing]:
    """An empty billing database with helpers that write what the media-usage job would."""
    database = Billing(billing_dsn)
    yield database
    database.close()
