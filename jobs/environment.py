"""Read a settings dataclass from environment variables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeVar

import msgspec

S = TypeVar("S")


class InvalidSetting(ValueError):
    """A setting is missing or wrong; the message names the environment variable and what to do."""


def settings_from(cls: type[S], prefix: str, environ: Mapping[str, str]) -> S:
    """Make a frozen settings dataclass from the variables `<prefix><FIELD>`.

    Fields without a default are required. A variable with the prefix that names no field is refused: a mistyped
    name would otherwise silently leave the default in force.
    """
    names = {f"{prefix}{field.name.upper()}": field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]  # S is always a dataclass
    unknown = sorted(name for name in environ if name.startswith(prefix) and name not in names)
    if unknown:
        raise InvalidSetting(f"unknown setting {unknown[0]}: known are {', '.join(sorted(names))}")
    given = {field: environ[name] for name, field in names.items() if name in environ}
    try:
        return msgspec.convert(given, cls, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidSetting(f"{prefix}*: {error}") from error


def require(holds: bool, setting: str, problem: str, remedy: str) -> None:
    """Raise InvalidSetting naming the setting, the problem and the remedy unless the condition holds."""
    if not holds:
        raise InvalidSetting(f"{setting}: {problem}; {remedy}")
