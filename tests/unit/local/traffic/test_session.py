"""A session asks for what a player asks for, in its order."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest

from local.traffic import catalogue
from local.traffic.catalogue import Asset
from local.traffic.events import Cdn, Event, Kind, Viewer
from local.traffic.session import Session

CATALOGUE = catalogue.build(seed=1, count=40)
START_MS = 1_795_392_000_000


def viewer(cdn: Cdn = Cdn.FASTLY, protocol: str = "2") -> Viewer:
    return Viewer(address="198.18.0.1", user_agent="x", cdn=cdn, host="h", pop="FRA", protocol=protocol)


def asset(packaging: str) -> Asset:
    return next(asset for asset in CATALOGUE.assets if asset.packaging == packaging and len(asset.renditions) != 2)


def play(asset: Asset, seed: int = 1, segments: int = 20, watching: Viewer | None = None) -> list[Event]:
    return list(Session(random.Random(seed), watching or viewer(), asset, START_MS).play(segments))


def many(asset: Asset, watching: Viewer | None = None) -> list[Event]:
    return [event for seed in range(150) for event in play(asset, seed, watching=watching)]


def test_a_quiet_session_of_a_ts_asset_as_a_whole() -> None:
    events = play(asset("ts"), seed=4, segments=2)
    assert [(event.method, event.path, event.status, event.kind.value) for event in events] == [
        ("GET", "/goal-of-the-year/master.m3u8", 200, "manifest"),
        ("GET", "/goal-of-the-year/720p/playlist.m3u8", 200, "manifest"),
        ("GET", "/goal-of-the-year/content.key", 200, "key"),
        ("GET", "/goal-of-the-year/720p/segment-0.ts", 200, "segment"),
        ("GET", "/goal-of-the-year/720p/segment-1.ts", 200, "segment"),
    ]


def test_an_fmp4_session_fetches_init_segments_and_the_audio_apart() -> None:
    title = asset("fmp4")
    paths = [event.path.removeprefix(title.folder) for event in play(title, seed=5, segments=1)]
    picture = paths[1].split("/")[1]
    number = int(paths[-1].partition("-en/segment-")[2].partition(".")[0])
    assert paths == [
        "/master.m3u8",
        f"/{picture}/playlist.m3u8",
        f"/{picture}/init.mp4",
        "/audio-en/playlist.m3u8",
        "/audio-en/init.mp4",
        f"/{picture}/segment-{number}.m4s",
        f"/audio-en/segment-{number}.m4s",
    ]


def test_an_audio_only_session_asks_for_no_picture() -> None:
    radio = asset("audio")
    segments = [event for event in many(radio) if event.kind is Kind.SEGMENT]
    assert {event.path.split("/")[-2] for event in segments} == {"audio-en"}
    assert {event.rendition for event in segments} == {radio.renditions[0]}


def test_requests_follow_each_other_in_time() -> None:
    events = play(asset("fmp4"))
    assert all(one.end_ms <= other.end_ms - other.elapsed_ms for one, other in pairwise(events))


def test_a_player_runs_at_most_its_buffer_ahead_of_the_picture() -> None:
    title = CATALOGUE.viral
    for event in play(title, segments=1_000):
        if event.kind is Kind.SEGMENT:
            before = sum(title.renditions[0].segment_ms[: event.number - title.renditions[0].first_segment])
            requested_ms = event.end_ms - event.elapsed_ms - START_MS
            assert before - requested_ms <= 30_000


def test_no_more_segments_than_the_asset_has() -> None:
    title = CATALOGUE.viral
    numbers = {event.number for event in play(title, segments=1_000) if event.kind is Kind.SEGMENT}
    assert numbers <= set(range(title.renditions[0].first_segment, title.renditions[0].first_segment + 32))


def test_among_many_sessions_everything_happens_that_billing_must_tell_apart() -> None:
    segments = [event for event in many(asset("ts")) if event.kind is Kind.SEGMENT]
    statuses = Counter(event.status for event in segments)
    assert {0, 200, 206, 304, 403, 404, 500, 503} <= set(statuses)
    assert statuses[200] > 0.9 * len(segments)
    assert {event.method for event in segments} == {"GET", "HEAD"}
    assert any(event.status == 206 and event.body_bytes == 2 for event in segments)
    assert any(event.status == 206 and not event.completed for event in segments)
    assert len({event.rendition.height for event in segments if event.rendition}) > 2


def test_an_aborted_download_has_sent_less_than_the_object() -> None:
    cut = [e for e in many(asset("ts")) if e.status == 200 and not e.completed]
    assert cut
    assert all(0 <= event.body_bytes < event.object_bytes for event in cut)


def test_whole_deliveries_have_sent_the_whole_object() -> None:
    whole = [e for e in many(asset("ts")) if e.status == 200 and e.completed and e.method == "GET"]
    assert all(event.body_bytes == event.object_bytes for event in whole)


def test_a_range_has_sent_what_it_announced_unless_cut_short() -> None:
    ranges = [event for event in many(asset("ts")) if event.status == 206 and event.completed]
    assert all(event.body_bytes == event.last - event.first + 1 <= event.object_bytes for event in ranges)


@pytest.mark.parametrize(
    ("cdn", "protocol", "status"),
    [
        pytest.param(Cdn.CLOUDFLARE, "3", 499, id="cloudflare-http3-logs-499"),
        pytest.param(Cdn.CLOUDFLARE, "2", 200, id="cloudflare-http2-leaves-200"),
        pytest.param(Cdn.AKAMAI, "3", 200, id="others-leave-200"),
    ],
)
def test_an_abort_is_logged_as_its_cdn_does(cdn: Cdn, protocol: str, status: int) -> None:
    events = many(asset("ts"), viewer(cdn, protocol))
    assert {e.status for e in events if not e.completed and e.body_bytes and e.status != 206} == {status}


@pytest.mark.parametrize(("cdn", "status"), [(Cdn.CLOUDFLARE, 499), (Cdn.CLOUDFRONT, 0)])
def test_a_request_left_before_its_answer_has_no_status_of_success(cdn: Cdn, status: int) -> None:
    events = many(asset("ts"), viewer(cdn))
    silent = [e for e in events if not e.completed and not e.body_bytes and e.status not in (200, 206)]
    assert {event.status for event in silent} == {status}
