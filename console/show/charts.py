"""Usage over time as a chart and, for those who do not see it, as a table of the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from console.data.usage import Certainties, Certainty, Marks, Progress, Slice
from console.show import period, tiers
from ops.hours import Hours

#: Environments with a colour of their own; all others are one.
NAMED_ENVIRONMENTS: Final = 5
OTHERS: Final = "all others"
#: With more columns only days have a label.
_LABELLED_HOURS: Final = 72
_LEAST_CERTAIN: Final = (Certainty.SETTLED, Certainty.ON_TIME, Certainty.PROVISIONAL)
_NAMES: Final = {
    Certainty.SETTLED: "Settled",
    Certainty.ON_TIME: "On time",
    Certainty.PROVISIONAL: "Provisional",
    Certainty.CORRECTION: "Corrections",
}


class StackBy(StrEnum):
    """What the bars of the chart are made of."""

    TIER = "tier"
    CERTAINTY = "certainty"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, kw_only=True)
class Series:
    """One colour of the bars; `colour` is the name of a property in console.css."""

    label: str
    colour: str
    values: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Column:
    """One hour or day, by its start. `certainty` is that of its least certain hour."""

    start: datetime
    label: str
    certainty: Certainty
    is_recounted: bool
    is_in_doubt: bool


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Milliseconds by column and series."""

    unit: str
    columns: tuple[Column, ...]
    series: tuple[Series, ...]

    @property
    def totals(self) -> tuple[int, ...]:
        """Milliseconds of each column."""
        return tuple(sum(series.values[n] for series in self.series) for n in range(len(self.columns)))

    @property
    def _ticks(self) -> list[str]:
        """Labels of the axis: days where there are many, else hours and the days that they begin."""
        are_many = self.unit == "day" or len(self.columns) > _LABELLED_HOURS
        return [_tick(column.start, are_many=are_many) for column in self.columns]

    @property
    def legend(self) -> list[tuple[str, str]]:
        """Labels and colours."""
        return [(series.label, series.colour) for series in self.series]

    @property
    def data(self) -> dict[str, object]:
        """For the script that draws it."""
        return {
            "labels": [column.label for column in self.columns],
            "ticks": self._ticks,
            "series": [
                {"label": series.label, "colour": series.colour, "values": series.values} for series in self.series
            ],
        }


#: One addend of a chart: its hour, the label of its series, milliseconds.
Addend = tuple[datetime, str, int]


def name(certainty: Certainty | str) -> str:
    """A certainty for people."""
    return _NAMES[Certainty(certainty)]


def certainty_parts(certainties: Certainties) -> list[tuple[str, int]]:
    """Colours and milliseconds of a bar, the most certain first."""
    return [(each.value, certainties.get(each, 0)) for each in Certainty]


#: Of bars by certainty.
CERTAINTY_LEGEND: Final = tuple((label, certainty.value) for certainty, label in _NAMES.items())


def of_slices(slices: Iterable[Slice], by: StackBy) -> list[Addend]:
    """Addends by tier or by certainty."""
    if by is StackBy.TIER:
        return [(each.hour, each.tier, each.sums.delivered_ms) for each in slices]
    return [(each.hour, name(each.certainty), each.sums.delivered_ms) for each in slices]


def of_environments(rows: Iterable[tuple[datetime, str | None, int]]) -> list[Addend]:
    """Addends by environment."""
    return [(hour, environment_id or OTHERS, ms) for hour, environment_id, ms in rows]


def legend(by: StackBy, labels: Sequence[str]) -> list[tuple[str, str]]:
    """Labels of series in the order in which they are stacked, each with its colour."""
    if by is StackBy.CERTAINTY:
        return [(name(each), each.value) for each in Certainty if name(each) in labels]
    if by is StackBy.TIER:
        return [(tier, tier_colour(tier)) for tier in tiers.ordered(labels)]
    return [(label, "others" if label == OTHERS else f"series-{n % 6 + 1}") for n, label in enumerate(labels)]


def build(
    hours: Hours,
    addends: Sequence[Addend],
    series: Sequence[tuple[str, str]],
    progress: Progress,
    marks: Marks,
) -> Chart:
    """A column for each hour of the period or, where these are too many, for each day; empty ones included."""
    start_of = _day if period.by_day(hours) else _itself
    starts = sorted({start_of(hour) for hour in hours})
    sums: dict[tuple[datetime, str], int] = {}
    for hour, label, ms in addends:
        key = start_of(hour), label
        sums[key] = sums.get(key, 0) + ms
    return Chart(
        unit="day" if period.by_day(hours) else "hour",
        columns=tuple(_columns(hours, start_of, progress, marks)),
        series=tuple(
            Series(label=label, colour=colour, values=tuple(sums.get((start, label), 0) for start in starts))
            for label, colour in series
        ),
    )


def _columns(
    hours: Hours, start_of: Callable[[datetime], datetime], progress: Progress, marks: Marks
) -> Iterable[Column]:
    of_column: dict[datetime, list[datetime]] = {}
    for hour in hours:
        of_column.setdefault(start_of(hour), []).append(hour)
    for start, members in of_column.items():
        yield Column(
            start=start,
            label=f"{start:%d %b}" if start_of is _day else f"{start:%d %b %H:%M}",
            certainty=max((progress.certainty(hour) for hour in members), key=_LEAST_CERTAIN.index),
            is_recounted=not marks.recounted.isdisjoint(members),
            is_in_doubt=not marks.in_doubt.isdisjoint(members),
        )


def _tick(start: datetime, *, are_many: bool) -> str:
    if start.hour == 0:
        return f"{start:%d %b}"
    return "" if are_many else f"{start:%H:%M}"


def _itself(hour: datetime) -> datetime:
    return hour.astimezone(UTC)


def _day(hour: datetime) -> datetime:
    return hour.astimezone(UTC).replace(hour=0)


def tier_colour(tier: str) -> str:
    """A tier has one colour wherever it is shown."""
    return f"tier-{tiers.KNOWN.index(tier) + 1}" if tier in tiers.KNOWN else "others"
