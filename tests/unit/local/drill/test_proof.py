"""The end of a drill: nothing is compared before every hour is settled, and what fails is said and kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from local import billing, commands
from local.clock import ClockFile
from local.commands import CommandFailed
from local.drill import proof as proving
from local.drill.account import Delivery
from local.drill.proof import Proof
from local.drill.report import Report
from local.drill.verdict import Copies
from local.traffic.events import Cdn
from local.traffic.oracle import Amount, Key
from local.traffic.wire import Wire
from ops.hours import Hours

NOON = datetime(2026, 11, 18, 12, 34, tzinfo=UTC)
NOON_MS = int(NOON.timestamp()) * 1_000
ROW = Key(NOON_MS, "env-a", "film", "1080p")
NONE = Copies(surplus=0, missing=0)


class Named(Report):
    name = "drill"


@pytest.fixture
def proof(tmp_path: Path) -> Proof:
    stack = SimpleNamespace(kafka_bootstrap="nowhere:1", billing_dsn="postgresql://nowhere", environ={"A": "b"})
    made = Proof(cast("Any", stack), ClockFile(tmp_path / "clock", NOON_MS), Named())
    made.account.acknowledge(
        Delivery(number=1, cdn=Cdn.AKAMAI, lines=9, wire=Wire(body=b""), bill={ROW: Amount(4_004, 1, 900)})
    )
    return made


def test_the_clock_leaps_until_the_last_hour_is_settled(proof: Proof, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "watermark", lambda _: datetime(2026, 11, 21, 14, tzinfo=UTC))
    proof.settle()
    assert proof.clock.now_ms == NOON_MS + 77 * 3_600_000


@pytest.mark.parametrize("reached", [None, NOON, datetime(2026, 11, 21, 13, 59, tzinfo=UTC)])
def test_hours_that_do_not_settle_prove_nothing(
    proof: Proof, monkeypatch: pytest.MonkeyPatch, reached: datetime | None
) -> None:
    monkeypatch.setattr(proving, "_SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(billing, "watermark", lambda _: reached)
    with pytest.raises(TimeoutError, match=re.escape(f"the watermark to reach 2026-11-21T14:00: still {reached}")):
        proof.settle()


@pytest.mark.parametrize(
    ("billed", "clean"),
    [({ROW: Amount(4_004, 1, 900)}, True), ({ROW: Amount(4_003, 1, 900)}, False), ({}, False)],
)
def test_the_bill_is_that_of_all_acknowledged_deliveries(
    proof: Proof, monkeypatch: pytest.MonkeyPatch, billed: dict[Key, Amount], clean: bool
) -> None:
    monkeypatch.setattr(billing, "rows", lambda _: billed)
    assert proof.verdict(NONE).clean is clean
    assert (proof.differences() == []) is clean


def test_commands_run_as_an_operator_runs_them(proof: Proof, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[tuple[object, ...]] = []

    def run(*given: object, **_: object) -> str:
        ran.append(given)
        return "printed"

    monkeypatch.setattr(commands, "run", run)
    proof.reprocess(Hours(NOON.replace(minute=0), NOON.replace(minute=0) + timedelta(hours=2)))
    assert ran == [({"A": "b"}, "ops.reprocess", "2026-11-18T12", "2026-11-18T14", "--yes")]


def test_an_audit_that_is_not_clean_is_objected_to_and_said(
    proof: Proof, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> str:
        raise CommandFailed("1 DIFFERENT")

    monkeypatch.setattr(commands, "run", fails)
    proof.audit()
    assert proof.objections == ["the audit is not clean: 1 DIFFERENT"]
    assert capsys.readouterr().out == "drill: the audit is not clean: 1 DIFFERENT\n"
