"""Asking collectors for their status (collectors/routes/status.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import aiohttp
import msgspec

from collectors.completeness.minutes import Report

_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
_MINUTES: Final = 60


class NoAnswer(Exception):
    """A collector that cannot be asked; the message names its URL and says why."""


def ask(urls: Sequence[str], token: str | None = None) -> list[Report | NoAnswer]:
    """The reports of the last hour of collectors by base URL, in their order; NoAnswer in place of a missing one."""
    return asyncio.run(ask_all(urls, token))


async def ask_all(urls: Sequence[str], token: str | None = None) -> list[Report | NoAnswer]:
    """`ask`, for those who have an event loop already."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(timeout=_TIMEOUT, headers=headers) as session:
        return await asyncio.gather(*(_ask(session, url.rstrip("/")) for url in urls))


async def _ask(session: aiohttp.ClientSession, url: str) -> Report | NoAnswer:
    try:
        # A redirect would carry the token to whoever it names.
        async with session.get(f"{url}/v1/status?minutes={_MINUTES}", allow_redirects=False) as answer:
            body = await answer.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        return NoAnswer(f"{url}: {str(error) or 'no answer in time'}")
    if answer.status != 200:
        return NoAnswer(f"{url}: status {answer.status}: {body[:200].decode(errors='replace').strip()}")
    try:
        return msgspec.json.decode(body, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return NoAnswer(f"{url}: no status of a collector: {error}")
