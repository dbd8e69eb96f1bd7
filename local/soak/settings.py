"""What a soak is asked for, from environment variables, checked before anything starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from local.settings import InvalidSetting


@dataclass(frozen=True, kw_only=True)
class SoakSettings:
    """One soak. Raises InvalidSetting; the message names the setting and the remedy."""

    #: How long the load lasts. The first half warms up: after it, state has its final size.
    minutes: float = 60.0
    #: Decides what is delivered.
    seed: int = 1
    #: The load, as a share of what the system was measured to carry.
    load_share: float = 0.7

    def __post_init__(self) -> None:
        if not 2 <= self.minutes <= 24 * 60:
            raise InvalidSetting(f"MINUTES={self.minutes:g} is not within 2..1440: give 60 for a whole soak")


def from_environment(environ: Mapping[str, str]) -> SoakSettings:
    """Settings from MINUTES and SEED; unset or empty: the default. Raises InvalidSetting."""
    default = SoakSettings()
    return SoakSettings(
        minutes=_number("MINUTES", environ, default.minutes),
        seed=int(_number("SEED", environ, default.seed)),
    )


def _number(name: str, environ: Mapping[str, str], default: float) -> float:
    text = environ.get(name)
    try:
        return float(text) if text else default
    except ValueError as error:
        raise InvalidSetting(f"{name}={text} is no number") from error
