"""The soak's clock lets state be forgotten, and its jobs keep state where production keeps it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from jobs.flink.checks import check_times, facts_of_options
from local import flink_home
from local.drill.jobs import ENRICHMENT, MEDIA_USAGE
from local.drill.supply import OLDEST_MS
from local.settings import ROOT, Settings
from local.soak import system
from local.soak.state import KEPT_MS
from local.soak.system import JOB_OPTIONS, Speed, beside
from schemas.topics import RAW_RETENTION_MS


def test_folder_and_ports_stand_beside_all_others() -> None:
    own = beside(Settings(state=Path("/somewhere/state"), port_base=20_000))
    assert (own.state, own.port_base) == (Path("/somewhere/state-soak"), 20_300)


@pytest.mark.parametrize("minutes", [2, 60, 1_440])
def test_in_half_of_the_time_more_passes_than_a_batch_is_remembered(minutes: float) -> None:
    assert Speed(minutes).factor * minutes * 60_000 / 2 > KEPT_MS


def test_the_clock_begins_days_ago_and_runs_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((100.0, 100.0, 160.0))
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    speed = Speed(minutes=60)
    assert abs(time.time() * 1_000 - 10 * 86_400_000 - speed.now_ms()) < 5_000
    assert abs(time.time() * 1_000 - 10 * 86_400_000 + 160 * 60_000 - speed.now_ms()) < 5_000


def test_the_clock_is_never_ahead_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter((0.0, 1e9))
    monkeypatch.setattr(time, "monotonic", lambda: next(moments))
    assert Speed(minutes=2).now_ms() <= time.time_ns() // 1_000_000


def test_raw_keeps_the_oldest_line_until_the_end() -> None:
    assert system._BEGINS_MS + OLDEST_MS < RAW_RETENTION_MS


@pytest.mark.parametrize("module", [ENRICHMENT, MEDIA_USAGE])
def test_times_stay_in_the_order_that_the_jobs_ask_for(module: str) -> None:
    name = module.rpartition(".")[2].replace("_", "-")
    options = flink_home.read_options(ROOT / "flink-conf" / f"{name}.yaml") | JOB_OPTIONS[module]
    check_times(facts_of_options(options), 60_000, None)
