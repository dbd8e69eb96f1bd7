"""What ran of a job, one deployment after the other; on disk, so that an upgrade that was killed can go on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from local.settings import Settings

#: Modules by the name of their job.
MODULES: Final = {"enrichment": "jobs.enrichment", "media-usage": "jobs.media_usage"}


class NothingBefore(RuntimeError):
    """There is no deployment to return to."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A job as it was submitted. One that is returned to keeps its number."""

    number: int
    build: str
    #: Flink's id of the job; "" until it is submitted.
    job: str = ""
    #: Variables of the main program on top of the stack's own. No secrets: the file is for people too.
    environ: Mapping[str, str] = field(default_factory=dict)
    #: From the tree's flink-conf/, and what was chosen on top of it.
    options: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, str] = field(default_factory=dict)
    #: By the billing database's clock, before the job could write anything.
    started_at: str = ""
    #: Savepoint or checkpoint; None: from the beginning of its topic.
    started_from: str | None = None
    #: Where the next deployment went on.
    stopped_with: str | None = None
    #: Rolled back: never returned to.
    broken: bool = False

    @property
    def all_options(self) -> dict[str, str]:
        """What it is submitted with."""
        return {**self.options, **self.overrides}


class History:
    """Deployments of one job, the oldest first."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def of(cls, settings: Settings, job: str) -> History:
        """That of a job of a stack."""
        return cls(settings.state / "deployments" / f"{job}.json")

    @property
    def entries(self) -> list[Deployment]:
        """All of them."""
        if not self._file.exists():
            return []
        return [Deployment(**entry) for entry in json.loads(self._file.read_text())]

    @property
    def last(self) -> Deployment:
        """The one that runs, or ran last. Raises NothingBefore if there is none."""
        entries = self.entries
        if not entries:
            raise NothingBefore("it was never deployed")
        return entries[-1]

    def next_number(self) -> int:
        """A number that no deployment has."""
        return max((entry.number for entry in self.entries), default=0) + 1

    def add(self, deployment: Deployment) -> None:
        """Note one more."""
        self._write([*self.entries, deployment])

    def amend(self, deployment: Deployment) -> None:
        """Note what has become of the last one."""
        self._write([*self.entries[:-1], deployment])

    def clear(self) -> None:
        """Forget all: they ran on a cluster that is gone."""
        self._write([])

    def drop(self) -> None:
        """Forget the last one: it never ran."""
        self._write(self.entries[:-1])

    def condemn(self, number: int) -> None:
        """Note that a deployment was rolled back."""
        self._write([replace(each, broken=each.broken or each.number == number) for each in self.entries])

    def before(self, build: str | None = None) -> Deployment:
        """The one to return to: the newest, of a build where one is named, that was stopped and not rolled back.

        Raises NothingBefore.
        """
        entries = self.entries
        for entry in reversed(entries[:-1]):
            if not entry.broken and entry.number != entries[-1].number and build in (None, entry.build):
                return entry
        raise NothingBefore(f"no deployment before this one {f'has build {build}' if build else 'can be returned to'}")

    def since(self, target: Deployment) -> list[Deployment]:
        """Those that came after it, the oldest first."""
        entries = self.entries
        last = max(index for index, entry in enumerate(entries) if entry.number == target.number)
        return entries[last + 1 :]

    def _write(self, entries: list[Deployment]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".draft")
        draft.write_text(json.dumps([asdict(entry) for entry in entries], indent=2))
        draft.replace(self._file)
