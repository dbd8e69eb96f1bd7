"""Charts: every column of the period, each series in its place and colour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.data.usage import Certainty, Marks, Progress, Slice, Sums
from console.show import charts
from console.show.charts import StackBy
from ops.hours import HOUR, Hours

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
PROGRESS = Progress(watermark=NOON + 2 * HOUR, closed=NOON + HOUR, settled=NOON)
NOTHING = Progress(watermark=None, closed=None, settled=None)


def sliced(hour: datetime, tier: str, certainty: Certainty, ms: int) -> Slice:
    return Slice(hour, tier, certainty, Sums(ms, 1, 1))


SLICES = [
    sliced(NOON, "1080p", Certainty.SETTLED, 5),
    sliced(NOON, "1080p", Certainty.CORRECTION, 1),
    sliced(NOON, "audio-only", Certainty.SETTLED, 2),
    sliced(NOON + 2 * HOUR, "8k", Certainty.PROVISIONAL, 7),
]


def drawn(by: StackBy) -> charts.Chart:
    addends = charts.of_slices(SLICES, by)
    legend = charts.legend(by, [label for _, label, _ in addends])
    marks = Marks(recounted=frozenset({NOON}), in_doubt=frozenset({NOON + HOUR}))
    return charts.build(Hours(NOON, NOON + 2 * HOUR), addends, legend, PROGRESS, marks)


def test_tiers_stand_in_their_order_and_unknown_ones_last() -> None:
    chart = drawn(StackBy.TIER)
    assert chart.data == {
        "labels": ["01 Sep 12:00", "01 Sep 13:00", "01 Sep 14:00"],
        "ticks": ["12:00", "13:00", "14:00"],
        "series": [
            {"label": "audio-only", "colour": "tier-1", "values": (2, 0, 0)},
            {"label": "1080p", "colour": "tier-3", "values": (6, 0, 0)},
            {"label": "8k", "colour": "others", "values": (0, 0, 7)},
        ],
    }
    assert (chart.unit, chart.totals) == ("hour", (8, 0, 7))


def test_the_most_certain_stands_at_the_bottom() -> None:
    assert [(series.label, series.colour, series.values) for series in drawn(StackBy.CERTAINTY).series] == [
        ("Settled", "settled", (7, 0, 0)),
        ("Provisional", "provisional", (0, 0, 7)),
        ("Corrections", "correction", (1, 0, 0)),
    ]


def test_columns_say_how_certain_they_are_and_what_happened_to_them() -> None:
    assert [
        (column.certainty.value, column.is_recounted, column.is_in_doubt) for column in drawn(StackBy.TIER).columns
    ] == [("settled", True, False), ("on-time", False, True), ("provisional", False, False)]


def test_a_long_period_is_drawn_by_day_and_a_day_is_as_certain_as_its_last_hour() -> None:
    midnight = NOON.replace(hour=0)
    period = Hours(midnight - 9 * 24 * HOUR, midnight + 23 * HOUR)
    chart = charts.build(period, charts.of_slices(SLICES, StackBy.TIER), [("1080p", "tier-3")], PROGRESS, Marks())
    assert (chart.unit, len(chart.columns)) == ("day", 10)
    assert [column.label for column in chart.columns[-2:]] == ["31 Aug", "01 Sep"]
    assert [column.certainty.value for column in chart.columns[-2:]] == ["settled", "provisional"]
    assert chart.series[0].values == (*[0] * 9, 6)


def test_many_hours_are_labelled_by_day() -> None:
    midnight = NOON.replace(hour=0)
    few = charts.build(Hours(midnight, midnight + 71 * HOUR), [], [], NOTHING, Marks())
    many = charts.build(Hours(midnight, midnight + 72 * HOUR), [], [], NOTHING, Marks())
    assert [data["ticks"][:2] for data in (few.data, many.data)] == [  # type: ignore[index]  # of unknown values
        ["01 Sep", "01:00"],
        ["01 Sep", ""],
    ]


def test_environments_beside_the_named_ones_are_one_colour() -> None:
    addends = charts.of_environments([(NOON, "a", 5), (NOON, None, 3)])
    assert addends == [(NOON, "a", 5), (NOON, "all others", 3)]
    assert charts.legend(StackBy.ENVIRONMENT, ["a", "b", "all others"]) == [
        ("a", "series-1"),
        ("b", "series-2"),
        ("all others", "others"),
    ]


@pytest.mark.parametrize("by", list(StackBy)[:2])
@given(
    amounts=st.lists(
        st.tuples(
            st.integers(0, 300), st.sampled_from(["1080p", "x"]), st.sampled_from(Certainty), st.integers(0, 10**12)
        ),
        max_size=20,
    ),
    length=st.integers(301, 500),
)
def test_nothing_is_lost_between_slices_and_chart(
    by: StackBy, amounts: list[tuple[int, str, Certainty, int]], length: int
) -> None:
    slices = [sliced(NOON + hour * HOUR, tier, certainty, ms) for hour, tier, certainty, ms in amounts]
    addends = charts.of_slices(slices, by)
    legend = charts.legend(by, [label for _, label, _ in addends])
    chart = charts.build(Hours(NOON, NOON + length * HOUR), addends, legend, NOTHING, Marks())
    assert sum(chart.totals) == sum(ms for *_, ms in amounts)


def test_hours_in_another_zone_are_columns_in_utc() -> None:
    from datetime import timezone

    berlin = timezone(timedelta(hours=2))
    addends = [(NOON.astimezone(berlin), "1080p", 5)]
    chart = charts.build(Hours(NOON, NOON), addends, [("1080p", "tier-3")], PROGRESS, Marks())
    assert (chart.columns[0].label, chart.totals) == ("01 Sep 12:00", (5,))


def test_every_colour_has_its_rules() -> None:
    from console.pages.render import STATIC

    sheet = (STATIC / "console.css").read_text()
    colours = [colour for _, colour in charts.CERTAINTY_LEGEND]
    colours += [charts.tier_colour(tier) for tier in ("audio-only", "up-to-720p", "1080p", "1440p", "2160p", "8k")]
    for colour in colours:
        assert sheet.count(f"--{colour}: #") == 2, f"{colour} has no light and dark"
        assert f".fill-{colour} {{" in sheet
    for number in range(1, 7):
        assert f".series-{number}.mark {{" in sheet
