"""What the operators' commands read from environment variables."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: What makes `flink run` return before the job has ended.
_DETACHED: Final = ("-d", "--detached", "execution.attached=false")


class InvalidSetting(ValueError):
    """A setting is missing or wrong; the message names it and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of all commands. Raises InvalidSetting where a value cannot be right."""

    #: BILLING_DSN: address of the billing database with its password, which is why it is no argument.
    billing_dsn: str
    #: FLINK_RUN: how a job is submitted to the cluster, attached, with all options but the program.
    flink_run: tuple[str, ...] = ("flink", "run")
    #: REPROCESS_SOURCE: the topic that a recount reads, raw or enriched. The bounded job reads the variable too.
    recount_source: str = "raw"

    def __post_init__(self) -> None:
        if not self.billing_dsn:
            raise InvalidSetting("BILLING_DSN is not set: give postgresql://user:password@host/database")
        if not self.flink_run:
            raise InvalidSetting("FLINK_RUN is empty: give the command, such as `flink run`, or unset it")
        if any(option.removeprefix("-D") in _DETACHED for option in self.flink_run):
            raise InvalidSetting("FLINK_RUN submits detached: leave that out, the result is needed at the job's end")
        if self.recount_source not in ("raw", "enriched"):
            raise InvalidSetting(f"REPROCESS_SOURCE is {self.recount_source!r}: give raw or enriched, or unset it")


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read and validate the settings. Raises InvalidSetting."""
    return Settings(
        billing_dsn=environ.get("BILLING_DSN", ""),
        flink_run=tuple(shlex.split(environ.get("FLINK_RUN", "flink run"))),
        recount_source=environ.get("REPROCESS_SOURCE", "raw"),
    )
