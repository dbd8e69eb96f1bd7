"""The drill's end: what has to be wrong before the healing, what has to be right after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from local import billing, commands
from local.clock import ClockFile
from local.commands import CommandFailed
from local.drill import proof
from local.drill.account import Delivery
from local.drill.verdict import Place
from local.traffic.events import Cdn
from local.traffic.oracle import Amount, Key
from local.traffic.wire import Wire
from local.upgrade_drill.drill import Drill
from local.upgrade_drill.report import Report

HOUR = datetime(2026, 11, 18, 12, tzinfo=UTC)
NOW_MS = int(HOUR.timestamp()) * 1_000 + 34 * 60_000
ROW = Key(int(HOUR.timestamp()) * 1_000, "env-a", "film", "1080p")
RIGHT, WRONG = Amount(4_004, 1, 900), Amount(8_008, 1, 900)
RAW = {b"a": [Place(0, 0)], b"b": [Place(0, 5)]}
REFUSED = "refused: 2026-11-18T12 build abc of enrichment had a hand in it: reprocess it"


@dataclass
class Site:
    """What the drill finds at its end, and which commands it runs."""

    billed: Amount = WRONG
    doubtful: list[datetime] = field(default_factory=lambda: [HOUR - timedelta(hours=3), HOUR])
    heals: bool = True
    close: str | None = REFUSED
    audit: str | None = None
    enriched: Mapping[bytes, list[Place]] = field(default_factory=lambda: RAW)
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def run(self, environ: Mapping[str, str], module: str, *arguments: str, **_: object) -> str:
        self.ran.append((module, *arguments))
        refusal = {"ops.close": self.close, "ops.audit": self.audit}.get(module)
        if refusal is not None:
            raise CommandFailed(refusal)
        if module == "ops.reprocess" and self.heals:
            self.billed, self.doubtful = RIGHT, []
        return ""

    def query(self, dsn: str, statement: str) -> list[tuple[datetime]]:
        return [(hour,) for hour in self.doubtful]

    def read_all(self, _: str, topic: str) -> Mapping[bytes, list[Place]]:
        return RAW if topic.endswith("raw") else self.enriched


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    made = Site()
    monkeypatch.setattr(commands, "run", made.run)
    monkeypatch.setattr(proof, "read_all", made.read_all)
    monkeypatch.setattr(billing, "watermark", lambda _: HOUR + timedelta(hours=100))
    monkeypatch.setattr(billing, "rows", lambda _: {ROW: made.billed})
    monkeypatch.setattr(billing, "query", made.query)
    return made


@pytest.fixture
def drill(tmp_path: Path, site: Site) -> Drill:
    stack = SimpleNamespace(kafka_bootstrap="nowhere:1", billing_dsn="postgresql://nowhere", environ={})
    system = SimpleNamespace(stack=stack, wait_checkpoint=lambda job: None)
    made = Drill(cast("Any", system), ClockFile(tmp_path / "clock", NOW_MS), Report(7), seed=1)
    made._proof.account.acknowledge(Delivery(number=1, cdn=Cdn.AKAMAI, lines=9, wire=Wire(body=b""), bill={ROW: RIGHT}))
    return made


def judge(drill: Drill, seen: Mapping[bytes, list[Place]] = RAW) -> Any:
    return drill._judge(cast("Any", SimpleNamespace(places=seen)))


def test_what_was_wrong_in_marked_hours_is_right_when_they_are_recounted(drill: Drill, site: Site) -> None:
    assert judge(drill).clean
    assert drill.objections == []
    assert site.ran == [
        ("ops.close", "all", "2026-11-18T09", "2026-11-18T12", "--dry-run"),
        ("ops.reprocess", "2026-11-18T09", "2026-11-18T12", "--yes"),
        ("ops.audit", "--raw", "--wait=60"),
    ]


def test_what_is_still_wrong_counts(drill: Drill, site: Site) -> None:
    site.heals = False
    verdict = judge(drill)
    assert (verdict.clean, verdict.duplicated) == (False, 1)


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        pytest.param({"billed": RIGHT}, "the broken builds have done no harm: nothing is proven", id="no harm"),
        pytest.param(
            {"doubtful": [HOUR - timedelta(hours=3)]}, "1 wrong rows are in hours that nobody doubts", id="unmarked"
        ),
        pytest.param(
            {"close": None}, "a period with hours in doubt was not refused for them", id="a close that is not refused"
        ),
        pytest.param(
            {"close": "refused: the audit is not clean"},
            "a period with hours in doubt was not refused for them",
            id="a close that is refused for something else",
        ),
        pytest.param({"heals": False}, "2 hours are still in doubt", id="marks that stay"),
        pytest.param({"audit": "1 DIFFERENT"}, "the audit is not clean: 1 DIFFERENT", id="an audit with a difference"),
    ],
)
def test_what_is_objected_to(drill: Drill, site: Site, change: dict[str, Any], objection: str) -> None:
    for name, value in change.items():
        setattr(site, name, value)
    judge(drill)
    assert drill.objections == [objection]


@pytest.mark.parametrize(
    ("enriched", "lost", "duplicated"),
    [
        pytest.param({b"a": [Place(0, 0)]}, 1, 0, id="one is missing"),
        pytest.param({**RAW, b"a": [Place(0, 0), Place(0, 9)]}, 0, 1, id="one is there twice"),
    ],
)
def test_batches_of_enriched_are_counted_whatever_the_bill_says(
    drill: Drill, site: Site, enriched: dict[bytes, list[Place]], lost: int, duplicated: int
) -> None:
    """What a rollback from an old checkpoint does, deduplication would hide."""
    site.enriched = enriched
    verdict = judge(drill)
    assert (verdict.lost, verdict.duplicated) == (lost, duplicated)
