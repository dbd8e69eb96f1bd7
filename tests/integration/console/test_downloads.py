"""Files that are sent while they are read: whole, or visibly cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
import pytest

from console.data import database
from console.keys import DATABASE
from console.settings import Auth
from tests.integration.billing import HOUR, Billing
from tests.integration.console.conftest import Console, Start

DAYS = "from=2026-09-01&to=2026-10-31"


@pytest.fixture
def rows(billing: Billing) -> int:
    """More rows than a socket takes at once."""
    billing.execute(
        "INSERT INTO media_usage (hour, environment_id, asset_id, tier, delivered_ms, deliveries, bytes, records)"
        " SELECT %s::timestamptz + (n %% 700) * interval '1 hour', 'env', repeat('long-', 40) || n, '1080p', n, 1, 1, 1"
        " FROM generate_series(1, 30000) AS n",
        HOUR,
    )
    return 30_000


async def test_a_big_file_arrives_whole_and_is_the_bill(rows: int, billing: Billing, open_console: Console) -> None:
    answer = await open_console.get(f"/usage.csv?{DAYS}")
    lines = (await answer.text()).splitlines()
    assert len(lines) == 1 + rows
    assert sum(int(line.split(",")[6]) for line in lines[1:]) == sum(row[4] for row in billing.bill())


async def test_a_file_whose_source_fails_midway_does_not_look_complete(
    rows: int, open_console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_ROWS_AT_ONCE", 100)
    calls = 0

    def line(row: database.Row) -> tuple[object, ...]:
        nonlocal calls
        calls += 1
        if calls == 5_000:
            raise RuntimeError("a mistake")
        return row

    monkeypatch.setattr("console.show.csv_lines.usage_line", line)
    answer = await open_console.get(f"/usage.csv?{DAYS}")
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()


async def test_a_database_that_goes_away_midway_is_no_complete_file_either(
    rows: int, billing: Billing, open_console: Console, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await open_console.get(f"/usage.csv?{DAYS}")
    ours = "application_name = 'console' AND query LIKE %s AND datname = current_database()"
    billing.query(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {ours}", "FETCH%")
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()
    await until(lambda: "a download of /usage.csv was cut off by " in caplog.text)


async def test_a_reader_that_takes_too_long_is_cut_off_and_makes_room(rows: int, start: Start) -> None:
    console = await start(auth=Auth.NONE, tokens_file=None, download_timeout_s=0.3)
    for _ in range(3):  # more than may be under way at a time
        answer = await console.get(f"/usage.csv?{DAYS}")
        await asyncio.sleep(0.6)
        with pytest.raises((aiohttp.ClientPayloadError, ConnectionError)):
            await answer.read()


async def test_a_reader_that_goes_away_makes_room(rows: int, open_console: Console) -> None:
    assert open_console.app is not None
    source = open_console.app[DATABASE]
    for _ in range(3):
        answer = await open_console.get(f"/usage.csv?{DAYS}")
        await answer.content.readexactly(1_000)
        answer.close()
        await until(lambda: not source._downloads)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.01)


async def test_too_many_downloads_are_told_to_come_again(rows: int, open_console: Console) -> None:
    answers = [await open_console.get(f"/usage.csv?{DAYS}") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 503]
    assert answers[2].headers["Retry-After"] == "2"
    assert "too many downloads are under way" in await answers[2].text()
    for answer in answers:
        answer.close()


async def test_an_empty_file_has_its_head(billing: Billing, open_console: Console) -> None:
    answer = await open_console.get(f"/usage.csv?{DAYS}")
    assert (await answer.text()).count("\n") == 1
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"


async def test_a_database_that_is_away_is_a_page_and_no_file(start: Start) -> None:
    console = await start(
        auth=Auth.NONE, tokens_file=None, billing_dsn="postgresql://user:secret@127.0.0.1:1/billing", audit_settling_s=0
    )
    for path in ("/", "/usage.csv", "/statements", "/readyz"):
        answer = await console.get(path)
        page = await answer.text()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
        assert "the billing database does not answer" in page
        assert "secret" not in page
    assert (await console.get("/healthz")).status == 200
