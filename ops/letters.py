"""Dead letters as operators choose and read them. Pure."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from schemas.cdn_logs_pb2 import DeadLetter

_DIGEST_CHARACTERS = 8


class Letter(NamedTuple):
    """A dead letter, and when it became one: epoch milliseconds by the broker's clock."""

    at_ms: int
    letter: DeadLetter

    @property
    def provenance(self) -> str:
        """Where it came from, the same for every copy: `source/delivery/line`, or `topic@timestamp#digest`."""
        letter = self.letter
        if not letter.topic:
            return f"{letter.source_id}/{letter.delivery_id}/{letter.line}"
        # A timestamp is no name: messages of one hour may well share it.
        digest = hashlib.sha256(letter.payload).hexdigest()[:_DIGEST_CHARACTERS]
        return f"{letter.topic}@{letter.topic_timestamp_ms}#{digest}"

    @property
    def origin(self) -> str:
        """The source of a line, or the topic of a message."""
        return self.letter.topic or self.letter.source_id


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which letters; None leaves a property open. Moments are those at which they became dead letters."""

    origin: str | None = None
    reason: str | None = None
    provenance: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, letter: Letter) -> bool:
        """Whether a letter is one of them; `since` is included, `until` is not."""
        at = datetime.fromtimestamp(letter.at_ms / 1_000, UTC)
        return (
            self.origin in (None, letter.origin)
            and self.reason in (None, letter.letter.reason)
            and self.provenance in (None, letter.provenance)
            and (self.since is None or self.since <= at)
            and (self.until is None or at < self.until)
        )

    def __bool__(self) -> bool:
        """Whether it limits anything."""
        return self != Selection()


def by_provenance(letters: Iterable[Letter]) -> list[list[Letter]]:
    """Copies together, in the order of the first of them."""
    groups: defaultdict[str, list[Letter]] = defaultdict(list)
    for letter in letters:
        groups[letter.provenance].append(letter)
    return list(groups.values())


class _Tally:
    def __init__(self) -> None:
        self.letters = 0
        self.provenances = set[str]()
        self.first_ms = self.last_ms = 0

    def add(self, letter: Letter) -> None:
        self.first_ms = min(self.first_ms, letter.at_ms) if self.letters else letter.at_ms
        self.last_ms = max(self.last_ms, letter.at_ms)
        self.letters += 1
        self.provenances.add(letter.provenance)


def overview(letters: Iterable[Letter]) -> Iterator[str]:
    """A line a source (or topic) and reason: letters, how many different ones, from when to when, and one of them."""
    tallies: defaultdict[tuple[str, str], _Tally] = defaultdict(_Tally)
    for letter in letters:
        tallies[letter.origin, letter.letter.reason].add(letter)
    for (origin, reason), tally in sorted(tallies.items()):
        example = min(tally.provenances)
        yield (
            f"{origin} {reason}: {tally.letters:,} letters, {len(tally.provenances):,} different,"
            f" {moment(tally.first_ms)} to {moment(tally.last_ms)}, such as {example}"
        )


def describe(letter: Letter, *, payload: bool) -> str:
    """One letter in a line; its content, as received, only on request: it holds what viewers asked for."""
    told = letter.letter
    text = f"{moment(letter.at_ms)} {letter.provenance} {told.reason}: {told.detail}"
    return f"{text}\n    {told.payload.decode(errors='backslashreplace')}" if payload else text


def moment(epoch_ms: int) -> str:
    """A time as `--since` and `--until` read it."""
    return f"{datetime.fromtimestamp(epoch_ms // 1_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
