from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.media_usage.sums import Sums

sums = st.builds(Sums, *[st.integers(0, 2**62)] * 4)


def test_sums_are_stored_as_a_versioned_string_of_integers() -> None:
    assert Sums(4004, 1, 524288, 1).encode() == "1|4004|1|524288|1"
    assert Sums.decode("1|4004|1|524288|1") == Sums(4004, 1, 524288, 1)


@given(sums)
def test_what_is_stored_comes_back(value: Sums) -> None:
    assert Sums.decode(value.encode()) == value


@given(sums, sums, sums)
def test_the_order_of_adding_does_not_matter(a: Sums, b: Sums, c: Sums) -> None:
    assert a.plus(b).plus(c) == c.plus(a).plus(b)
    assert a.plus(Sums()) == a


def test_sums_of_an_unknown_version_are_refused() -> None:
    with pytest.raises(ValueError, match="sums of version '2' in state"):
        Sums.decode("2|1|1|1|1")
