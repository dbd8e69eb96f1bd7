"""What a request asks for: hours, environments, pages."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from console.access.tokens import Principal
from console.api import parameters
from console.api.delivery_usage import BY_ASSET, BY_ROW
from console.api.parameters import Asked
from console.query import InvalidQuery
from ops.hours import HOUR, Hours

NOW = datetime(2026, 9, 4, 12, 30, tzinfo=UTC)
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
OPERATOR, CUSTOMER = Principal(name="o", environments=None), Principal(name="c", environments=("a", "b"))

seconds = st.integers(1_700_000_000, 1_700_000_000 + 30 * 86_400)


def asked(*given: tuple[str, str], principal: Principal = OPERATOR) -> Asked:
    return parameters.parse(MultiDict(given), BY_ASSET, principal, NOW)


def timeframe(start: int, end: int) -> list[tuple[str, str]]:
    return [("timeframe[]", str(start)), ("timeframe[]", str(end))]


def test_every_parameter_is_read() -> None:
    start = parameters.epoch_s(NOON)
    rest = {"environment_id": "a", "asset_id": "film", "tier": "1080p", "page": "3", "limit": "20"}
    found = asked(*timeframe(start, start + 7_200), *rest.items(), principal=CUSTOMER)
    assert found.choice.hours == Hours(NOON, NOON + HOUR)
    assert (found.choice.environments, found.choice.asset, found.choice.tier) == (("a",), "film", "1080p")
    assert (found.page, found.limit, found.offset, found.timeframe) == (3, 20, 40, (start, start + 7_200))


def test_nothing_asked_is_the_first_page_of_the_last_full_day_of_what_a_token_sees() -> None:
    found = asked(principal=CUSTOMER)
    assert found.choice.hours == Hours(datetime(2026, 9, 3, 12, tzinfo=UTC), datetime(2026, 9, 4, 11, tzinfo=UTC))
    assert (found.choice.environments, found.page, found.limit, found.offset) == (("a", "b"), 1, 100, 0)
    assert asked().choice.environments is None


@given(moments=st.lists(seconds, min_size=2, max_size=6, unique=True))
def test_timeframes_that_follow_each_other_share_no_hour_and_leave_none_out(moments: list[int]) -> None:
    ordered = sorted(moments)
    hours: list[datetime] = []
    for start, end in pairwise(ordered):
        with suppress(InvalidQuery):  # no hour begins within
            hours += list(asked(*timeframe(start, end)).choice.hours)
    begun = [second for second in range(ordered[0] // 3600 * 3600, ordered[-1], 3600) if second >= ordered[0]]
    assert [parameters.epoch_s(hour) for hour in hours] == begun


def test_an_environment_that_a_token_does_not_see_is_forbidden() -> None:
    with pytest.raises(web.HTTPForbidden):
        asked(("environment_id", "c"), principal=CUSTOMER)
    assert asked(("environment_id", "c")).choice.environments == ("c",)


def test_a_file_has_no_pages() -> None:
    with pytest.raises(InvalidQuery, match=r"^'page' is no parameter"):
        parameters.parse(MultiDict([("page", "1")]), BY_ROW, OPERATOR, NOW)
