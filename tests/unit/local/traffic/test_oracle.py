"""The expectation's arithmetic, on a table worked out by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from msgspec.structs import replace

from local.traffic.catalogue import Asset, Packaging, Rendition
from local.traffic.events import Cdn, Damage, Event, Kind, Viewer
from local.traffic.oracle import Amount, Key, Oracle, billed, tier

HOUR_MS = 1_795_392_000_000
SIZE = 1_000
DURATION_MS = 4_004


def rendition(height: int = 720, media: Any = "video") -> Rendition:
    return Rendition(
        name=f"{height}p",
        media_type=media,
        height=height,
        codecs="",
        bandwidth_bps=1,
        first_segment=1,
        segment_ms=(DURATION_MS, 1_000),
        extension="m4s",
    )


PICTURE, AUDIO = rendition(), rendition(0, "audio")


def asset(packaging: Packaging = "fmp4") -> Asset:
    only_audio = packaging == "audio"
    return Asset(
        asset_id="a",
        environment_id="e",
        folder="/a",
        packaging=packaging,
        renditions=(AUDIO,) if only_audio else (PICTURE,),
        companions=() if only_audio else (AUDIO,),
    )


def event(cdn: Cdn = Cdn.FASTLY, **different: Any) -> Event:
    viewer = Viewer(address="192.0.2.1", user_agent="", cdn=cdn, host="", pop="FRA", protocol="1.1")
    whole = Event(
        viewer=viewer,
        end_ms=HOUR_MS + 5,
        elapsed_ms=10,
        first_byte_ms=1,
        method="GET",
        path="/a/720p/segment-1.m4s",
        status=200,
        kind=Kind.SEGMENT,
        object_bytes=SIZE,
        body_bytes=SIZE,
        request_id=0,
        asset=asset(),
        rendition=PICTURE,
        number=1,
    )
    return replace(whole, **different)


def part(body: int) -> dict[str, Any]:
    return {"status": 206, "body_bytes": body, "first": 0, "last": body - 1}


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        pytest.param(event(), Amount(4_004, 1, 1_000), id="whole"),
        pytest.param(event(number=2), Amount(1_000, 1, 1_000), id="last-segment-is-shorter"),
        pytest.param(event(body_bytes=333, completed=False), Amount(1_333, 1, 333), id="aborted-is-floored"),
        pytest.param(event(**part(500)), Amount(2_002, 1, 500), id="half-a-segment"),
        pytest.param(event(**part(2)), Amount(8, 1, 2), id="probe-of-two-bytes"),
        pytest.param(event(object_bytes=5_000, **part(1)), Amount(0, 0, 1), id="floored-to-nothing-still-has-bytes"),
        pytest.param(event(Cdn.AKAMAI, **part(1_000)), Amount(4_004, 1, 1_000), id="range-of-everything"),
        pytest.param(event(Cdn.CLOUDFRONT, **part(500)), None, id="range-of-unknown-size"),
        pytest.param(event(body_bytes=0, completed=False), None, id="aborted-without-a-byte"),
        pytest.param(event(status=304, body_bytes=0), None, id="not-modified"),
        pytest.param(event(status=404, body_bytes=300), None, id="error-page"),
        pytest.param(event(Cdn.CLOUDFLARE, status=499, body_bytes=300), None, id="client-closed"),
        pytest.param(event(status=0, body_bytes=0), None, id="left-before-an-answer"),
        pytest.param(event(method="HEAD", body_bytes=0), None, id="head"),
        pytest.param(event(internal=True), None, id="shield"),
        pytest.param(event(damage=Damage.TRUNCATED), None, id="damaged"),
        pytest.param(event(rendition=AUDIO), None, id="companion-audio"),
        pytest.param(event(kind=Kind.MANIFEST, rendition=None), None, id="manifest"),
        pytest.param(event(kind=Kind.OTHER, asset=None, rendition=None, status=200), None, id="no-asset"),
        pytest.param(event(asset=asset("audio"), rendition=AUDIO), Amount(4_004, 1, 1_000), id="audio-only"),
    ],
)
def test_an_event_bills(given: Event, amount: Amount | None) -> None:
    row = billed(given)
    assert (row and row[1]) == amount


@pytest.mark.parametrize(
    ("height", "name"),
    [
        (0, "audio-only"),
        (1, "up-to-720p"),
        (720, "up-to-720p"),
        (721, "1080p"),
        (1_080, "1080p"),
        (1_440, "1440p"),
        (1_441, "2160p"),
        (2_160, "2160p"),
        (4_320, "2160p"),
    ],
)
def test_a_height_belongs_to_a_tier(height: int, name: str) -> None:
    assert tier(height) == name


def test_events_add_up_by_hour_environment_asset_and_tier() -> None:
    oracle = Oracle()
    for given in (
        event(),
        event(body_bytes=500, completed=False),
        event(end_ms=HOUR_MS + 3_599_999, object_bytes=5_000, **part(1)),
        event(end_ms=HOUR_MS + 3_600_000),
        event(asset=asset("audio"), rendition=AUDIO),
        event(status=404),
    ):
        oracle.add(given)
    assert oracle.bills() == {
        Key(HOUR_MS, "e", "a", "up-to-720p"): Amount(6_006, 2, 1_501),
        Key(HOUR_MS + 3_600_000, "e", "a", "up-to-720p"): Amount(4_004, 1, 1_000),
        Key(HOUR_MS, "e", "a", "audio-only"): Amount(4_004, 1, 1_000),
    }


@pytest.mark.parametrize(
    ("other", "delivered_ms"),
    [
        pytest.param({}, 4_004, id="the same client: the segment once"),
        pytest.param({"viewer": {"address": "192.0.2.99"}}, 4_004, id="an address of the same network"),
        pytest.param({"viewer": {"address": "192.0.3.1"}}, 4_804, id="another network"),
        pytest.param({"viewer": {"user_agent": "x"}}, 4_804, id="another user agent"),
        pytest.param({"viewer": {"host": "x"}}, 4_804, id="another host"),
        pytest.param({"viewer": {"cdn": Cdn.CLOUDFLARE}}, 4_804, id="another CDN"),
        pytest.param({"path": "/b/720p/segment-1.m4s"}, 4_804, id="another segment"),
        pytest.param({"status": 200}, 4_804, id="an answer that was cut off is no range"),
    ],
)
def test_ranges_of_a_segment_to_one_client_bill_it_once(other: dict[str, Any], delivered_ms: int) -> None:
    oracle, one = Oracle(), event(**part(600))
    oracle.add(one)
    oracle.add(replace(one, **{**other, "viewer": replace(one.viewer, **other.get("viewer", {}))}))
    [amount] = oracle.bills().values()
    assert amount == Amount(delivered_ms, 2, 1_200)


def test_ranges_of_two_hours_bill_the_segment_in_both() -> None:
    oracle = Oracle()
    for end_ms in (HOUR_MS, HOUR_MS, HOUR_MS + 3_600_000):
        oracle.add(event(end_ms=end_ms, **part(600)))
    assert [amount.delivered_ms for amount in oracle.bills().values()] == [4_004, 2_402]


def test_a_row_of_nothing_but_crumbs_is_still_a_row() -> None:
    oracle = Oracle()
    oracle.add(event(object_bytes=5_000, **part(1)))
    assert oracle.bills() == {Key(HOUR_MS, "e", "a", "up-to-720p"): Amount(0, 0, 1)}


def test_without_events_there_is_no_row() -> None:
    assert Oracle().bills() == {}


SIZES = st.integers(min_value=1, max_value=2**40)


@drawn(size=SIZES, share=st.floats(min_value=0, max_value=1))
def test_no_part_bills_more_than_the_whole(size: int, share: float) -> None:
    row = billed(event(object_bytes=size, body_bytes=int(size * share), completed=False))
    assert row is None or 0 <= row[1].delivered_ms <= DURATION_MS


@drawn(size=SIZES, cuts=st.lists(st.floats(min_value=0, max_value=1), max_size=8))
def test_parts_bill_together_at_most_the_whole_and_lose_less_than_a_millisecond_each(
    size: int, cuts: list[float]
) -> None:
    edges = sorted({0, size, *(int(size * cut) for cut in cuts)})
    parts = [end - start for start, end in pairwise(edges)]
    rows = [billed(event(object_bytes=size, **part(body))) for body in parts]
    total = sum(row[1].delivered_ms for row in rows if row)
    assert DURATION_MS - len(parts) < total <= DURATION_MS


@drawn(events=st.lists(st.sampled_from([event(), event(number=2), event(status=404), event(**part(7))])))
def test_the_order_of_events_does_not_matter(events: list[Event]) -> None:
    forwards, backwards = Oracle(), Oracle()
    for each in events:
        forwards.add(each)
    for each in reversed(events):
        backwards.add(each)
    assert forwards.bills() == backwards.bills()
