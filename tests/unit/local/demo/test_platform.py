"""The demo's own stack stands beside that of `make up`."""

from __future__ import annotations

from pathlib import Path

from local.demo.platform import beside
from local.settings import Settings


def test_folder_and_ports_are_its_own() -> None:
    settings = Settings(state=Path("/somewhere/state"), port_base=20_000, collectors=5)
    own = beside(settings)
    assert (own.state, own.port_base, own.collectors) == (Path("/somewhere/state-demo"), 20_100, 2)
