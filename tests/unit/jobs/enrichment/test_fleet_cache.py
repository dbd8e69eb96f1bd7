"""When Redis is left alone. What is stored, locked and found is tested against a real one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError

from jobs.enrichment.fleet_cache import Claim, FleetCache, FleetCachePolicy
from schemas.cdn_logs_pb2 import AssetSettings

POLICY = FleetCachePolicy(pause_s=5)
A1 = AssetSettings(asset_id="a1", read_at_ms=7)


class Pipeline:
    """Answers every command with `answer`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._commands = 0

    def _queue(self, *_: object, **__: object) -> None:
        self._commands += 1

    set = mget = delete = _queue

    async def execute(self, raise_on_error: bool) -> list[object]:
        assert not raise_on_error
        self._client.fail()
        return [self._client.answer] * self._commands


class Client:
    """Fails with `error`, if there is one; counts what it is asked."""

    def __init__(self, error: Exception | None = None, answer: object = True) -> None:
        self.error = error
        self.answer = answer
        self.asked = 0

    def pipeline(self, transaction: bool) -> Pipeline:
        assert not transaction
        return Pipeline(self)

    async def mget(self, keys: Sequence[str]) -> list[bytes | None]:
        self.fail()
        return [A1.SerializeToString() for _ in keys]

    def fail(self) -> None:
        self.asked += 1
        if self.error:
            raise self.error


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def cache(client: Client, clock: Clock | None = None) -> FleetCache:
    return FleetCache(client, POLICY, clock or Clock())  # type: ignore[arg-type]  # a fake


@pytest.mark.parametrize(
    "error", [RedisTimeoutError(), RedisConnectionError(), OSError()], ids=lambda e: type(e).__name__
)
async def test_a_redis_that_does_not_answer_is_left_alone_for_a_while(error: Exception) -> None:
    client, clock = Client(error), Clock()
    fleet = cache(client, clock)
    assert await fleet.get(["a1"]) == {}
    assert await fleet.claim(["a1"]) == Claim({"a1"}, {})
    await fleet.put([A1])
    assert (client.asked, fleet.errors) == (1, 1)
    client.error = None
    clock.now += POLICY.pause_s
    assert await fleet.get(["a1"]) == {"a1": A1}


async def test_a_redis_that_refuses_is_asked_on_for_what_it_has() -> None:
    client = Client(ReadOnlyError())
    fleet = cache(client)
    await fleet.put([A1])
    client.error = None
    assert await fleet.get(["a1"]) == {"a1": A1}
    assert fleet.errors == 1


async def test_what_cannot_be_locked_is_ours_to_read() -> None:
    fleet = cache(Client(answer=ReadOnlyError()))
    assert await fleet.claim(["a1", "a2"]) == Claim({"a1", "a2"}, {})
    assert fleet.errors == 1


async def test_an_outage_is_logged_once_a_pause(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    fleet = cache(Client(answer=ReadOnlyError()), clock)
    for _ in range(3):
        await fleet.put([A1])
    assert [record.getMessage() for record in caplog.records] == ["Redis: ReadOnlyError; going on without it"]
    clock.now += POLICY.pause_s
    await fleet.put([A1])
    assert len(caplog.records) == 2


async def test_what_cannot_be_decoded_is_a_miss() -> None:
    class Junk(Client):
        async def mget(self, keys: Sequence[str]) -> list[bytes | None]:
            return [b"\xff\xff", None, A1.SerializeToString()]

    assert await cache(Junk()).get(["junk", "nothing", "a1"]) == {"a1": A1}
