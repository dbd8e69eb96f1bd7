"""The drill's order, and what it refuses to call proven."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from local import billing, commands
from local.chaos import drill as drilling
from local.chaos.drill import Drill
from local.chaos.faults import registry
from local.chaos.faults.world import Fault, World
from local.chaos.recovery import NoRecovery
from local.chaos.report import Report
from local.chaos.settings import ChaosSettings
from local.clock import ClockFile
from local.commands import CommandFailed
from local.drill import capacity, proof
from local.drill.account import Delivery
from local.drill.verdict import Place, Stretch
from local.settings import Settings
from local.traffic.events import Cdn
from local.traffic.oracle import Amount, Key
from local.traffic.wire import Wire

NOON = datetime(2026, 11, 18, 12, 34, tzinfo=UTC)
NOON_MS = int(NOON.timestamp()) * 1_000
ROW = Key(NOON_MS, "env-a", "film", "1080p")
LOST = Stretch({0: 0}, {0: 2})
RAW = {b"a": [Place(0, 0)], b"b": [Place(0, 5)]}


CLEAN = "every batch in raw is in the ledger  2 messages in raw  ok\n"
LACKING = """\
every batch in raw is in the ledger  2 messages in raw  2 DIFFERENT
  akamai 2026-11-17T09: 1 batches are in raw only, such as a: python -m ops.reprocess 2026-11-17T09 2026-11-17T09
  fastly 2026-11-16T22: 2 batches are in raw only, such as b: python -m ops.reprocess 2026-11-16T22 2026-11-16T22
"""
UNNAMED = "every acknowledged batch is in the ledger  8 collector sources  1 DIFFERENT\n"


@dataclass
class Site:
    """What the drill finds at its end, and what it did about it."""

    audits: list[str] = field(default_factory=lambda: [CLEAN])
    enriched: dict[bytes, list[Place]] = field(default_factory=lambda: dict(RAW))
    healed: list[tuple[str, ...]] = field(default_factory=list)

    def run(
        self,
        environ: Mapping[str, str],
        module: str,
        *arguments: str,
        timeout: float,  # as the command's
        accepted: tuple[int, ...],
    ) -> str:
        if module == "ops.reprocess":
            self.healed.append(arguments)
            return "replaced"
        found = self.audits.pop(0) if len(self.audits) > 1 else self.audits[0]
        if found != CLEAN and 1 not in accepted:
            raise CommandFailed(found)
        return found

    def read_all(self, _: str, topic: str) -> Mapping[bytes, list[Place]]:
        return RAW if topic.endswith("raw") else self.enriched


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    made = Site()
    monkeypatch.setattr(commands, "run", made.run)
    monkeypatch.setattr(proof, "read_all", made.read_all)
    monkeypatch.setattr(billing, "watermark", lambda _: NOON + timedelta(hours=100))
    monkeypatch.setattr(billing, "rows", lambda _: {ROW: Amount(4_004, 1, 900)})
    return made


class StandIn:
    """A system that runs nothing."""

    kafka_bootstrap, billing_dsn = "nowhere:1", "postgresql://nowhere"
    environ: Mapping[str, str] = {}
    settings = Settings()

    @property
    def stack(self) -> StandIn:
        return self


@pytest.fixture
def drill(tmp_path: Path, site: Site) -> Drill:
    clock = ClockFile(tmp_path / "clock", NOON_MS)
    made = Drill(ChaosSettings(seed=1), cast("Any", StandIn()), clock, Report(seed=1, planned=2))
    made._proof.account.acknowledge(
        Delivery(number=1, cdn=Cdn.AKAMAI, lines=9, wire=Wire(body=b""), bill={ROW: Amount(4_004, 1, 900)})
    )
    return made


def world(*expired: Stretch) -> World:
    none = cast("Any", None)
    return World(none, proxy=none, load=none, sender=none, chance=random.Random(1), expired=list(expired))


def reader(places: Mapping[bytes, list[Place]] = RAW) -> Any:
    return SimpleNamespace(places=places)


def test_an_exact_bill_under_a_clean_audit_is_a_clean_verdict(drill: Drill, site: Site) -> None:
    assert drill._judge(world(), reader()).clean
    assert (drill.objections, site.healed) == ([], [])


def test_an_expired_transaction_is_named_by_the_audit_and_healed(
    drill: Drill, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site.audits, site.enriched = [LACKING, CLEAN], {b"b": [Place(0, 5)]}
    verdict = drill._judge(world(LOST), reader(site.enriched))
    assert (verdict.clean, verdict.copies.missing, drill.objections) == (True, 0, [])
    assert site.healed == [("2026-11-16T22", "2026-11-17T09", "--yes")]
    assert LACKING in capsys.readouterr().out


@pytest.mark.parametrize("found", [CLEAN, UNNAMED])
def test_an_audit_that_does_not_name_the_loss_is_objected_to(drill: Drill, site: Site, found: str) -> None:
    site.audits = [found, CLEAN]
    assert drill._judge(world(LOST), reader()).clean
    assert drill.objections == ["a transaction has expired, and the audit names no hour to reprocess"]
    assert site.healed == []


def test_without_a_loss_on_purpose_nothing_is_healed(drill: Drill, site: Site) -> None:
    site.audits = [LACKING]
    drill._judge(world(), reader())
    assert (drill.objections, site.healed) == ([f"the audit is not clean: {LACKING}"], [])


def test_an_audit_that_is_not_clean_after_healing_is_objected_to(drill: Drill, site: Site) -> None:
    site.audits = [LACKING]
    drill._judge(world(LOST), reader())
    assert drill.objections == [f"the audit is not clean: {LACKING}"]


def test_what_enriched_lacks_beyond_the_expired_transaction_is_lost_although_it_is_billed(
    drill: Drill, site: Site
) -> None:
    site.audits, site.enriched = [LACKING, CLEAN], {}
    verdict = drill._judge(world(LOST), reader())
    assert (verdict.lost, verdict.copies.missing) == (1, 1)


class Noted(Fault):
    """Notes what happens to it."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self.detail = f"detail of {name}"
        self._name = name
        self._notes = notes

    async def inject(self, world: World) -> None:
        self._notes.append(f"{self._name} begins")

    async def end(self, world: World) -> None:
        self._notes.append(f"{self._name} ends")

    async def afterwards(self, world: World) -> None:
        self._notes.append(f"{self._name} is cleared away")


async def test_each_fault_is_got_over_before_the_next(drill: Drill, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []

    class Recovers:
        def __init__(self, _: object) -> None: ...

        async def complete(self) -> float:
            notes.append("recovered")
            return 1.0

    monkeypatch.setattr(registry, "make", lambda name: Noted(name, notes))
    monkeypatch.setattr(drilling, "Recovery", Recovers)
    for name in ("one", "other"):
        await drill._fault(world(), name)
    assert notes == [
        *("one begins", "one ends", "recovered", "one is cleared away", "recovered"),
        *("other begins", "other ends", "recovered", "other is cleared away", "recovered"),
    ]
    assert [(outcome.kind, outcome.detail) for outcome in drill._report.outcomes] == [
        ("one", "detail of one"),
        ("other", "detail of other"),
    ]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        pytest.param(TimeoutError(), "kill-redis: what it waits for did not happen", id="without-words"),
        pytest.param(TimeoutError("no commit"), "kill-redis: no commit", id="in-time"),
        pytest.param(NoRecovery("a collector is not ready"), "kill-redis: a collector is not ready", id="recovery"),
    ],
)
async def test_a_fault_that_fails_is_named(
    drill: Drill, monkeypatch: pytest.MonkeyPatch, failure: Exception, told: str
) -> None:
    class Fails(Noted):
        async def inject(self, world: World) -> None:
            raise failure

    monkeypatch.setattr(registry, "make", lambda name: Fails(name, []))
    with pytest.raises(NoRecovery, match=f"^{told}$"):
        await drill._fault(world(), "kill-redis")


async def test_the_load_is_a_share_of_what_was_measured(
    drill: Drill, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def measure(*_: object) -> float:
        return 12_000.0

    monkeypatch.setattr(capacity, "measure", measure)
    assert await drill._rate(cast("Any", None)) == pytest.approx(8_400)
    assert capsys.readouterr().out == "chaos: capacity 12,000 lines/s; the load is 70% of that\n"
