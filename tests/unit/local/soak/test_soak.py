"""What a soak concludes from its second half."""

from __future__ import annotations

from typing import Any, cast

import pytest

from local import billing
from local.clock import ClockFile
from local.soak import soak as soaking
from local.soak import state
from local.soak.samples import Sample
from local.soak.settings import SoakSettings
from local.soak.soak import Findings, Restarted
from local.soak.state import Remembered

REMEMBERED = Remembered(batches=10_000, lines=1_000_000, rows=5_000)
FINE = Findings(
    minutes=60,
    growth_mb_per_h=12.4,
    rss_mb=1_300,
    throughput_ratio=0.998,
    state_bytes=40_000_000,
    remembered=REMEMBERED,
)


def but(**changes: object) -> Findings:
    return Findings(**{**{name: getattr(FINE, name) for name in FINE.__dataclass_fields__}, **cast("Any", changes)})


def test_the_last_line_is_for_scripts() -> None:
    assert FINE.last_line() == "soak: minutes=60 rss_growth_mb_per_h=12 throughput_ratio=1.00 state_bytes=40000000"


@pytest.mark.parametrize(
    ("found", "fine"),
    [
        pytest.param(FINE, True, id="fine"),
        pytest.param(but(growth_mb_per_h=-40.0), True, id="memory-shrinks"),
        pytest.param(but(growth_mb_per_h=90.0), False, id="memory-grows"),
        pytest.param(but(throughput_ratio=0.9), False, id="throughput-falls"),
        pytest.param(but(throughput_ratio=1.2), True, id="throughput-rises"),
        pytest.param(but(state_bytes=REMEMBERED.bytes_allowed), True, id="state-as-large-as-allowed"),
        pytest.param(but(state_bytes=REMEMBERED.bytes_allowed + 1), False, id="state-too-large"),
    ],
)
def test_all_three_must_hold(found: Findings, fine: bool) -> None:
    assert found.is_fine is fine


def test_what_is_allowed_grows_with_what_is_remembered() -> None:
    assert Remembered(0, 0, 0).bytes_allowed == state.BASE_BYTES
    more = [REMEMBERED._replace(**{name: 2 * getattr(REMEMBERED, name)}) for name in Remembered._fields]
    assert all(each.bytes_allowed > REMEMBERED.bytes_allowed for each in more)


class StandIn:
    """A system that runs nothing: two processes, of which one may have ended, and a number of restores."""

    billing_dsn = "postgresql://nowhere"

    def __init__(self, *restores: int) -> None:
        self.stack = self
        self._restores = list(restores)

    def taskmanagers(self) -> dict[str, int]:
        return {"taskmanager-0": 11, "taskmanager-1": 22}

    def restores(self) -> int:
        return self._restores.pop(0)

    def state_bytes(self) -> int:
        return 5


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soaking, "_SAMPLE_SECONDS", 0.01)
    monkeypatch.setattr(soaking, "resident", lambda pids: 100 * len(pids))
    monkeypatch.setattr(billing, "query", lambda *_: [(7,)])


def short(seconds: float = 0.2) -> SoakSettings:
    chosen = SoakSettings(minutes=2)
    object.__setattr__(chosen, "minutes", seconds / 60)
    return chosen


async def test_samples_are_taken_all_the_time() -> None:
    taken = await soaking._watch(short(), cast("Any", StandIn(0, 0)))
    assert len(taken) > 3
    assert {(sample.rss_bytes, sample.lines) for sample in taken} == {(200, 7)}


async def test_a_job_that_was_restored_is_no_soak() -> None:
    with pytest.raises(Restarted, match="a job was restored"):
        await soaking._watch(short(), cast("Any", StandIn(0, 1)))


async def test_a_taskmanager_that_was_replaced_is_no_soak(monkeypatch: pytest.MonkeyPatch) -> None:
    def resident(_: object) -> int:
        raise LookupError("process 11 is gone")

    monkeypatch.setattr(soaking, "resident", resident)
    with pytest.raises(Restarted, match="process 11 is gone: one of taskmanager-0, taskmanager-1"):
        await soaking._watch(short(), cast("Any", StandIn(0, 0)))


def test_only_the_second_half_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(state, "remembered", lambda *_: REMEMBERED)
    warm = [Sample(at, 1_000_000 * at, 100 * at) for at in range(100)]
    steady = [Sample(100 + at, 900_000_000, 10_000 + 50 * at) for at in range(100)]
    clock = ClockFile(tmp_path / "clock", 0)
    found = soaking._findings(SoakSettings(), cast("Any", StandIn()), clock, [*warm, *steady])
    assert (found.growth_mb_per_h, found.rss_mb) == (0, 900)
    assert found.throughput_ratio == pytest.approx(1)
    assert (found.state_bytes, found.remembered) == (5, REMEMBERED)
