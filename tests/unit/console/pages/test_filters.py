"""Filters: from an address and back."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.data.usage import Choice
from console.pages import filters
from console.pages.filters import Filters
from console.query import InvalidQuery
from ops import hours
from ops.hours import Hours

NOW = datetime(2026, 9, 4, 12, 30, tzinfo=UTC)

names = st.one_of(st.none(), st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=9))


def of_address(address: str) -> Filters:
    return filters.parse(dict(parse_qsl(urlsplit(address).query)), NOW)


def test_an_address_without_parameters_is_the_last_week_of_everything() -> None:
    found = filters.parse({}, NOW)
    week = Hours(hours.parse("2026-08-29"), hours.parse("2026-09-04T12"))
    assert (found.preset, found.choice, found.by, found.page) == ("7d", Choice(hours=week), "tier", 1)
    assert (found.is_narrowed, found.is_whole_days) == (False, False)


def test_every_parameter_is_read() -> None:
    asked = {"from": "2026-09-01", "to": "2026-09-02", "environment": "acme", "asset": "film", "tier": "1080p"}
    found = filters.parse(asked | {"by": "certainty", "page": "3"}, NOW)
    assert found.choice == Choice(
        hours=Hours(hours.parse("2026-09-01"), hours.parse("2026-09-02T23")),
        environments=("acme",),
        asset="film",
        tier="1080p",
    )
    assert (found.preset, found.by, found.page, found.is_narrowed, found.is_whole_days) == (
        None,
        "certainty",
        3,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({}, "/x?period=24h&environment=a%26b&by=certainty"),
        ({"environment": None}, "/x?period=24h&by=certainty"),
        ({"page": 2}, "/x?period=24h&environment=a%26b&by=certainty&page=2"),
        (
            {"period": None, "from_": "2026-09-01", "to": "2026-09-01"},
            "/x?environment=a%26b&by=certainty&from=2026-09-01&to=2026-09-01",
        ),
    ],
    ids=["nothing", "one less", "one more", "another period"],
)
def test_an_address_is_changed_in_what_is_named(changes: dict[str, object], address: str) -> None:
    asked = filters.parse({"period": "24h", "environment": "a&b", "by": "certainty", "page": "9"}, NOW)
    assert asked.address("/x", **changes) == address


@given(
    period=st.sampled_from(["24h", "7d", "30d", "month", "last-month", None]),
    environment=names,
    asset=names,
    tier=names,
    by=st.sampled_from(["tier", "certainty", "environment"]),
)
def test_an_address_leads_to_the_same_choice_again(
    period: str | None, environment: str | None, asset: str | None, tier: str | None, by: str
) -> None:
    when = {"from": "2026-09-01T03", "to": "2026-09-02T07"} if period is None else {"period": period}
    chosen = {"environment": environment, "asset": asset, "tier": tier, "by": by}
    asked = filters.parse(when | {name: value for name, value in chosen.items() if value is not None}, NOW)
    assert of_address(asked.address("/")) == asked


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"environments": "a"}, "'environments' is no parameter"),
        ({"by": "colour"}, "by is 'colour': give one of tier, certainty, environment"),
        ({"page": "10001"}, "page is '10001'"),
        ({"asset": "a\x00"}, "asset is no id"),
    ],
)
def test_a_wrong_parameter_is_named(parameters: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        filters.parse(parameters, NOW)
    assert str(refused.value).startswith(message)
