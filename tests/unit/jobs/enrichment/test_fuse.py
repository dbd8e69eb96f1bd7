from __future__ import annotations

import pytest

from jobs.enrichment.fuse import Fuse, FuseBlown


def test_the_fuse_blows_when_a_full_window_holds_too_many_bad_deliveries() -> None:
    fuse = Fuse("media deliveries", "unresolved", 0.5, 100)
    fuse.count("fastly", 60, 60)
    with pytest.raises(
        FuseBlown, match=r"91 of 120 media deliveries of source 'fastly' are unresolved, more than 50%: .*_FUSE_RATIO"
    ):
        fuse.count("fastly", 60, 31)


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param([("fastly", 99, 99)], id="window not full"),
        pytest.param([("fastly", 100, 50)], id="exactly the ratio"),
        pytest.param([("fastly", 90, 90), ("akamai", 90, 0)], id="sources are judged apart"),
        pytest.param([("fastly", 100, 0), ("fastly", 60, 60)], id="a judged window is forgotten"),
    ],
)
def test_the_fuse_holds(counts: list[tuple[str, int, int]]) -> None:
    fuse = Fuse("media deliveries", "unresolved", 0.5, 100)
    for source_id, records, bad in counts:
        fuse.count(source_id, records, bad)


def test_a_ratio_of_one_never_blows() -> None:
    Fuse("media deliveries", "unresolved", 1.0, 1).count("fastly", 1000, 1000)
