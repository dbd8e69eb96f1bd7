"""Fastly's challenge."""

from __future__ import annotations

import hashlib
from typing import Any

from collectors.routes.keys import SOURCES
from collectors.sources import Sources

PATH = "/.well-known/fastly/logging/challenge"


async def test_every_configured_service_is_named_by_its_hash_and_no_other(collector: Any) -> None:
    answer = await collector.client.get(PATH)
    expected = [hashlib.sha256(name).hexdigest() for name in (b"7i6HN3TK9wS159v2gPAZ8A", b"SU1Z0isxPaozGVKXdv0eY")]
    assert (answer.status, (await answer.text()).splitlines()) == (200, expected)


async def test_without_services_there_is_no_challenge(collector: Any) -> None:
    del collector.app[SOURCES]._by_id["fastly"]
    assert isinstance(collector.app[SOURCES], Sources)
    assert (await collector.client.get(PATH)).status == 404
