"""A stencil's lines are those of its events at another time, and their bill is that of the oracle at that time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from collectors.batches.records import InvalidLine, LineParser
from collectors.sources import load_sources
from local.drill.stencil import Stencil
from local.drill.supply import draw_stencils
from local.traffic import catalogue, sources, wire
from local.traffic.events import Cdn, Damage
from local.traffic.oracle import HOUR_MS, Oracle

ASSETS = catalogue.build(seed=2, count=20).registered
STENCILS = {stencil.cdn: stencil for stencil in draw_stencils(ASSETS, seed=2, lines=200)}
EACH = pytest.mark.parametrize("cdn", list(Cdn))


@pytest.fixture(scope="module")
def parsers(tmp_path_factory: pytest.TempPathFactory) -> dict[Cdn, LineParser]:
    file: Path = tmp_path_factory.mktemp("sources") / "sources.yaml"
    sources.write(file, sources.new_secrets(Cdn))
    loaded = load_sources(file, http_host="127.0.0.1", environ={})
    return {cdn: loaded.http(cdn.value).parse for cdn in Cdn}  # type: ignore[union-attr]  # every CDN has one


def shifted(stencil: Stencil, shift_ms: int, viewers: int) -> bytes:
    """The lines as they would be drawn at once."""
    events = [replace(event, end_ms=event.end_ms + shift_ms) for event in stencil._events]
    return wire.text(events).replace(b"viewers-00000000", b"viewers-%08d" % viewers)


@EACH
@pytest.mark.parametrize("shift_ms", [0, 1, -1_000, 40 * HOUR_MS + 123])
def test_the_lines_are_those_that_the_events_would_have_at_that_time(cdn: Cdn, shift_ms: int) -> None:
    assert STENCILS[cdn].text(shift_ms, 7) == shifted(STENCILS[cdn], shift_ms, 7)


@EACH
def test_collectors_read_the_shifted_times(cdn: Cdn, parsers: dict[Cdn, LineParser]) -> None:
    stencil, shift_ms = STENCILS[cdn], 3 * HOUR_MS + 4_321
    lines = stencil.text(shift_ms, 12).splitlines()
    assert len(lines) == stencil.lines
    for event, line in zip(stencil._events, lines, strict=True):
        if event.damage is not Damage.NONE:
            with pytest.raises(InvalidLine):
                parsers[cdn](line)
        else:
            record = parsers[cdn](line)
            assert record.event_time_ms == event.end_ms + shift_ms
            assert record.user_agent.endswith("viewers-00000012")


@given(st.sampled_from(list(Cdn)), st.integers(-60, 60))
def test_the_bill_is_that_of_the_oracle_in_one_hour_and_over_two(cdn: Cdn, minutes: int) -> None:
    stencil, shift_ms, oracle = STENCILS[cdn], minutes * 60_000 + 789, Oracle()
    for event in stencil._events:
        oracle.add(replace(event, end_ms=event.end_ms + shift_ms))
    assert stencil.bill(shift_ms) == oracle.bills()


def test_some_shifts_put_the_lines_into_two_hours() -> None:
    hours = [len({key.hour_ms for key in STENCILS[Cdn.AKAMAI].bill(minutes * 60_000)}) for minutes in range(60)]
    assert set(hours) == {1, 2}
