"""A drill's own servers stand beside all others, and begin empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.drill import servers
from local.drill.drawn import Drawn
from local.settings import Settings
from local.stack import Stack
from local.traffic import catalogue
from local.traffic.events import Cdn

DRAWN = Drawn(seed=1, published=catalogue.build(1), secrets={Cdn.AKAMAI: "a secret"}, stencils=[])


def test_folder_and_ports_stand_beside_those_of_other_stacks() -> None:
    own = servers.beside(Settings(state=Path("/somewhere/state"), port_base=20_000), "flood", place=5)
    assert (own.state, own.port_base, own.collectors) == (Path("/somewhere/state-flood"), 20_500, 2)


def test_what_an_earlier_drill_has_left_is_erased_before_the_clock_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clock").write_text("of before")
    monkeypatch.setattr(Stack, "erase", lambda _: (tmp_path / "clock").unlink())
    settings, clock = servers.prepare(Settings(state=tmp_path), DRAWN, 1_795_417_200_000)
    assert clock.path.read_text() == "1795417200000\n"
    assert settings.collector_environ == {
        "COLLECTOR_CLOCK": f"file:{tmp_path}/clock",
        "COLLECTOR_HEARTBEAT_INTERVAL_S": "1",
    }


def test_collectors_know_the_sources_that_were_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stack, "erase", lambda _: None)
    settings, _ = servers.prepare(Settings(state=tmp_path), DRAWN, 0)
    assert settings.sources_file == tmp_path / "sources.yaml"
    assert "akamai" in settings.sources_file.read_text()
