"""The read API: Mux's shape, exact amounts, and to everybody only what is theirs."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.integration.billing import Billing
from tests.integration.console.conftest import (
    CUSTOMER,
    NOW,
    ON_TIME,
    OPERATOR,
    PROVISIONAL,
    SETTLED,
    Console,
    Start,
    bearer,
)

PATH = "/video/v1/delivery-usage"


def epoch_s(moment: datetime) -> int:
    return int(moment.timestamp())


#: From the settled hour to the provisional one.
START, END = epoch_s(SETTLED), epoch_s(PROVISIONAL) + 3600
TIMEFRAME = f"timeframe[]={START}&timeframe[]={END}"


async def get(console: Console, query: str, token: str = OPERATOR, path: str = PATH) -> Any:
    """The answer of 200, its decimals as they are written."""
    answer = await console.get(f"{path}?{query}", headers=bearer(token))
    assert (answer.status, answer.content_type) == (200, "application/json"), await answer.text()
    return json.loads(await answer.text(), parse_float=Decimal)


async def problem(console: Console, query: str, token: str | None = OPERATOR, path: str = PATH) -> tuple[int, str]:
    answer = await console.get(f"{path}?{query}", headers=bearer(token) if token else {})
    assert answer.content_type == "application/problem+json"
    body = json.loads(await answer.text())
    assert set(body) <= {"type", "title", "status", "detail"}
    assert body["status"] == answer.status
    return answer.status, body.get("detail", "")


async def test_assets_come_with_exact_seconds_by_resolution_and_certainty(usage: Billing, console: Console) -> None:
    assert await get(console, TIMEFRAME) == {
        "total_row_count": 3,
        "timeframe": [START, END],
        "page": 1,
        "limit": 100,
        "closed_until": epoch_s(ON_TIME) + 3600,
        "settled_until": epoch_s(SETTLED) + 3600,
        "hours_in_doubt": [],
        "data": [
            {
                "asset_id": "film",
                "environment_id": "env-a",
                "delivered_ms": 90_501,
                "delivered_seconds": Decimal("90.501"),
                "delivered_seconds_by_resolution": {
                    "tier_720p": Decimal("30.000"),
                    "tier_1080p": Decimal("60.501"),
                },
                "delivered_seconds_by_certainty": {
                    "settled": Decimal("60.001"),
                    "on-time": Decimal("30.000"),
                    "correction": Decimal("0.500"),
                },
                "deliveries": 5,
                "bytes": 5_000,
            },
            {
                "asset_id": "=SUM(A1)",
                "environment_id": "env-b",
                "delivered_ms": 10_000,
                "delivered_seconds": Decimal("10.000"),
                "delivered_seconds_by_resolution": {"tier_2160p": Decimal("10.000")},
                "delivered_seconds_by_certainty": {"settled": Decimal("10.000")},
                "deliveries": 2,
                "bytes": 2_000,
            },
            {
                "asset_id": "radio",
                "environment_id": "env-a",
                "delivered_ms": 5_000,
                "delivered_seconds": Decimal("5.000"),
                "delivered_seconds_by_resolution": {"tier_audio_only": Decimal("5.000")},
                "delivered_seconds_by_certainty": {"provisional": Decimal("5.000")},
                "deliveries": 2,
                "bytes": 2_000,
            },
        ],
    }


async def test_hours_come_in_order_with_their_certainty(usage: Billing, console: Console) -> None:
    usage.execute("INSERT INTO hours_in_doubt VALUES (%s, 'enrichment', 'b1')", ON_TIME)
    found = await get(console, f"{TIMEFRAME}&limit=2", path=f"{PATH}/hours")
    assert (found["total_row_count"], found["data"]) == (
        3,
        [
            {
                "hour": START,
                "certainty": "settled",
                "in_doubt": False,
                "delivered_ms": 70_501,
                "correction_ms": 500,
                "delivered_seconds": Decimal("70.501"),
                "delivered_seconds_by_resolution": {
                    "tier_1080p": Decimal("60.501"),
                    "tier_2160p": Decimal("10.000"),
                },
                "deliveries": 5,
                "bytes": 5_000,
            },
            {
                "hour": epoch_s(ON_TIME),
                "certainty": "on-time",
                "in_doubt": True,
                "delivered_ms": 30_000,
                "correction_ms": 0,
                "delivered_seconds": Decimal("30.000"),
                "delivered_seconds_by_resolution": {"tier_720p": Decimal("30.000")},
                "deliveries": 2,
                "bytes": 2_000,
            },
        ],
    )
    assert (await get(console, TIMEFRAME))["hours_in_doubt"] == [epoch_s(ON_TIME)]


@pytest.mark.parametrize(
    ("query", "token", "assets"),
    [
        (TIMEFRAME, OPERATOR, ["film", "=SUM(A1)", "radio"]),
        (TIMEFRAME, CUSTOMER, ["film", "radio"]),
        (f"{TIMEFRAME}&environment_id=env-b", OPERATOR, ["=SUM(A1)"]),
        (f"{TIMEFRAME}&environment_id=env-c", CUSTOMER, []),
        (f"{TIMEFRAME}&asset_id=radio", OPERATOR, ["radio"]),
        (f"{TIMEFRAME}&asset_id=%3DSUM(A1)", CUSTOMER, []),
        (f"{TIMEFRAME}&tier=1080p", OPERATOR, ["film"]),
        (f"timeframe[]={START}&timeframe[]={START + 1}", OPERATOR, ["film", "=SUM(A1)"]),
        (f"timeframe[]={START + 1}&timeframe[]={END}", OPERATOR, ["film", "radio"]),
        ("", OPERATOR, ["film", "radio"]),
    ],
    ids=[
        *("an operator sees all", "a customer its own", "one environment", "an environment without usage", "one asset"),
        *("another's asset", "one tier", "hours that begin in it", "not those that began before", "the last day"),
    ],
)
async def test_filters_narrow_what_a_token_sees(
    usage: Billing, console: Console, query: str, token: str, assets: list[str]
) -> None:
    found = await get(console, query, token)
    assert ([row["asset_id"] for row in found["data"]], found["total_row_count"]) == (assets, len(assets))


async def test_without_a_timeframe_the_last_full_day_is_told(usage: Billing, console: Console) -> None:
    hour = NOW.replace(minute=0)
    assert (await get(console, ""))["timeframe"] == [epoch_s(hour) - 24 * 3600, epoch_s(hour)]


async def test_pages_follow_each_other_and_one_beyond_the_last_is_empty(usage: Billing, console: Console) -> None:
    pages = [await get(console, f"{TIMEFRAME}&limit=2&page={page}") for page in (1, 2, 3)]
    assert [[row["asset_id"] for row in page["data"]] for page in pages] == [["film", "=SUM(A1)"], ["radio"], []]
    assert {page["total_row_count"] for page in pages} == {3}


async def test_a_database_without_usage_is_no_error(billing: Billing, console: Console) -> None:
    found = await get(console, TIMEFRAME)
    assert (found["total_row_count"], found["data"], found["closed_until"]) == (0, [], None)


async def test_the_token_may_be_the_password_of_basic_authentication(usage: Billing, console: Console) -> None:
    given = base64.b64encode(f"token-id:{CUSTOMER}".encode()).decode()
    answer = await console.get(PATH, headers={"Authorization": f"Basic {given}"})
    assert answer.status == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "assetid=film",
            "'assetid' is no parameter: there are asset_id, environment_id, limit, page, tier, timeframe[]",
        ),
        ("live_stream_id=x", "'live_stream_id' is no parameter"),
        ("limit=1001", "limit is '1001': give a whole number from 1 to 1000"),
        ("limit=0", "limit is '0'"),
        ("page=1.5", "page is '1.5'"),
        ("page=%D9%A1", "page is '\u0661'"),
        ("page=1&page=2", "page is given more than once"),
        ("asset_id=%00", "asset_id is no id"),
        (f"asset_id={'x' * 257}", "asset_id is no id: at most 256 printable characters"),
        ("timeframe[]=1", "timeframe[] is given 1 times: give it twice, start and end"),
        (f"timeframe[]={END}&timeframe[]={START}", "timeframe[]: no hour begins between"),
        (f"timeframe[]={START + 1}&timeframe[]={START + 2}", "timeframe[]: no hour begins between"),
        (f"timeframe[]={START}&timeframe[]={START + 93 * 86400}", "is longer than 92 days"),
        ("timeframe[]=-1&timeframe[]=x", "timeframe[]: '-1' is no time in whole seconds since the Unix epoch"),
        (f"timeframe[]={START}&timeframe[]=99999999999", "timeframe[]: '99999999999' is no time"),
    ],
)
async def test_a_wrong_parameter_is_named(console: Console, query: str, message: str) -> None:
    status, detail = await problem(console, query)
    assert (status, message in detail) == (400, True), detail


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("another token"),
        {"Authorization": CUSTOMER},
        {"Authorization": "Basic not-base64!"},
        {"Authorization": "Digest username=x"},
    ],
    ids=["none", "wrong", "no scheme", "no base64", "another scheme"],
)
@pytest.mark.parametrize("path", [PATH, f"{PATH}/hours", f"{PATH}.csv"])
async def test_nobody_is_told_anything_without_a_token(console: Console, path: str, headers: dict[str, str]) -> None:
    answer = await console.get(path, headers=headers)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="usage"')
    assert "give a valid token" in json.loads(await answer.text())["detail"]


@pytest.mark.parametrize("environment", ["env-b", "no-such-environment"])
async def test_a_customer_cannot_tell_another_environment_from_none(
    usage: Billing, console: Console, environment: str
) -> None:
    for path in (PATH, f"{PATH}/hours", f"{PATH}.csv"):
        refused = await problem(console, f"environment_id={environment}", CUSTOMER, path)
        assert refused == (403, f"this token does not see environment {environment}")


async def test_rows_of_the_bill_come_as_csv(usage: Billing, console: Console) -> None:
    answer = await console.get(f"{PATH}.csv?{TIMEFRAME}", headers=bearer(CUSTOMER))
    assert (answer.status, answer.content_type) == (200, "text/csv")
    assert await answer.text() == (
        "hour_utc,environment_id,asset_id,tier,certainty,in_doubt,"
        "delivered_ms,delivered_seconds,delivered_minutes,corrections_ms,deliveries,bytes\r\n"
        "2026-09-01T10:00:00Z,env-a,film,1080p,settled,no,60501,60.501,1.008350,500,3,3000\r\n"
        "2026-09-04T10:00:00Z,env-a,film,up-to-720p,on-time,no,30000,30.000,0.500000,0,2,2000\r\n"
        "2026-09-04T11:00:00Z,env-a,radio,audio-only,provisional,no,5000,5.000,0.083333,0,2,2000\r\n"
    )


async def test_who_asks_too_often_is_told_when_to_come_again(usage: Billing, start: Start) -> None:
    console = await start(requests_per_s=0.2)
    for _ in range(3):  # ten seconds of its rate at once, and the one that uses them up
        await get(console, TIMEFRAME, CUSTOMER)
    answer = await console.get(PATH, headers=bearer(CUSTOMER))
    assert (answer.status, 0 < int(answer.headers["Retry-After"]) <= 5) == (429, True)
    await get(console, TIMEFRAME, OPERATOR)  # each token has its own rate


async def test_an_address_that_is_none_is_a_problem_too(console: Console) -> None:
    assert await problem(console, "", path="/video/v1/nothing") == (404, "")


async def test_only_reading_is_possible(console: Console) -> None:
    answer = await console.delete(PATH, headers=bearer(OPERATOR))
    assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")
    assert answer.content_type == "application/problem+json"


async def test_an_open_console_needs_no_token_and_refuses_a_wrong_one(usage: Billing, open_console: Console) -> None:
    assert (await open_console.get(PATH)).status == 200
    assert (await open_console.get(PATH, headers=bearer("whatever"))).status == 401
