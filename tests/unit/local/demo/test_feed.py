"""The feed hands over, from another process, exactly what is drawn in this one."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

import msgspec
import pytest

from local.demo.deliveries import Step
from local.demo.feed import Expectation, Feed, FeedDied, Recipe, draw
from local.traffic.events import Cdn

RECIPE = Recipe(
    seed=1,
    day_ms=1_795_392_000_000,
    records=300,
    assets=10,
    secrets={cdn: f"secret-of-{cdn.value}-sources" for cdn in Cdn},
)


def test_a_recipe_makes_steps_and_then_the_bills() -> None:
    *steps, last = draw(RECIPE)
    assert all(isinstance(step, Step) for step in steps)
    assert isinstance(last, Expectation)
    assert sum(amount.deliveries for amount in last.bills.values()) > 100


def test_the_feed_hands_over_what_is_drawn() -> None:
    *steps, expectation = draw(RECIPE)
    with Feed(RECIPE) as feed:
        handed = list(iter(feed.next, None))
    assert handed == steps
    assert feed.expectation == expectation


def test_an_early_end_leaves_no_process() -> None:
    with Feed(RECIPE) as feed:
        feed.next()
        pid = feed.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_death_of_the_drawing_process_is_noticed() -> None:
    endless = msgspec.structs.replace(RECIPE, records=10_000_000)
    with Feed(endless) as feed:
        os.kill(feed.pid, signal.SIGKILL)
        with pytest.raises(FeedDied, match="status -9"):
            list(iter(feed.next, None))


OWNER_THAT_IS_KILLED = """
import os, signal
from local.traffic.events import Cdn
from local.demo.feed import Feed, Recipe

endless = Recipe(seed=1, day_ms=0, records=10_000_000, assets=10, secrets={cdn: "secret" for cdn in Cdn})
feed = Feed(endless).__enter__()
print(feed.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_drawing_process_ends_even_when_its_owner_is_killed() -> None:
    owner = subprocess.run([sys.executable, "-c", OWNER_THAT_IS_KILLED], capture_output=True, text=True, check=False)
    try:
        drawing = os.pidfd_open(int(owner.stdout))
    except ProcessLookupError:
        return
    ended, _, _ = select.select([drawing], [], [], 20)
    os.close(drawing)
    assert ended
