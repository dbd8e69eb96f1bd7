"""A changed asset is seen at once where it is announced, and by its age where it is not."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis

from jobs.enrichment.settings import EnrichmentSettings
from jobs.enrichment.stage import EnrichmentStage
from local import redis
from local.process import find
from local.settings import ROOT, Settings
from ops import assets
from tests.integration.stages import change_assets, durations, opened, until

SEGMENT = "/film/720p/segment-1.m4s"
_HANG_UP = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ops.assets'"


@pytest.fixture
def settings(filled_dsn: str, own_redis: Settings, monkeypatch: pytest.MonkeyPatch) -> EnrichmentSettings:
    monkeypatch.setenv("ENRICHMENT_REDIS_URL", redis.url(own_redis))
    monkeypatch.setenv("ASSETS_DSN", filled_dsn)
    return EnrichmentSettings(
        kafka_bootstrap_servers="not-asked", redis_url=redis.url(own_redis), assets_dsn=filled_dsn
    )


@pytest.fixture
def stages(settings: EnrichmentSettings) -> Iterator[list[EnrichmentStage]]:
    """Two TaskManagers that know the film."""
    with opened(settings) as one, opened(settings) as other:
        for stage in (one, other):
            assert durations(stage, SEGMENT) == [1500]
        yield [one, other]


def announced(stage: EnrichmentStage) -> int:
    return stage.totals()["asset_invalidations"]()


def wait_announced(stages: list[EnrichmentStage], count: int = 1) -> None:
    until(lambda: all(announced(stage) >= count for stage in stages))


@contextmanager
def following() -> Iterator[subprocess.Popen[str]]:
    """`python -m ops.assets follow`, listening."""
    command = [sys.executable, "-m", "ops.assets", "follow"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "following the asset database\n"
        yield process
        process.terminate()


@pytest.mark.parametrize("arguments", [["film", "radio"], ["--all"]], ids=["by name", "all"])
def test_every_job_sees_an_invalidated_asset_in_its_next_batch(
    arguments: list[str],
    settings: EnrichmentSettings,
    stages: list[EnrichmentStage],
    capsys: pytest.CaptureFixture[str],
) -> None:
    change_assets(settings.assets_dsn, "UPDATE renditions SET segment_ms = '{4004,1400}' WHERE name = '720p'")
    assert [durations(stage, SEGMENT) for stage in stages] == [[1500], [1500]]
    assert assets.main(["invalidate", *arguments]) == 0
    wait_announced(stages)
    assert [durations(stage, SEGMENT) for stage in stages] == [[1400], [1400]]
    told = "all assets, 1 of them in Redis" if arguments == ["--all"] else "2 assets"
    assert capsys.readouterr().out == f"invalidated {told}: running jobs read them anew\n"


def test_a_job_that_starts_later_does_not_believe_what_was_read_before(
    settings: EnrichmentSettings, stages: list[EnrichmentStage]
) -> None:
    change_assets(settings.assets_dsn, "UPDATE renditions SET segment_ms = '{4004,1400}' WHERE name = '720p'")
    assets.main(["invalidate", "film"])
    with opened(settings) as later:
        assert durations(later, SEGMENT) == [1400]


def test_without_an_announcement_a_change_is_seen_within_the_time_to_live(settings: EnrichmentSettings) -> None:
    """Contract: ENRICHMENT_ASSET_CACHE_TTL_S bounds it, over memory and Redis together, asked for or not."""
    short = EnrichmentSettings(
        kafka_bootstrap_servers="not-asked",
        redis_url=settings.redis_url,
        assets_dsn=settings.assets_dsn,
        asset_cache_ttl_s=2.0,
    )
    with opened(short) as asked, opened(short) as silent:
        assert [durations(stage, SEGMENT) for stage in (asked, silent)] == [[1500], [1500]]
        change_assets(settings.assets_dsn, "UPDATE renditions SET segment_ms = '{4004,1400}' WHERE name = '720p'")
        changed_s = time.monotonic()
        until(lambda: durations(asked, SEGMENT) == [1400], deadline_s=short.asset_cache_ttl_s)
        time.sleep(max(0.0, changed_s + short.asset_cache_ttl_s - time.monotonic()))
        assert durations(silent, SEGMENT) == [1400]


@pytest.mark.parametrize(
    ("statement", "path", "expected"),
    [
        pytest.param(
            "UPDATE renditions SET segment_ms = '{4004,1400}' WHERE name = '720p'", SEGMENT, [1400], id="duration"
        ),
        pytest.param("DELETE FROM assets WHERE asset_id = 'film'", SEGMENT, [0], id="asset deleted"),
        pytest.param("DELETE FROM renditions WHERE name = '720p'", SEGMENT, [0], id="rendition deleted"),
        pytest.param(
            "INSERT INTO assets VALUES ('new', 'env-1');"
            " INSERT INTO renditions (asset_id, name, media_type, segment_ms) VALUES ('new', 'a', 'audio', '{7000}')",
            "/new/a/segment-0.aac",
            [7000],
            id="asset added that was asked for in vain",
        ),
    ],
)
def test_a_follower_passes_the_database_s_own_announcements_on(
    statement: str, path: str, expected: list[int], settings: EnrichmentSettings, stages: list[EnrichmentStage]
) -> None:
    with following():
        before = durations(stages[0], path)
        change_assets(settings.assets_dsn, statement)
        wait_announced(stages)
        assert before != durations(stages[0], path) == expected


def test_segments_that_a_live_stream_adds_are_no_change_to_announce(
    settings: EnrichmentSettings, stages: list[EnrichmentStage]
) -> None:
    with following() as follower:
        change_assets(
            settings.assets_dsn, "UPDATE renditions SET segment_ms = segment_ms || 900 WHERE asset_id = 'film'"
        )
        change_assets(settings.assets_dsn, "UPDATE renditions SET height = 1080 WHERE asset_id = 'radio'")
        wait_announced(stages)
        assert follower.stdout is not None
        assert follower.stdout.readline() == "changed: 1 assets\n"
    assert [announced(stage) for stage in stages] == [1, 1]
    assert durations(stages[0], "/film/720p/segment-2.m4s") == [900]


def test_a_follower_survives_outages_of_both_servers(
    settings: EnrichmentSettings, stages: list[EnrichmentStage], own_redis: Settings
) -> None:
    with following() as follower:
        assert follower.stdout is not None
        lines = iter(follower.stdout.readline, "")
        redis.halt(own_redis)
        change_assets(settings.assets_dsn, "UPDATE renditions SET height = 360 WHERE asset_id = 'film'")
        assert next(lines) == "Redis: ConnectionError; trying again\n"
        redis.launch(own_redis)
        assert next(line for line in lines if line.startswith("changed"))
        change_assets(settings.assets_dsn, _HANG_UP)
        assert next(line for line in lines if line.startswith("following"))
        change_assets(settings.assets_dsn, "UPDATE renditions SET height = 360 WHERE asset_id = 'radio'")
        assert next(lines) == "changed: 1 assets\n"
        wait_announced(stages, 2)


def test_a_hanging_redis_ends_the_command_with_an_error(
    settings: EnrichmentSettings, own_redis: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "_REDIS_TIMEOUT_S", 0.2)
    child = find(own_redis.state, redis.NAME)
    assert child is not None
    child.signal(signal.SIGSTOP)
    assert assets.main(["invalidate", "film"]) == 1
    child.signal(signal.SIGCONT)


def test_these_rights_are_enough(
    settings: EnrichmentSettings, own_redis: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract: docs/operations/assets.md names them."""
    rights = ["+scan", "+unlink", "+xadd", "+time"]
    tool = ("ACL", "SETUSER", "tool", "on", ">secret", "~asset*", *rights)
    Redis.from_url(settings.redis_url).execute_command(*tool)  # type: ignore[no-untyped-call]
    password = tmp_path / "password"
    password.write_text("secret\n")
    monkeypatch.setenv("ENRICHMENT_REDIS_URL", settings.redis_url.replace("//", "//tool@"))
    monkeypatch.setenv("ENRICHMENT_REDIS_PASSWORD_FILE", str(password))
    with opened(settings) as stage:
        durations(stage, SEGMENT)
        assert assets.main(["invalidate", "film"]) == 0
        assert assets.main(["invalidate", "--all"]) == 0
        wait_announced([stage], 2)
