"""Times of the Common Log Format."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.records import InvalidLine
from collectors.parsers.clf_time import clf_ms


@pytest.mark.parametrize(
    ("value", "epoch_ms"),
    [
        ("[23/Nov/2026:07:00:00 +0000]", 1_795_417_200_000),
        ("23/Nov/2026:07:00:00 +0000", 1_795_417_200_000),
        ("[23/Nov/2026:08:00:00 +0100]", 1_795_417_200_000),
        ("[22/Nov/2026:21:30:00 -0930]", 1_795_417_200_000),
        ("[13/Aug/2014:22:23:02 +0200]", 1_407_961_382_000),
    ],
    ids=["brackets", "bare", "east", "west", "KeyCDN's sample"],
)
def test_a_time_is_read_with_its_offset(value: str, epoch_ms: int) -> None:
    assert clf_ms(value) == epoch_ms


@pytest.mark.parametrize(
    "value",
    ["", "-", "[]", "[23/Nov/2026:07:00:00]", "[31/Feb/2026:07:00:00 +0000]", "[23/11/2026:07:00:00 +0000]", "now"],
    ids=["empty", "null", "brackets", "no offset", "no such day", "no name of a month", "a word"],
)
def test_what_is_no_time_is_rejected(value: str) -> None:
    with pytest.raises(InvalidLine) as caught:
        clf_ms(value)
    assert caught.value.reason == "bad-field"


@given(
    moment=st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001 - zone below
    minutes=st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_any_second_reads_back(moment: datetime, minutes: int) -> None:
    second = moment.replace(microsecond=0, tzinfo=UTC)
    written = second.astimezone(timezone(timedelta(minutes=minutes))).strftime("[%d/%b/%Y:%H:%M:%S %z]")
    assert clf_ms(written) == round(second.timestamp() * 1_000)
