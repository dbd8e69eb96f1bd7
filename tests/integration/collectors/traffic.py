"""Lines and deliveries for collectors on a real broker."""

from __future__ import annotations

import json
import time

import aiohttp


def cloudflare_line(name: str, *, ms_ago: int = 60_000) -> bytes:
    """A line of a request that ended a minute ago."""
    end_ns = (time.time_ns() // 1_000_000 - ms_ago) * 1_000_000
    fields = {
        "ClientRequestMethod": "GET",
        "ClientRequestPath": f"/vod/{name}/segment-1.ts",
        "EdgeEndTimestamp": end_ns,
        "EdgeResponseBodyBytes": 1_000,
        "EdgeResponseStatus": 200,
    }
    return json.dumps(fields).encode()


def fastly_line(number: int) -> bytes:
    """A numbered line of a request that ended a minute ago."""
    fields = {
        "v": 1,
        "end_ms": time.time_ns() // 1_000_000 - 60_000,
        "url": f"/vod/a/{number}.ts",
        "status": 200,
        "body": 1_000,
    }
    return json.dumps(fields).encode()


async def post(url: str, source: str, body: bytes, **headers: str) -> tuple[int, str | None]:
    """Status and Retry-After of a delivery."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v1/logs/{source}", data=body, headers=headers) as answer,
    ):
        return answer.status, answer.headers.get("Retry-After")
