"""The spool in a running collector: what was promised on its strength reaches Kafka, whatever happens in between."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.stack import Stack
from tests.integration.collectors.collector import Collector, collector, paused, running, stored, until_accepted
from tests.integration.collectors.senders import LINES, Senders, body_of, delivery_id, records_by_delivery
from tests.integration.collectors.traffic import cloudflare_line, post

MIB = 1024 * 1024
ACCEPTED = (200, None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "spool"
    made.mkdir()
    return made


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.segment"))


async def until_replayed(one: Collector, folder: Path) -> None:
    async with asyncio.timeout(40):
        while segments(folder):  # noqa: ASYNC110  # the collector tells nobody
            await asyncio.sleep(0.1)
    waiting = [value for name, value in (await one.metrics()).items() if name.startswith("collector_spool_deliveries")]
    assert sum(waiting) == 0


async def test_a_killed_collector_replays_what_it_spooled_as_a_retry_would_have_been(
    broker: Stack, tmp_path: Path, folder: Path
) -> None:
    bodies = [body_of(f"spooled-{number}", lines=1_050) for number in range(6)]
    async with running(collector(broker, tmp_path, spool_dir=str(folder))) as one:
        await until_accepted(one.url, body_of("before"))
        async with paused(broker):
            posted_ms = time.time_ns() // 1_000_000
            assert await asyncio.gather(*(post(one.url, "acme", body) for body in bodies)) == [ACCEPTED] * 6
            assert (await one.metrics())['collector_spool_deliveries{source="acme"}'] == 6
            await one.kill()
            with segments(folder)[-1].open("ab") as segment:
                segment.write(b"a write that the kill cut off")
            restarted_ms = time.time_ns() // 1_000_000
            await one.start()
            assert (await one.metrics())["collector_spool_torn_records_total"] == 1
        await until_replayed(one, folder)
        for body in bodies:
            assert await post(one.url, "acme", body) == ACCEPTED
    batches = stored(broker)
    for body in bodies:
        made = [batch for batch in batches if batch.header.delivery_id == delivery_id(body)]
        assert len({batch.header.batch_id for batch in made}) == 2, "spooled or not, a delivery makes the same batches"
        second_boot = [batch for batch in made if batch.header.published_at_ms >= restarted_ms]
        replayed = [batch for batch in second_boot if batch.header.received_at_ms < restarted_ms]
        assert sorted(len(batch.records) for batch in replayed) == [50, 1_000]
        assert all(posted_ms <= batch.header.received_at_ms for batch in replayed)
        retried = [batch for batch in second_boot if batch not in replayed]
        assert sorted(len(batch.records) for batch in retried) == [50, 1_000]


async def test_under_load_through_a_silent_broker_and_two_kills_nothing_promised_is_lost(
    broker: Stack, tmp_path: Path, folder: Path
) -> None:
    async with running(collector(broker, tmp_path, spool_dir=str(folder))) as one:
        senders = Senders([one.url])
        async with senders.sending():
            await senders.until_promised(20)
            async with paused(broker):
                await senders.until_promised(60)
                await one.kill()
                await one.start()
                await senders.until_promised(20)
            await one.kill()
            await one.start()
            await senders.until_promised(20)
        await until_replayed(one, folder)
        assert await one.stop() == 0
    records = records_by_delivery(stored(broker))
    assert [name for name in senders.promised if records[name] != LINES] == []
    assert "503" not in senders.failures


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(mounted)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode != 0:
        pytest.skip("no tmpfs can be mounted here (it takes root in a namespace that may mount)")
    yield mounted
    subprocess.run(["umount", str(mounted)], check=True)


async def test_a_spool_refuses_before_its_disk_is_full_and_keeps_what_it_promised(
    broker: Stack, tmp_path: Path, small_disk: Path
) -> None:
    spare = 256 * 1024
    settings = {"spool_dir": str(small_disk), "spool_min_free_bytes": str(spare)}
    # Hexadecimal noise, which shrinks to a half only.
    bodies = [b"\n".join(cloudflare_line(secrets.token_hex(4_000)) for _ in range(40)) for _ in range(20)]
    async with running(collector(broker, tmp_path, **settings)) as one:
        async with paused(broker):
            answers = [await post(one.url, "acme", body) for body in bodies]
            assert set(answers) == {ACCEPTED, (503, "10")}
            status = os.statvfs(small_disk)
            assert status.f_bavail * status.f_frsize >= spare
            assert (await one.metrics())['collector_spool_refused_deliveries_total{reason="full"}'] > 0
        await until_replayed(one, small_disk)
        records = records_by_delivery(stored(broker))
        promised = [body for body, answer in zip(bodies, answers, strict=True) if answer == ACCEPTED]
        assert [records[delivery_id(body)] for body in promised] == [40] * len(promised)
        assert await post(one.url, "acme", bodies[-1]) == ACCEPTED
        assert await one.stop() == 0
