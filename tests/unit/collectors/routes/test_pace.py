"""A source that posts too fast."""

from __future__ import annotations

import pytest

from collectors.limits.pace import Pace
from collectors.routes.pace import check_pace
from collectors.routes.refusals import RATE_LIMITED, Refused


def test_who_owes_nothing_may_post() -> None:
    check_pace(Pace())
    check_pace(Pace(max_lines_per_s=1))


def test_who_owes_is_told_whole_seconds_until_it_may_again() -> None:
    pace = Pace(max_bytes_per_s=100, clock=lambda: 0.0)
    pace.pay(lines=1, size=1_240)
    with pytest.raises(Refused, match=r"may go on in 2\.4 s") as caught:
        check_pace(pace)
    assert (caught.value.refusal, caught.value.retry_after_s) == (RATE_LIMITED, 3)
