"""Batches are kept by id with their places, heartbeats are none, and no offset may come twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from local.drill.reader import ReadAgain, Tally


@dataclass(frozen=True)
class Stored:
    """What is read of a message."""

    at: int
    id: bytes = b"a"
    number: int = 0

    def partition(self) -> int:
        return self.number

    def offset(self) -> int:
        return self.at

    def key(self) -> bytes:
        return self.id


def tally(*messages: Stored) -> Tally:
    made = Tally()
    for message in messages:
        made.add(cast("Any", message))
    return made


def test_every_copy_of_a_batch_has_its_place() -> None:
    read = tally(Stored(0), Stored(1, b"b"), Stored(5), Stored(0, b"a", number=3))
    assert read.places == {b"a": [(0, 0), (0, 5), (3, 0)], b"b": [(0, 1)]}


def test_heartbeats_are_no_batches() -> None:
    assert tally(Stored(7, b"heartbeat-12")).places == {}


@pytest.mark.parametrize("offset", [0, 3])
def test_a_message_that_is_handed_out_again_is_an_error(offset: int) -> None:
    read = tally(Stored(3))
    with pytest.raises(ReadAgain, match=f"partition 0 gave offset {offset} after 3"):
        read.add(cast("Any", Stored(offset)))
