"""Posting a delivery as CDNs do: again and again until somebody has taken it."""

from __future__ import annotations

import asyncio
import time
from typing import Final

import aiohttp

from local.demo.deliveries import Delivery

_FIREHOSE_ID: Final = "X-Amz-Firehose-Request-Id"
_DEADLINE_SECONDS: Final = 120.0
_RETRY_SECONDS: Final = 1.0


class Refused(RuntimeError):
    """A collector answered something that is no reason to try again; the message is its answer."""


async def post(session: aiohttp.ClientSession, url: str, delivery: Delivery) -> None:
    """Post a delivery until it is accepted.

    Raises Refused for an answer that is neither success nor "later", TimeoutError if nobody takes it in time.
    """
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while (retry_after_s := await _attempt(session, url, delivery)) is not None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{url} took no delivery for {_DEADLINE_SECONDS:.0f} s")
        await asyncio.sleep(retry_after_s)


async def _attempt(session: aiohttp.ClientSession, url: str, delivery: Delivery) -> float | None:
    """Post once; None if it was accepted, else the seconds to wait before the next attempt."""
    try:
        async with session.post(url, data=delivery.wire.body, headers=delivery.wire.headers) as response:
            answer = await response.text()
    except aiohttp.ClientConnectionError:
        return _RETRY_SECONDS
    if response.status == 503:
        return float(response.headers.get("Retry-After", _RETRY_SECONDS))
    if response.status != 200:
        raise Refused(f"{url}: {response.status} {answer}")
    _check_firehose(delivery, answer)
    return None


def _check_firehose(delivery: Delivery, answer: str) -> None:
    """Firehose takes an answer without its request id for a failure."""
    request_id = delivery.wire.headers.get(_FIREHOSE_ID)
    if request_id is not None and f'"requestId":"{request_id}"' not in answer.replace('": "', '":"'):
        raise Refused(f"the answer to Firehose request {request_id} does not name it: {answer}")
