"""A recommit is proven by the same commit, seen again after the kill."""

from __future__ import annotations

from typing import Any, cast

import pytest

from local.chaos.faults.kill_before_commit import KillBeforeCommit
from local.chaos.faults.world import World
from local.chaos.frames import EndTxn
from local.chaos.proxy import Commit, Hold

PROMISED = EndTxn("enrichment.enriched.-0-7", 4711, 3, committed=True)


class Answering:
    """A proxy that has seen the commit again."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit

    async def answered(self, transactional_id: str, since: float) -> Commit:
        assert (transactional_id, since) == (PROMISED.transactional_id, 5.0)
        return self._commit


@pytest.mark.parametrize(
    ("again", "error", "proven"),
    [
        pytest.param(PROMISED, 0, 1, id="the-same-commit"),
        pytest.param(PROMISED, 48, 0, id="refused"),
        pytest.param(PROMISED._replace(producer_epoch=4), 0, 0, id="of-another-epoch"),
        pytest.param(PROMISED._replace(producer_id=1), 0, 0, id="of-another-producer"),
    ],
)
async def test_a_recommit_is_the_same_commit_after_the_kill(
    world: World, again: EndTxn, error: int, proven: int
) -> None:
    fault = KillBeforeCommit()
    fault._hold, fault._killed_at = Hold("enrichment."), 5.0
    fault._hold.stop(PROMISED)
    world.proxy = cast("Any", Answering(Commit(again, 2, error, 6.0)))
    await fault.end(world)
    assert world.recommits == proven
