"""The versions of the billing rule, and which of them counts an hour. Pure.

A released version bills the same for ever: what changes the bill is a new version, which takes effect at an
event-time hour. The hour of a batch decides, never the time of its processing, so that replays agree.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, NamedTuple

from jobs.environment import InvalidSetting, require
from jobs.media_usage import billing_rule
from schemas.cdn_logs_pb2 import AccessLog, Rendition

#: The setting that schedules are written in.
SETTING: Final = "MEDIA_USAGE_RULES"
_FORM: Final = 'write a version and those that follow it, each with its first UTC hour, such as "1,2@2026-12-01T00"'


class Rule(NamedTuple):
    """A version of the billing rule; see billing_rule.py for what its functions say."""

    #: Travels with each batch into the ledger.
    version: str
    outcome: Callable[[AccessLog, Rendition], tuple[str, int]]
    tier: Callable[[Rendition], str]


#: Every version that this build can count by.
RULES: Final[Mapping[str, Rule]] = {"1": Rule("1", billing_rule.outcome, billing_rule.tier)}


@dataclass(frozen=True, kw_only=True)
class RuleSchedule:
    """Which rule counts which hours: the first until the first start, the next from there on, and so forth."""

    rules: tuple[Rule, ...]
    #: Hours at which the rules after the first take effect, in epoch milliseconds.
    starts_ms: tuple[int, ...]

    def at(self, hour_ms: int) -> Rule:
        """The rule that counts an hour, given its start in epoch milliseconds."""
        return self.rules[bisect_right(self.starts_ms, hour_ms)]


def schedule(text: str, rules: Mapping[str, Rule] = RULES) -> RuleSchedule:
    """The schedule that a text such as "1,2@2026-12-01T00" describes.

    Raises InvalidSetting naming MEDIA_USAGE_RULES: for a version that this build does not know, a first one with a
    start, another one without, a start that is no whole UTC hour, and starts that do not increase.
    """
    first, *later = [entry.partition("@") for entry in text.split(",")]
    require(not first[1], SETTING, f"{''.join(first)!r} comes first and has a start", _FORM)
    starts_ms = tuple(_hour_ms("".join(entry), entry[2]) for entry in later)
    _require_increasing(text, starts_ms)
    return RuleSchedule(rules=tuple(_rule(version, rules) for version, _, _ in (first, *later)), starts_ms=starts_ms)


def _rule(version: str, rules: Mapping[str, Rule]) -> Rule:
    known = ", ".join(sorted(rules))
    require(version in rules, SETTING, f"this build knows no version {version!r} of the rule", f"known are {known}")
    return rules[version]


def _hour_ms(entry: str, start: str) -> int:
    try:
        moment = datetime.strptime(f"{start}+0000", "%Y-%m-%dT%H%z")
    except ValueError:
        raise InvalidSetting(f"{SETTING}: {entry!r} does not start at a whole UTC hour; {_FORM}") from None
    return int(moment.timestamp()) * 1_000


def _require_increasing(text: str, starts_ms: Sequence[int]) -> None:
    increasing = all(one < other for one, other in pairwise(starts_ms))
    require(increasing, SETTING, f"the starts in {text!r} do not increase", "write the versions in the order of time")
