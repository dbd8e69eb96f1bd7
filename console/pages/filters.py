"""What the pages of usage are asked for by their address, and the addresses of the same page asked otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from console import query
from console.data.usage import Choice
from console.query import InvalidQuery
from console.show import period
from console.show.charts import StackBy
from ops import hours
from ops.hours import Hours

PARAMETERS: Final = frozenset({"period", "from", "to", "environment", "asset", "tier", "by", "page"})
#: Far more pages than anybody turns.
_MOST_PAGES: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The parameters, checked. `preset` is None for a period of its own."""

    preset: str | None
    hours: Hours
    environment: str | None
    asset: str | None
    tier: str | None
    by: StackBy
    page: int

    @property
    def choice(self) -> Choice:
        return Choice(
            hours=self.hours,
            environments=None if self.environment is None else (self.environment,),
            asset=self.asset,
            tier=self.tier,
        )

    @property
    def period_text(self) -> str:
        return period.show(self.hours)

    @property
    def is_whole_days(self) -> bool:
        return period.whole_days(self.hours)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the period is chosen."""
        return any((self.environment, self.asset, self.tier))

    def address(self, path: str, **changes: object) -> str:
        """A page's address with these parameters and some changed; None leaves one out."""
        parameters = self._parameters() | {name.rstrip("_"): value for name, value in changes.items()}
        given = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
        return f"{path}?{urlencode(given)}"

    def _parameters(self) -> dict[str, object]:
        when: dict[str, object] = {"period": self.preset}
        if self.preset is None:
            when = {"from": hours.show(self.hours.first), "to": hours.show(self.hours.last)}
        by = None if self.by is StackBy.TIER else self.by.value
        return when | {"environment": self.environment, "asset": self.asset, "tier": self.tier, "by": by}


def parse(parameters: Mapping[str, str], now: datetime) -> Filters:
    """The filters of an address. Raises InvalidQuery or InvalidHour."""
    query.refuse_unknown(parameters, PARAMETERS)
    preset, chosen = period.chosen(parameters, now)
    return Filters(
        preset=preset,
        hours=chosen,
        environment=query.text(parameters, "environment"),
        asset=query.text(parameters, "asset"),
        tier=query.text(parameters, "tier"),
        by=_stack_by(parameters.get("by") or StackBy.TIER),
        page=query.number(parameters, "page", default=1, most=_MOST_PAGES),
    )


def _stack_by(text: str) -> StackBy:
    try:
        return StackBy(text)
    except ValueError:
        raise InvalidQuery(f"by is {text!r}: give one of {', '.join(StackBy)}") from None
