"""Hours as operators write them: UTC, `2026-09-01T13`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

HOUR: Final = timedelta(hours=1)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class InvalidHour(ValueError):
    """A text that is no UTC hour, or a range that is none; the message says what is expected."""


@dataclass(frozen=True)
class Hours:
    """A range of UTC hours, both ends included, each given by its start. Raises InvalidHour."""

    first: datetime
    last: datetime

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise InvalidHour(f"{show(self.first)} is after {show(self.last)}: give the earlier hour first")

    @property
    def end(self) -> datetime:
        """The moment at which the last hour is over."""
        return self.last + HOUR

    def __iter__(self) -> Iterator[datetime]:
        count = (self.end - self.first) // HOUR
        return (self.first + n * HOUR for n in range(count))

    def __str__(self) -> str:
        return f"{show(self.first)} to {show(self.last)}"


def parse(text: str) -> datetime:
    """Start of the hour that a text names; without an offset it is UTC. Raises InvalidHour."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidHour(f"{text!r} is no hour: write it as 2026-09-01T13") from error
    hour = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    if hour != floor(hour):
        raise InvalidHour(f"{text!r} is not the start of a UTC hour")
    return hour


def floor(moment: datetime) -> datetime:
    """Start of the UTC hour that holds a moment."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def show(hour: datetime) -> str:
    """The shortest spelling that `parse` reads back."""
    return hour.astimezone(UTC).strftime("%Y-%m-%dT%H")


def epoch_ms(hour: datetime) -> int:
    """Milliseconds since the Unix epoch, without a float in between."""
    return (hour - EPOCH) // timedelta(milliseconds=1)


def of_epoch_ms(epoch_ms: int) -> datetime:
    """The moment so many milliseconds after the Unix epoch."""
    return EPOCH + timedelta(milliseconds=epoch_ms)


def ranges(moments: Sequence[datetime]) -> list[Hours]:
    """Hours in order, those without a gap between them as one range."""
    found: list[Hours] = []
    for hour in moments:
        if found and found[-1].end == hour:
            found[-1] = Hours(found[-1].first, hour)
        else:
            found.append(Hours(hour, hour))
    return found
