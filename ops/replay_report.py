"""What a replay of dead letters does, told before it is done. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ops import hours
from ops.hours import Hours
from ops.judgement import Judged, Verdict

#: In the order in which they are told.
_ORDER = tuple(Verdict)


class _Kind(NamedTuple):
    verdict: Verdict
    origin: str
    reason: str
    why: str


@dataclass
class _Sums:
    letters: int = 0
    different: int = 0
    records: int = 0
    example: str = ""
    hours: Hours | None = None

    def add(self, judged: Judged) -> None:
        self.letters += len(judged.letters)
        self.different += 1
        self.example = self.example or judged.first.provenance
        if judged.batch is not None:
            self.records += len(judged.batch.records)
            self._widen(judged.batch.header.hour_ms)

    def _widen(self, hour_ms: int) -> None:
        hour = hours.of_epoch_ms(hour_ms)
        known = self.hours or Hours(hour, hour)
        self.hours = Hours(min(known.first, hour), max(known.last, hour))


class Report:
    """Judgements added up, by verdict, source (or topic), reason and what is wrong."""

    def __init__(self, judged: Iterable[Judged]) -> None:
        self._sums: defaultdict[_Kind, _Sums] = defaultdict(_Sums)
        for one in judged:
            # Each counted or doubtful line has a batch of its own to blame: one example is enough.
            why = one.why if one.verdict is Verdict.REJECTED else ""
            self._sums[_Kind(one.verdict, one.first.origin, one.first.letter.reason, why)].add(one)

    def count(self, *verdicts: Verdict) -> int:
        """How many different letters have one of these verdicts."""
        return sum(sums.different for kind, sums in self._sums.items() if kind.verdict in verdicts)

    def lines(self) -> Iterator[str]:
        """A line a kind, for people."""
        for kind in sorted(self._sums, key=lambda kind: (_ORDER.index(kind.verdict), *kind[1:])):
            sums = self._sums[kind]
            yield f"{kind.verdict}: {sums.different:,} of {kind.origin} {kind.reason}{_copies(sums)}{_end(kind, sums)}"


def _copies(sums: _Sums) -> str:
    return f" ({sums.letters:,} letters)" if sums.letters > sums.different else ""


def _end(kind: _Kind, sums: _Sums) -> str:
    if kind.verdict is Verdict.REJECTED:
        return f": {kind.why}; such as {sums.example}"
    told = f": {sums.records:,} records, {sums.hours}"
    return told if kind.verdict in (Verdict.REPLAY, Verdict.RECORDED) else f"{told}; such as {sums.example}"
