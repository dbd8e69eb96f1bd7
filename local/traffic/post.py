"""Posting a delivery as CDNs do: the same bytes again and again until somebody has taken them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Container, Iterable
from typing import Final, NamedTuple

import aiohttp

from local.traffic.wire import Wire

_FIREHOSE_ID: Final = "X-Amz-Firehose-Request-Id"
_RETRY_SECONDS: Final = 1.0
#: Status of an attempt that nobody answered.
NO_ANSWER: Final = 0
#: Nobody there, or too busy: reasons to come again.
LATER: Final = frozenset((NO_ANSWER, 503))


class Refused(RuntimeError):
    """A collector answered something that is no reason to try again; the message is its answer."""


class Answer(NamedTuple):
    """What became of one attempt; `retry_after_s` is how long to wait before the next."""

    status: int
    text: str
    retry_after_s: float


async def post(
    session: aiohttp.ClientSession,
    urls: Iterable[str],
    wire: Wire,
    *,
    patience_s: float = 120.0,
    again: Container[int] = LATER,
) -> None:
    """Post to one of the endless `urls` after the other until one accepts.

    Raises Refused for an answer that is neither success nor, by `again`, a reason to try again; TimeoutError if
    nobody takes it within `patience_s` seconds.
    """
    deadline = time.monotonic() + patience_s
    for url in urls:
        answer = await _attempt(session, url, wire)
        if answer.status == 200:
            _check_firehose(wire, answer.text)
            return
        if answer.status not in again:
            raise Refused(f"{url}: {answer.status} {answer.text}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"{url} took no delivery for {patience_s:.0f} s")
        await asyncio.sleep(answer.retry_after_s)


async def _attempt(session: aiohttp.ClientSession, url: str, wire: Wire) -> Answer:
    try:
        async with session.post(url, data=wire.body, headers=wire.headers) as response:
            text = await response.text()
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
        return Answer(NO_ANSWER, str(error), _RETRY_SECONDS)
    return Answer(response.status, text, float(response.headers.get("Retry-After", _RETRY_SECONDS)))


def _check_firehose(wire: Wire, answer: str) -> None:
    """Firehose takes an answer without its request id for a failure."""
    request_id = wire.headers.get(_FIREHOSE_ID)
    if request_id is not None and f'"requestId":"{request_id}"' not in answer.replace('": "', '":"'):
        raise Refused(f"the answer to Firehose request {request_id} does not name it: {answer}")
