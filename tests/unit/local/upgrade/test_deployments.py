"""The history of a job: what ran, what is returned to, what never is."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.settings import Settings
from local.upgrade.deployments import Deployment, History, NothingBefore


def make(history: History, *entries: tuple[int, str]) -> None:
    """Deployments by number and build."""
    for number, build in entries:
        history.add(Deployment(number=number, build=build))


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History.of(Settings(state=tmp_path), "enrichment")


def test_another_process_finds_what_was_noted(history: History, tmp_path: Path) -> None:
    noted = Deployment(
        number=1,
        build="abc",
        job="0123",
        environ={"ENRICHMENT_PARALLELISM": "2"},
        options={"state.backend.type": "hashmap"},
        overrides={"execution.checkpointing.interval": "10 s"},
        started_at="2026-09-01T10:00:00+00:00",
        started_from="file:/savepoint-1",
        stopped_with="file:/savepoint-2",
    )
    history.add(noted)
    assert History.of(Settings(state=tmp_path), "enrichment").entries == [noted]


def test_each_job_has_its_own(history: History, tmp_path: Path) -> None:
    make(history, (1, "a"))
    assert History.of(Settings(state=tmp_path), "media-usage").entries == []


def test_a_job_that_was_never_deployed_has_no_last_one(history: History) -> None:
    with pytest.raises(NothingBefore, match="never deployed"):
        _ = history.last


def test_what_was_chosen_wins_over_the_trees_configuration() -> None:
    deployment = Deployment(number=1, build="a", options={"x": "1", "y": "1"}, overrides={"y": "2"})
    assert deployment.all_options == {"x": "1", "y": "2"}


def test_amending_changes_the_last_one_only(history: History) -> None:
    make(history, (1, "a"), (2, "b"))
    history.amend(Deployment(number=2, build="b", job="job-2"))
    assert [(entry.build, entry.job) for entry in history.entries] == [("a", ""), ("b", "job-2")]


def test_numbers_are_never_given_twice(history: History) -> None:
    assert history.next_number() == 1
    make(history, (1, "a"), (2, "b"), (1, "a"))
    assert history.next_number() == 3


@pytest.mark.parametrize(
    ("entries", "broken", "build", "number"),
    [
        pytest.param([(1, "a"), (2, "b")], [], None, 1, id="the one before"),
        pytest.param([(1, "a"), (2, "b"), (3, "c")], [], None, 2, id="not the first"),
        pytest.param([(1, "a"), (2, "b"), (3, "c")], [], "a", 1, id="the one of a build"),
        pytest.param([(1, "a"), (2, "b"), (1, "a"), (3, "c")], [2], None, 1, id="never one that was rolled back"),
        pytest.param([(1, "a"), (2, "b"), (3, "c"), (2, "b")], [3], None, 1, id="further back than the return"),
        pytest.param([(1, "a"), (2, "a")], [], None, 1, id="the same build with other settings"),
    ],
)
def test_a_rollback_returns_to(
    history: History, entries: list[tuple[int, str]], broken: list[int], build: str | None, number: int
) -> None:
    make(history, *entries)
    for each in broken:
        history.condemn(each)
    assert history.before(build).number == number


@pytest.mark.parametrize(
    ("entries", "broken", "build", "why"),
    [
        pytest.param([(1, "a")], [], None, "can be returned to", id="nothing ran before"),
        pytest.param([(1, "a"), (2, "b"), (1, "a")], [2], None, "can be returned to", id="only what is broken"),
        pytest.param([(1, "a"), (2, "b")], [], "c", "has build c", id="an unknown build"),
    ],
)
def test_a_rollback_finds_nothing(
    history: History, entries: list[tuple[int, str]], broken: list[int], build: str | None, why: str
) -> None:
    make(history, *entries)
    for each in broken:
        history.condemn(each)
    with pytest.raises(NothingBefore, match=why):
        history.before(build)


def test_everything_after_the_target_counts_as_since(history: History) -> None:
    make(history, (1, "a"), (2, "b"), (1, "a"), (3, "c"), (4, "d"))
    assert [entry.build for entry in history.since(history.entries[0])] == ["c", "d"]


def test_a_new_cluster_knows_nothing_of_an_old_one(history: History) -> None:
    make(history, (1, "a"))
    history.clear()
    assert history.entries == []
