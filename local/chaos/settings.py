"""What a drill is asked for, from environment variables, checked before anything starts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from local.settings import InvalidSetting

_SEEDS: Final = 1_000_000


@dataclass(frozen=True, kw_only=True)
class ChaosSettings:
    """One drill. Raises InvalidSetting; the message names the setting and the remedy."""

    #: Decides which faults come in which order, and what is delivered.
    seed: int
    #: How many faults; None: as many as it takes for every kind to be there.
    faults: int | None = None
    #: Names of the kinds to draw from; empty: all that there are.
    kinds: tuple[str, ...] = ()
    #: The load, as a share of what the system was measured to carry.
    load_share: float = 0.7

    def __post_init__(self) -> None:
        if self.faults is not None and self.faults < 0:
            raise InvalidSetting(f"FAULTS={self.faults} is negative: give 0 or more, or leave it out for a whole drill")


def from_environment(environ: Mapping[str, str]) -> ChaosSettings:
    """Settings from SEED, FAULTS and KINDS (separated by commas); unset or empty: the default, a random seed.

    Raises InvalidSetting.
    """
    seed = _number("SEED", environ)
    return ChaosSettings(
        seed=secrets.randbelow(_SEEDS) if seed is None else seed,
        faults=_number("FAULTS", environ),
        kinds=tuple(filter(None, environ.get("KINDS", "").split(","))),
    )


def _number(name: str, environ: Mapping[str, str]) -> int | None:
    text = environ.get(name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise InvalidSetting(f"{name}={text} is not a whole number") from error
