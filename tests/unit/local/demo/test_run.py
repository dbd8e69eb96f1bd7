"""The demo's story from start to end, with everything that takes time left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, Self

import pytest

from local import billing
from local.clock import ClockFile
from local.demo import findings, run
from local.demo.deliveries import CLOCK_ENDS_MS, Step
from local.demo.feed import Expectation
from local.demo.findings import Bill, Late, Unresolved
from local.demo.platform import Failed
from local.demo.run import Day
from local.settings import Settings
from local.traffic import catalogue, comparison
from local.traffic.oracle import Amount, Key
from ops import audit


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(datetime(2026, 11, 23, 0, 0, 0, tzinfo=UTC), id="at-midnight"),
        pytest.param(datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC), id="before-midnight"),
        pytest.param(datetime(2026, 3, 1, 12, tzinfo=UTC), id="after-a-short-month"),
    ],
)
def test_the_clock_ends_before_now(now: datetime) -> None:
    day = Day.before(now)
    ends = datetime.fromtimestamp((day.start_ms + CLOCK_ENDS_MS) / 1_000, UTC)
    assert timedelta(hours=1) < now - ends < timedelta(days=2)


def test_a_day_starts_at_midnight() -> None:
    day = Day.before(datetime(2026, 11, 23, 11, 5, tzinfo=UTC))
    assert day == Day(start_ms=int(datetime(2026, 11, 18, tzinfo=UTC).timestamp()) * 1_000)
    assert str(day) == "2026-11-18"


def test_the_watermark_of_the_clocks_end_settles_the_day() -> None:
    day = Day.before(datetime(2026, 11, 23, tzinfo=UTC))
    out_of_orderness_ms = 3 * 3_600_000
    assert day.start_ms + CLOCK_ENDS_MS - out_of_orderness_ms - 1 >= day.settled_ms


HOUR = datetime(2026, 11, 18, 18, tzinfo=UTC)
ROW = Key(int(HOUR.timestamp()) * 1_000, "env-a", "film", "1080p")
EXPECTED = {ROW: Amount(4_004, 1, 1_000)}


class World:
    """Feed, player and platform in one, which remembers in which order things were asked of it."""

    def __init__(self, clock: ClockFile) -> None:
        self.clock = clock
        self.story: list[str] = []
        self.expectation: Expectation | None = None
        self.billing_dsn, self.endpoints, self.console_url = "nowhere", (), "http://console"
        self.records, self.copies, self.steps = 0, 3, 4

    def next(self) -> Step | None:
        if self.records == self.steps:
            self.expectation = Expectation(bills=EXPECTED)
            return None
        return Step(clock_ms=self.clock.now_ms + self.records, deliveries=[])

    async def play(self, _: Step) -> None:
        self.records += 1
        self.story.append(f"played {self.records}")

    def kill_taskmanager(self) -> Self:
        self.story.append("killed")
        return self

    async def recovered(self) -> str:
        return "it is back"

    def wait_settled(self, until_ms: int) -> None:
        self.story.append("settled")

    def register(self, asset: catalogue.Asset) -> None:
        self.story.append(f"registered {asset.asset_id}")

    def reprocess(self, first: datetime, last: datetime) -> str:
        self.story.append(f"reprocessed {first:%H} to {last:%H}")
        return "replaced\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.story.append("stopped")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.story.append("disconnected")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(ClockFile(tmp_path / "clock", 0))

    @contextmanager
    def running(*_: Any) -> Iterator[World]:
        with world:
            yield world

    @contextmanager
    def feed(_: Any) -> Iterator[World]:
        yield world

    for name, value in {"Feed": feed, "running": running, "Player": lambda *_: world}.items():
        monkeypatch.setattr(run, name, value)
    monkeypatch.setattr(audit, "audit", lambda *_, **__: SimpleNamespace(clean=True))
    monkeypatch.setattr(audit, "report", lambda _: "the audit")
    monkeypatch.setattr(findings, "unresolved", lambda _: [Unresolved("premiere-withheld", HOUR, HOUR, 7)])
    monkeypatch.setattr(findings, "late", lambda _: Late(2, 500, 1))
    monkeypatch.setattr(findings, "biggest", lambda *_: [Bill("env-a", "film", EXPECTED[ROW])])
    monkeypatch.setattr(billing, "rows", lambda _: dict(EXPECTED))
    return world


def test_the_story_in_its_order(world: World) -> None:
    assert run.run(Settings(), records=4) == 0
    assert world.story == [
        *("played 1", "played 2", "played 3", "killed", "played 4", "disconnected"),
        *("settled", "registered premiere-withheld", "reprocessed 18 to 18", "stopped"),
    ]


def test_the_last_line_is_the_verdict(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    run.run(Settings(), records=4)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "demo: expected_ms=4004 billed_ms=4004 rows=1 difference=0"
    assert lines[-2] == "the audit"
    assert "demo: it is back" in lines


def test_a_difference_is_shown_and_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(billing, "rows", lambda _: {ROW: Amount(4_003, 1, 1_000)})
    assert run.run(Settings(), records=4) == 1
    *_, difference, verdict = capsys.readouterr().out.splitlines()
    assert difference == comparison.show_differences(comparison.compare(EXPECTED, {ROW: Amount(4_003, 1, 1_000)}))
    assert verdict == "demo: expected_ms=4004 billed_ms=4003 rows=1 difference=1"


def test_equal_bills_with_an_audit_that_is_not_clean_fail_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "audit", lambda *_, **__: SimpleNamespace(clean=False))
    assert run.run(Settings(), records=4) == 1


def test_another_unresolved_asset_than_the_withheld_one_ends_the_demo(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "unresolved", lambda _: [Unresolved("lost", HOUR, HOUR, 1)])
    with pytest.raises(Failed, match="not premiere-withheld alone"):
        run.run(Settings(), records=4)
    assert world.story[-1] == "stopped"
