"""The status, and who may see it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import make_mocked_request

from collectors.completeness.minutes import Report
from collectors.routes import status
from collectors.routes.keys import SOURCES, STATUS_CREDENTIALS
from collectors.trust.credentials import Credentials, hash_of

TOKEN = "of-an-operator-1234"
SECRET = "a-secret-of-acme-1234"
NOW = 1_795_417_260_000
LINE = (
    b'{"ClientRequestPath":"/a","EdgeResponseStatus":200,"EdgeResponseBodyBytes":1,'
    b'"EdgeEndTimestamp":1795417258000000000}'
)


async def test_it_tells_what_has_arrived(collector: Any) -> None:
    bearer = {"Authorization": f"Bearer {SECRET}"}
    assert (await collector.client.post("/v1/logs/cloudflare", data=LINE + b"\nbad", headers=bearer)).status == 200
    assert (await collector.client.post("/v1/logs/cloudfront", data=b"no envelope", headers=bearer)).status == 400
    answer = await collector.client.get("/v1/status")
    assert (answer.status, answer.content_type) == (200, "application/json")
    by_id = {source["id"]: source for source in (await answer.json())["sources"]}
    assert sorted(by_id) == sorted(collector.app[SOURCES].silent_after_s())
    assert by_id["cloudflare"] == {
        "id": "cloudflare",
        "last_delivery_ms": NOW,
        "quiet_s": 0.0,
        "silent_after_s": 900,
        "silent": False,
        "minutes": [
            {
                "minute_ms": NOW - NOW % 60_000,
                "deliveries": 1,
                "lines": 2,
                "bytes": len(LINE) + 3,
                "refused": {},
                "rejected": {"bad-json": 1},
                "events": {
                    "newest_ms": NOW - 2_000,
                    "oldest_ms": NOW - 2_000,
                    "within": [0, *[1] * 16],
                    "delay_sum_ms": 2_000,
                },
            }
        ],
    }
    assert by_id["cloudfront"]["minutes"][0]["refused"] == {"invalid-body": 1}
    assert by_id["akamai"]["last_delivery_ms"] is None


async def test_the_answer_reads_back_as_the_report_that_it_is(collector: Any) -> None:
    answer = await collector.client.get("/v1/status?minutes=5")
    report = msgspec.json.decode(await answer.read(), type=Report)
    assert report.now_ms == NOW
    assert {source.silent_after_s for source in report.sources} == {900}


@pytest.mark.parametrize(("minutes", "code"), [("1", 200), ("-1", 200), ("9999", 200), ("x", 400)])
async def test_minutes_are_a_whole_number(collector: Any, minutes: str, code: int) -> None:
    assert (await collector.client.get(f"/v1/status?minutes={minutes}")).status == code


@pytest.mark.parametrize(
    ("authorization", "code"),
    [(None, 401), (f"Bearer {TOKEN}", 200), ("Bearer of-nobody-1234567", 401), (f"Basic {TOKEN}", 401), (TOKEN, 401)],
    ids=["none", "a token", "another token", "another scheme", "no scheme"],
)
async def test_with_a_token_file_everyone_needs_a_token(
    collector: Any, monkeypatch: pytest.MonkeyPatch, authorization: str | None, code: int
) -> None:
    monkeypatch.setitem(collector.app._state, STATUS_CREDENTIALS, Credentials(hashes=(hash_of(TOKEN),)))
    headers = {} if authorization is None else {"Authorization": authorization}
    assert (await collector.client.get("/v1/status", headers=headers)).status == code


@pytest.mark.parametrize(
    ("peer", "headers", "local"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("192.0.2.1", {}, False),
        ("", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, False),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}, False),
    ],
    ids=["this machine", "this machine, IPv6", "another", "unknown", "through a proxy", "through another proxy"],
)
def test_without_a_token_file_only_this_machine_is_answered(peer: str, headers: dict[str, str], local: bool) -> None:
    request = make_mocked_request("GET", "/v1/status", headers=headers).clone(remote=peer)
    assert status._is_local(request) is local


async def test_another_machine_is_told_what_to_set(collector: Any) -> None:
    answer = await collector.client.get("/v1/status", headers={"X-Forwarded-For": "192.0.2.1"})
    assert (answer.status, "COLLECTOR_STATUS_TOKEN_FILE" in await answer.text()) == (403, True)
