"""A console over a billing database that holds every kind of usage once."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from console.access.tokens import hash_of
from console.app import create_app
from console.settings import Auth, Settings
from tests.integration.billing import HOUR, Billing

NOW = datetime(2026, 9, 4, 12, 30, tzinfo=UTC)
WATERMARK = datetime(2026, 9, 4, 11, 15, tzinfo=UTC)
SETTLED, ON_TIME, PROVISIONAL = HOUR, datetime(2026, 9, 4, 10, tzinfo=UTC), datetime(2026, 9, 4, 11, tzinfo=UTC)

OPERATOR, CUSTOMER = "an operator's token", "a customer's token"

Console = TestClient[web.Request, web.Application]
#: Starts a console with these settings changed.
Start = Callable[..., Awaitable[Console]]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def usage(billing: Billing) -> Billing:
    """105,501 ms: one hour of each certainty, a correction that counts and one that does not, two environments."""
    billing.watermark(WATERMARK)
    billing.usage(60_001)
    billing.usage(30_000, hour=ON_TIME, tier="up-to-720p")
    billing.usage(5_000, hour=PROVISIONAL, asset="radio", tier="audio-only")
    billing.usage(10_000, environment="env-b", asset="=SUM(A1)", tier="2160p")
    billing.ledger("late", 500, path="late")
    billing.correction("late", 500)
    billing.ledger("copy", 700, path="late")
    billing.ledger("copy", 700)
    billing.correction("copy", 700)
    return billing


@pytest.fixture
def tokens_file(tmp_path: Path) -> Path:
    """One operator, and one customer who sees env-a."""
    entries = [
        {"name": "olga", "sha256": hash_of(OPERATOR).hex(), "operator": True},
        {"name": "acme", "sha256": hash_of(CUSTOMER).hex(), "environments": ["env-a", "env-c"]},
    ]
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({"tokens": entries}))
    return file


@pytest.fixture
def start(billing: Billing, tokens_file: Path, aiohttp_client: Callable[..., Awaitable[Console]]) -> Start:
    """A console with tokens at NOW."""
    settings = Settings(billing_dsn=billing.dsn, tokens_file=tokens_file)

    async def start(**changes: Any) -> Console:
        return await aiohttp_client(create_app(replace(settings, **changes), now=lambda: NOW))

    return start


@pytest.fixture
async def console(start: Start) -> Console:
    """A console with tokens."""
    return await start()


@pytest.fixture
async def open_console(start: Start) -> Console:
    """A console that is open to this machine."""
    return await start(auth=Auth.NONE, tokens_file=None)
