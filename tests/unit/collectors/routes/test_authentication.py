"""Who may post, proven before the body is read."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

SECRET = "a-secret-of-acme-1234"


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Authorization": f"Bearer {SECRET}"}, ""),
        ({"Authorization": f"bearer  {SECRET}"}, ""),
        (basic("akamai", SECRET), ""),
        (basic("", SECRET), ""),
        ({"X-Collector-Token": SECRET}, ""),
        ({"X-Amz-Firehose-Access-Key": SECRET}, ""),
        ({}, f"?token={SECRET}"),
        (basic("akamai", "wrong"), f"?token={SECRET}"),
    ],
    ids=["bearer", "bearer in lower case", "basic", "basic without user", "header", "firehose", "url", "one of two"],
)
async def test_a_credential_may_stand_wherever_a_cdn_can_put_it(
    collector: Any, headers: dict[str, str], query: str
) -> None:
    assert (await collector.client.post(f"/v1/logs/fastly{query}", headers=headers)).status == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("fastly", {}),
        ("fastly", {"Authorization": "Bearer wrong"}),
        ("fastly", {"Authorization": SECRET}),
        ("fastly", {"Authorization": "Basic !!!"}),
        ("fastly", {"Authorization": "Basic /w=="}),
        ("fastly", {"Authorization": f"Basic {base64.b64encode(SECRET.encode()).decode()}"}),
        ("fastly", basic(SECRET, "")),
        ("fastly?token=", {}),
        ("fastly?token=wrong", {}),
        ("nobody", {"Authorization": f"Bearer {SECRET}"}),
        ("FASTLY", {"Authorization": f"Bearer {SECRET}"}),
    ],
)
async def test_anything_else_is_401_without_saying_why(collector: Any, path: str, headers: dict[str, str]) -> None:
    answer = await collector.client.post(f"/v1/logs/{path}", headers=headers, data=b"x")
    assert (answer.status, await answer.text()) == (401, "unknown source, or no valid credential for it\n")
    assert collector.producer.sent == []


async def test_the_body_is_not_waited_for(collector: Any) -> None:
    async def endless() -> Any:
        yield b"x"
        await asyncio.sleep(30)

    async with asyncio.timeout(5):
        assert (await collector.client.post("/v1/logs/fastly", data=endless())).status == 401
    assert collector.budget.used == 0


async def test_a_source_on_loopback_may_be_open(collector: Any) -> None:
    assert (await collector.client.post("/v1/logs/open")).status == 200


async def test_secrets_show_in_no_metric_and_no_log(collector: Any, caplog: pytest.LogCaptureFixture) -> None:
    await collector.client.post(f"/v1/logs/fastly?token={SECRET}", data=b"\x1f\x8b" + SECRET.encode())
    await collector.client.post(f"/v1/logs/nobody?token={SECRET}", headers={"Authorization": f"Bearer {SECRET}"})
    metrics = await (await collector.client.get("/metrics")).text()
    assert SECRET not in metrics + caplog.text
    assert "fastly" in metrics
