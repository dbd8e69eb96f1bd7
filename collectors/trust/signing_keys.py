"""The public keys that issuers sign identity tokens with: fetched over HTTPS, kept, and renewed beside the requests.

A request waits for a fetch only if it names a key that is not known, and whatever requests do, an issuer is asked at
most once a minute.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import aiohttp
import jwt
import msgspec
from prometheus_client import Counter

log = logging.getLogger(__name__)

#: Seconds after which keys are fetched again. Issuers publish a key well before they sign with it.
RENEW_AFTER_S: Final = 3_600.0
#: Seconds after which keys that could not be renewed are no longer believed.
FORGET_AFTER_S: Final = 24 * 3_600.0
#: Seconds between two attempts: a made-up key id must not become a request to the issuer each time.
RETRY_AFTER_S: Final = 60.0
#: Seconds that a fetch may take: Pub/Sub waits 10 s for an answer by default.
_TIMEOUT_S: Final = 3.0
_MAX_BYTES: Final = 256 * 1024

Fetch = Callable[[str], Awaitable[bytes]]


class KeysUnavailable(Exception):
    """The issuer's keys are not known and could not be fetched: nothing can be said of a token now."""


class SigningKeys:
    """The keys of all issuers, by the URL that they are published at."""

    def __init__(self, fetches: Counter, fetch: Fetch | None = None, now: Callable[[], float] = time.monotonic) -> None:
        self._fetches = fetches
        self._fetch = fetch or _fetch
        self._now = now
        self._issuers: dict[str, _Issuer] = {}

    async def key(self, url: str, key_id: str) -> jwt.PyJWK | None:
        """The key of that id; None if the issuer has none of that id. Raises KeysUnavailable."""
        issuer = self._issuers.get(url)
        if issuer is None:
            issuer = self._issuers[url] = _Issuer(url, self._fetch, self._now, self._fetches)
        return await issuer.key(key_id)

    async def close(self) -> None:
        """End the fetches that are under way."""
        fetches = [issuer.fetching for issuer in self._issuers.values() if issuer.fetching is not None]
        for fetching in fetches:
            fetching.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)


class _Issuer:
    def __init__(self, url: str, fetch: Fetch, now: Callable[[], float], fetches: Counter) -> None:
        self.fetching: asyncio.Task[None] | None = None
        self._url = url
        self._fetch = fetch
        self._now = now
        self._fetches = fetches
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")

    async def key(self, key_id: str) -> jwt.PyJWK | None:
        age_s = self._now() - self._fetched_at
        known = self._keys.get(key_id) if age_s <= FORGET_AFTER_S else None
        if known is not None and age_s <= RENEW_AFTER_S:
            return known
        self._begin_fetch()
        if known is not None:
            return known
        if self.fetching is not None:
            # Shielded: one request that goes away must not end the fetch that others wait for.
            await asyncio.shield(self.fetching)
        if self._now() - self._fetched_at > FORGET_AFTER_S:
            raise KeysUnavailable(f"no keys from {self._url}")
        return self._keys.get(key_id)

    def _begin_fetch(self) -> None:
        if self.fetching is None and self._now() - self._tried_at >= RETRY_AFTER_S:
            self._tried_at = self._now()
            self.fetching = asyncio.create_task(self._renew())

    async def _renew(self) -> None:
        try:
            self._keys = _keys_of(await self._fetch(self._url))
            self._fetched_at = self._now()
            self._fetches.labels("fetched").inc()
        except KeysUnavailable as error:
            self._fetches.labels("failed").inc()
            log.warning("signing keys: %s: %s", self._url, error)
        finally:
            self.fetching = None


async def _fetch(url: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(url, allow_redirects=False) as response,
        ):
            body = bytearray()
            while len(body) <= _MAX_BYTES and (chunk := await response.content.readany()):
                body += chunk
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise KeysUnavailable(f"not fetched: {type(error).__name__}") from error
    if response.status != 200 or len(body) > _MAX_BYTES:
        raise KeysUnavailable(f"not fetched: status {response.status}, {len(body)} bytes")
    return bytes(body)


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


def _keys_of(document: bytes) -> dict[str, jwt.PyJWK]:
    try:
        key_set = jwt.PyJWKSet(msgspec.json.decode(document, type=_KeySet).keys)
    except (jwt.PyJWTError, msgspec.DecodeError, ValueError, TypeError) as error:
        raise KeysUnavailable(f"what came is no set of keys: {error}") from error
    return {key.key_id: key for key in key_set.keys if key.key_id}
