"""What a seed draws."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.clock import ClockFile
from local.drill.drawn import Drawn
from local.traffic.events import Cdn


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return Drawn.by(3)


def test_the_same_seed_draws_the_same_but_for_secrets(drawn: Drawn) -> None:
    again = Drawn.by(3)
    assert again.published == drawn.published
    assert [stencil.cdn for stencil in again.stencils] == [stencil.cdn for stencil in drawn.stencils]
    assert set(drawn.secrets) == set(Cdn)
    assert all(again.secrets[cdn] != secret for cdn, secret in drawn.secrets.items())


def test_another_seed_draws_another_catalogue(drawn: Drawn) -> None:
    assert Drawn.by(4).published != drawn.published


def test_deliveries_are_of_the_clocks_time(drawn: Drawn, tmp_path: Path) -> None:
    now_ms = 1_795_417_200_000
    delivery = drawn.supply(ClockFile(tmp_path / "clock", now_ms)).next()
    assert delivery.bill
    assert all(key.hour_ms <= now_ms for key in delivery.bill)
