"""What each drill does to the system, and what it refuses to call proven."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from local import billing, waiting
from local.upgrade.deployments import Deployment
from local.upgrade.switch import RolledBack, Switched
from local.upgrade_drill import drills, trees
from local.upgrade_drill.drills import DRILLS, NotAsExpected
from local.upgrade_drill.system import ENRICHMENT, USAGE, System
from local.upgrade_drill.trees import Edit

HOUR = datetime(2026, 9, 1, 10, tzinfo=UTC)
OLD = Path("/old")


def switched(build: str, *doubtful: datetime) -> Switched:
    return Switched(deployment=Deployment(number=1, build=build), gap_s=20.0, doubtful=doubtful)


class Collectors:
    """The part of a stack that drills touch."""

    billing_dsn = "the billing database"

    def __init__(self, calls: list[str]) -> None:
        self._calls = calls

    def stop_collector(self, index: int) -> None:
        self._calls.append(f"stop collector {index}")

    def start_collector(self, index: int, *, code: Path) -> None:
        self._calls.append(f"start collector {index} of {code}")


class FakeSystem:
    """Notes what is done; a release has the name that it was made under."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.edits: list[tuple[Edit, ...]] = []
        self.releases = {ENRICHMENT: OLD, USAGE: OLD}
        self.stack = Collectors(self.calls)
        self.failure: RolledBack | None = None
        self.doubtful: tuple[datetime, ...] = (HOUR,)

    def release(self, name: str, base: Path, edits: tuple[Edit, ...]) -> Path:
        self.edits.append(edits)
        return base / name

    def upgrade(self, job: str, release: Path, environ: Mapping[str, str] | None = None) -> Switched:
        self.calls.append(" ".join(filter(None, (f"upgrade {job} to {release}", str(environ or "")))))
        if self.failure is not None:
            raise self.failure
        return switched(release.name)

    def roll_back(self, job: str, release: Path) -> Switched:
        self.calls.append(f"roll back {job} to {release}")
        return switched(release.name, *self.doubtful)


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> FakeSystem:
    """A system in whose ledger each build soon has a hand."""
    counts = iter(range(0, 1_000, 10))

    def query(dsn: str, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        assert dsn == "the billing database"
        return [("collector-build",)] if "DISTINCT" in statement else [(next(counts),)]

    monkeypatch.setattr(billing, "query", query)
    monkeypatch.setattr(waiting, "_POLL_SECONDS", 0.0)
    return FakeSystem()


def do(name: str, system: FakeSystem) -> drills.Done:
    return DRILLS[name](cast("System", system))


@pytest.mark.parametrize(
    ("name", "calls", "edits"),
    [
        pytest.param(
            "code-change",
            ["upgrade enrichment to /old/code", "upgrade media-usage to /old/code"],
            trees.CODE,
            id="code",
        ),
        pytest.param(
            "schema-change",
            [
                "stop collector 0",
                "start collector 0 of /old/schema",
                "upgrade enrichment to /old/schema",
                "upgrade media-usage to /old/schema",
            ],
            trees.SCHEMA,
            id="schema: one producer, then the readers; the other producer stays",
        ),
        pytest.param(
            "rescale", ["upgrade media-usage to /old {'MEDIA_USAGE_PARALLELISM': '2'}"], None, id="the same release"
        ),
        pytest.param("flink-configuration", ["upgrade media-usage to /old/rocksdb"], trees.ROCKSDB, id="the same code"),
        pytest.param(
            "wrong-enrichment",
            ["upgrade enrichment to /old/durations", "roll back enrichment to /old"],
            trees.WRONG_DURATIONS,
            id="enrichment, found out late",
        ),
        pytest.param(
            "wrong-usage",
            ["upgrade media-usage to /old/rule", "roll back media-usage to /old"],
            trees.WRONG_RULE,
            id="usage, found out late",
        ),
    ],
)
def test_what_is_done(system: FakeSystem, name: str, calls: list[str], edits: tuple[Edit, ...] | None) -> None:
    done = do(name, system)
    assert system.calls == calls
    assert system.edits == ([] if edits is None else [edits])
    assert len(done.switched) == sum("collector" not in call for call in calls)


def test_a_crashing_build_must_be_rolled_back_by_the_upgrade_itself(system: FakeSystem) -> None:
    system.failure = RolledBack("it crashes", switched("old"))
    assert do("crashing-build", system).switched == (switched("old"),)
    assert system.calls == ["upgrade enrichment to /old/crashing"]


def test_a_crashing_build_that_is_taken_for_sound_fails_the_drill(system: FakeSystem) -> None:
    with pytest.raises(NotAsExpected, match="was taken for sound"):
        do("crashing-build", system)


@pytest.mark.parametrize("name", ["wrong-enrichment", "wrong-usage"])
def test_a_wrong_build_that_leaves_no_doubt_fails_the_drill(system: FakeSystem, name: str) -> None:
    system.doubtful = ()
    with pytest.raises(NotAsExpected, match="was counted, and no hour is in doubt"):
        do(name, system)


@pytest.mark.parametrize("name", ["schema-change", "wrong-enrichment", "wrong-usage"])
def test_what_never_gets_as_far_as_the_ledger_proves_nothing(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    nothing: Callable[..., list[tuple[Any, ...]]] = lambda dsn, statement, *_: [(0,)]  # noqa: E731 - stands for a query
    monkeypatch.setattr(billing, "query", nothing)
    monkeypatch.setattr(drills, "_SECONDS", 0.0)
    with pytest.raises(TimeoutError, match="to be counted"):
        do(name, system)


def test_every_case_that_the_drill_is_for_is_there() -> None:
    assert list(DRILLS) == [
        "code-change",
        "schema-change",
        "rescale",
        "flink-configuration",
        "crashing-build",
        "wrong-enrichment",
        "wrong-usage",
    ]
