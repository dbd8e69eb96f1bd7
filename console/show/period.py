"""Periods as people choose them: UTC days or hours, both ends included."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ops import hours
from ops.hours import HOUR, Hours, InvalidHour

#: One request looks at no more than a quarter of a year.
MOST_DAYS: Final = 92
MOST_HOURS: Final = MOST_DAYS * 24
#: Up to so many hours are charted one by one, more by day.
_CHARTED_HOURS: Final = 192
_DAY: Final = timedelta(days=1)
_DAY_ONLY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A period by name, relative to now."""

    key: str
    label: str


PRESETS: Final = (
    Preset(key="24h", label="24 hours"),
    Preset(key="7d", label="7 days"),
    Preset(key="30d", label="30 days"),
    Preset(key="month", label="This month"),
    Preset(key="last-month", label="Last month"),
)
DEFAULT: Final = "7d"


def of_preset(key: str, now: datetime) -> Hours:
    """The hours of a preset, the running hour included. Raises InvalidHour."""
    last = hours.floor(now)
    today = last.replace(hour=0)
    first_of_month = today.replace(day=1)
    starts = {
        "24h": last - 23 * HOUR,
        "7d": today - 6 * _DAY,
        "30d": today - 29 * _DAY,
        "month": first_of_month,
    }
    if key == "last-month":
        return Hours((first_of_month - _DAY).replace(day=1), first_of_month - HOUR)
    if key not in starts:
        raise InvalidHour(f"{key!r} is no period: there are {', '.join(preset.key for preset in PRESETS)}")
    return Hours(starts[key], last)


def chosen(query: Mapping[str, str], now: datetime) -> tuple[str | None, Hours]:
    """The period of `from` and `to`, or of `period`; and which preset it is, if one. Raises InvalidHour."""
    first, last = query.get("from", ""), query.get("to", "")
    if not first and not last:
        key = query.get("period") or DEFAULT
        return key, of_preset(key, now)
    if not first or not last:
        raise InvalidHour("a period has two ends: give both, the first and the last day")
    return None, bounded(Hours(_start(first), _end(last)))


def bounded(period: Hours) -> Hours:
    """The period, if it is not too long. Raises InvalidHour."""
    if (period.end - period.first) // HOUR > MOST_HOURS:
        raise InvalidHour(f"{period} is longer than {MOST_DAYS} days: choose a shorter period")
    return period


def whole_days(period: Hours) -> bool:
    """Whether it begins and ends with UTC days."""
    return period.first.hour == 0 and period.last.hour == 23


def by_day(period: Hours) -> bool:
    """Whether the period is charted by day rather than by hour."""
    return (period.end - period.first) // HOUR > _CHARTED_HOURS


def show(period: Hours) -> str:
    """`18 Nov 2026 00:00 to 24 Nov 2026 24:00`."""
    end = f"{period.last + HOUR:%H:%M}" if period.last.hour != 23 else "24:00"
    return f"{period.first:%d %b %Y %H:%M} to {period.last:%d %b %Y} {end}"


def _start(text: str) -> datetime:
    try:
        hour = hours.parse(text)
    except OverflowError as error:
        raise InvalidHour(f"{text!r} is out of reach") from error
    if not 2000 <= hour.year < 2200:
        raise InvalidHour(f"{text!r} is not within the years 2000 to 2199")
    return hour


def _end(text: str) -> datetime:
    """The last hour of a day, or the hour itself."""
    hour = _start(text)
    return hour + 23 * HOUR if _DAY_ONLY.fullmatch(text) else hour
