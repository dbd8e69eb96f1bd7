"""What the API answers: types that are both written as JSON and described in its document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

import msgspec

from console.api.parameters import Asked, epoch_s
from console.data.usage import Asset, Certainties, Certainty, Marks, Progress, Ranking, Slice, Sums, Tiers
from console.show import amounts, tiers

#: Written as a number with all its digits; JSON numbers are no floats, only what some readers make of them.
Seconds = Annotated[Decimal, msgspec.Meta(description="Exact, with three decimal places.")]
EpochSeconds = Annotated[int, msgspec.Meta(description="Seconds since the Unix epoch.")]
BySecond = dict[str, Seconds]

_encoder: Final = msgspec.json.Encoder(decimal_format="number")


class DeliveryReport(msgspec.Struct, frozen=True, kw_only=True):
    """One asset's delivery in the timeframe. `delivered_ms` is the exact amount as an integer."""

    asset_id: str
    environment_id: str
    delivered_ms: int
    delivered_seconds: Seconds
    #: Only tiers in which anything was delivered.
    delivered_seconds_by_resolution: BySecond
    #: `settled`, `on-time`, `provisional` or `correction`; only those that there are.
    delivered_seconds_by_certainty: BySecond
    deliveries: int
    bytes: int


class HourReport(msgspec.Struct, frozen=True, kw_only=True):
    """Delivery in one hour. `certainty` is that of the hour; corrections stand in it as `correction_ms`."""

    hour: EpochSeconds
    certainty: Certainty
    #: Not to be billed before it is counted anew.
    in_doubt: bool
    delivered_ms: int
    correction_ms: int
    delivered_seconds: Seconds
    delivered_seconds_by_resolution: BySecond
    deliveries: int
    bytes: int


class DeliveryUsage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of assets, those with the most delivery first. Hours before `settled_until` change by corrections only."""

    total_row_count: int
    timeframe: tuple[EpochSeconds, EpochSeconds]
    page: int
    limit: int
    closed_until: EpochSeconds | None
    settled_until: EpochSeconds | None
    #: Starts of hours of the timeframe that are not to be billed before they are counted anew.
    hours_in_doubt: list[EpochSeconds]
    data: list[DeliveryReport]


class HourlyUsage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the hours with any delivery, the first one first."""

    total_row_count: int
    timeframe: tuple[EpochSeconds, EpochSeconds]
    page: int
    limit: int
    closed_until: EpochSeconds | None
    settled_until: EpochSeconds | None
    data: list[HourReport]


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | None = None


def encode(report: DeliveryUsage | HourlyUsage) -> bytes:
    """The JSON text."""
    return _encoder.encode(report)


def delivery_usage(
    asked: Asked, reached: Progress, ranking: Ranking, by_tier: Mapping[tuple[str, str], Tiers], marks: Marks
) -> DeliveryUsage:
    """The report by asset."""
    return DeliveryUsage(
        total_row_count=ranking.assets_found,
        timeframe=asked.timeframe,
        page=asked.page,
        limit=asked.limit,
        closed_until=_epoch_s(reached.closed_until),
        settled_until=_epoch_s(reached.settled_until),
        hours_in_doubt=[epoch_s(hour) for hour in sorted(marks.in_doubt)],
        data=[_asset(asset, by_tier[asset.environment_id, asset.asset_id]) for asset in ranking.assets],
    )


def hourly_usage(asked: Asked, reached: Progress, slices: list[Slice], marks: Marks) -> HourlyUsage:
    """The report by hour."""
    of_hour: dict[datetime, list[Slice]] = {}
    for each in slices:
        of_hour.setdefault(each.hour, []).append(each)
    page = list(of_hour)[asked.offset : asked.offset + asked.limit]
    return HourlyUsage(
        total_row_count=len(of_hour),
        timeframe=asked.timeframe,
        page=asked.page,
        limit=asked.limit,
        closed_until=_epoch_s(reached.closed_until),
        settled_until=_epoch_s(reached.settled_until),
        data=[_hour(hour, of_hour[hour], reached, is_in_doubt=hour in marks.in_doubt) for hour in page],
    )


def _asset(asset: Asset, by_tier: Tiers) -> DeliveryReport:
    return DeliveryReport(
        asset_id=asset.asset_id,
        environment_id=asset.environment_id,
        delivered_ms=asset.sums.delivered_ms,
        delivered_seconds=amounts.seconds(asset.sums.delivered_ms),
        delivered_seconds_by_resolution=_by_resolution(by_tier),
        delivered_seconds_by_certainty=_by_certainty(asset.certainties),
        deliveries=asset.sums.deliveries,
        bytes=asset.sums.bytes,
    )


def _hour(hour: datetime, slices: list[Slice], reached: Progress, *, is_in_doubt: bool) -> HourReport:
    sums, by_tier = Sums(), dict[str, int]()
    for each in slices:
        sums = sums.plus(each.sums)
        by_tier[each.tier] = by_tier.get(each.tier, 0) + each.sums.delivered_ms
    return HourReport(
        hour=epoch_s(hour),
        certainty=reached.certainty(hour),
        in_doubt=is_in_doubt,
        delivered_ms=sums.delivered_ms,
        correction_ms=sum(each.sums.delivered_ms for each in slices if each.certainty is Certainty.CORRECTION),
        delivered_seconds=amounts.seconds(sums.delivered_ms),
        delivered_seconds_by_resolution=_by_resolution(by_tier),
        deliveries=sums.deliveries,
        bytes=sums.bytes,
    )


def _epoch_s(moment: datetime | None) -> int | None:
    return None if moment is None else epoch_s(moment)


def _by_resolution(by_tier: Tiers) -> BySecond:
    return {tiers.api_key(tier): amounts.seconds(by_tier[tier]) for tier in tiers.ordered(by_tier) if by_tier[tier]}


def _by_certainty(certainties: Certainties) -> BySecond:
    return {certainty.value: amounts.seconds(ms) for certainty, ms in certainties.items()}
