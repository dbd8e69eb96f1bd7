"""Which faults, in which order: drawn by the seed, every kind at least once. Pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of fault. `at_least` is how often a whole drill has it; one that is `once` is never drawn beyond that."""

    name: str
    at_least: int = 1
    once: bool = False


def draw(kinds: Sequence[Kind], count: int, seed: int) -> list[str]:
    """Names of `count` faults in their order.

    Where `count` allows, every kind is there as often as it asks for, and the rest is drawn from all that may come
    again. Where it does not, a part of them is: first one of each kind, then what they ask for beyond.
    """
    chance = random.Random(f"schedule-{seed}")
    first = _shuffled(chance, [kind.name for kind in kinds])
    more = _shuffled(chance, [kind.name for kind in kinds for _ in range(kind.at_least - 1)])
    repeatable = [kind.name for kind in kinds if not kind.once]
    drawn = [chance.choice(repeatable) for _ in range(count - len(first) - len(more))]
    return _shuffled(chance, [*first, *more, *drawn][:count])


def whole(kinds: Sequence[Kind]) -> int:
    """How many faults it takes for every kind to be there as often as it asks for."""
    return sum(kind.at_least for kind in kinds)


def _shuffled(chance: random.Random, names: list[str]) -> list[str]:
    return chance.sample(names, len(names))
