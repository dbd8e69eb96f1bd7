"""What the operators' commands read from environment variables."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass


class InvalidSetting(ValueError):
    """A setting is missing or wrong; the message names it and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of all commands. Raises InvalidSetting where a value cannot be right."""

    #: BILLING_DSN: address of the billing database with its password, which is why it is no argument.
    billing_dsn: str
    #: FLINK_RUN: how a job is submitted to the cluster, attached, with all options but the program.
    flink_run: tuple[str, ...] = ("flink", "run")

    def __post_init__(self) -> None:
        if not self.billing_dsn:
            raise InvalidSetting("BILLING_DSN is not set: give postgresql://user:password@host/database")
        if not self.flink_run:
            raise InvalidSetting("FLINK_RUN is empty: give the command, such as `flink run`, or unset it")
        if {"-d", "--detached"} & set(self.flink_run):
            raise InvalidSetting("FLINK_RUN submits detached: leave -d out, the result is needed at its end")


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read and validate the settings. Raises InvalidSetting."""
    dsn = environ.get("BILLING_DSN", "")
    if "FLINK_RUN" not in environ:
        return Settings(billing_dsn=dsn)
    return Settings(billing_dsn=dsn, flink_run=tuple(shlex.split(environ["FLINK_RUN"])))
