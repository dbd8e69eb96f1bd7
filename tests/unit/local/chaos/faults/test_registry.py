"""All kinds of faults that the drill promises are there."""

from __future__ import annotations

import pytest

from local.chaos.faults.registry import DISK_FAULTS, kinds, make
from local.chaos.schedule import whole
from local.chaos.targets import TARGETS

PARTS = (
    *("broker", "redis", "asset-database", "billing-database"),
    *("jobmanager", "collector", "enrichment-taskmanager", "usage-taskmanager"),
)


def names(*, with_disks: bool = True) -> set[str]:
    return {kind.name for kind in kinds(with_disks=with_disks)}


def test_every_part_is_killed_and_stopped_for_a_short_and_for_a_long_time() -> None:
    ways = ("kill-{}", "pause-{}-30", "pause-{}-70")
    assert {way.format(part) for part in PARTS for way in ways} <= names()


def test_the_rest_is_there_too() -> None:
    assert {name for name in names() if not name.startswith(("kill-", "pause-"))} == {
        "restart-broker",
        "outage-broker",
        "expired-transaction",
        "duplicate-deliveries",
        "rescale-enrichment",
        "rescale-usage",
        "full-disk-broker",
        "full-disk-checkpoints",
    }


def test_a_whole_drill_has_thirty_faults_and_five_kills_before_a_commit_even_without_disks() -> None:
    drawn = {kind.name: kind.at_least for kind in kinds(with_disks=False)}
    assert drawn["kill-before-commit"] == 5
    assert whole(kinds(with_disks=False)) >= 30


def test_what_needs_a_disk_is_left_out_where_there_is_none() -> None:
    assert names() - names(with_disks=False) == set(DISK_FAULTS)


@pytest.mark.parametrize("name", sorted(names()))
def test_every_kind_can_be_made_and_each_time_anew(name: str) -> None:
    assert make(name) is not make(name)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError):
        make("kill-the-lights")


def test_targets_have_names_of_their_own() -> None:
    assert sorted({target.name for target in TARGETS}) == sorted(PARTS)
