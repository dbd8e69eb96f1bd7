from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.media_usage.billing_rule import outcome, tier
from schemas.cdn_logs_pb2 import AccessLog, LowLatencyBilling, MediaType, Method, ObjectKind, Rendition, Unresolved

VIDEO = Rendition(environment_id="env-1", asset_id="a1", name="720p", height=720, media_type=MediaType.MEDIA_TYPE_VIDEO)
COMPANION = Rendition(asset_id="a1", name="audio", media_type=MediaType.MEDIA_TYPE_COMPANION_AUDIO)
AUDIO_ONLY = Rendition(asset_id="a2", name="audio", media_type=MediaType.MEDIA_TYPE_AUDIO_ONLY)
TRICK_PLAY = Rendition(asset_id="a1", name="iframes", media_type=MediaType.MEDIA_TYPE_TRICK_PLAY)
PARTS_BILL = Rendition(
    asset_id="a3", name="v", height=720, low_latency_billing=LowLatencyBilling.LOW_LATENCY_BILLING_PARTS
)


def request(**fields: object) -> AccessLog:
    """A whole 200 GET of a 4,004 ms segment, unless told otherwise."""
    values: dict[str, object] = {
        "method": Method.METHOD_GET,
        "status": 200,
        "body_bytes": 1000,
        "object_kind": ObjectKind.OBJECT_KIND_MEDIA_SEGMENT,
        "media_duration_ms": 4004,
    }
    return AccessLog(**{**values, **fields})  # type: ignore[arg-type]


UNKNOWN = {"unresolved": Unresolved.UNRESOLVED_UNKNOWN_ASSET}
PART = {"object_kind": ObjectKind.OBJECT_KIND_PARTIAL_SEGMENT, "media_duration_ms": 334}


@pytest.mark.parametrize(
    ("record", "rendition", "expected"),
    [
        # 200
        pytest.param(request(object_bytes=1000), VIDEO, ("billed", 4004), id="whole body: full"),
        pytest.param(request(object_bytes=1001), VIDEO, ("billed", 4000), id="body cut off: its share, rounded down"),
        pytest.param(
            request(object_bytes=1001, aborted=True), VIDEO, ("billed", 4000), id="said to be cut off: its share"
        ),
        pytest.param(
            request(object_bytes=1000, aborted=True), VIDEO, ("billed", 4004), id="whole body, whatever is said: full"
        ),
        pytest.param(request(object_bytes=900), VIDEO, ("billed", 4004), id="more bytes than the object: at most full"),
        pytest.param(request(), VIDEO, ("billed", 4004), id="size unknown: full"),
        pytest.param(request(aborted=True), VIDEO, ("billed", 4004), id="cut off, size unknown: full"),
        pytest.param(request(object_bytes=0), VIDEO, ("billed", 4004), id="an object of 0 bytes has no size: full"),
        pytest.param(request(body_bytes=0), VIDEO, ("empty", 0), id="no byte"),
        # 206
        pytest.param(request(status=206, object_bytes=4000), VIDEO, ("billed-range", 1001), id="range: its share"),
        pytest.param(
            request(status=206, object_bytes=4000, aborted=True), VIDEO, ("billed-range", 1001), id="range cut off"
        ),
        pytest.param(request(status=206, object_bytes=1000), VIDEO, ("billed-range", 4004), id="range of everything"),
        pytest.param(
            request(status=206, body_bytes=1, object_bytes=9999), VIDEO, ("billed-range", 0), id="a byte floors to 0 ms"
        ),
        pytest.param(request(status=206), VIDEO, ("range-of-unknown-size", 0), id="range, size unknown: zero"),
        pytest.param(
            request(status=206, object_bytes=0), VIDEO, ("range-of-unknown-size", 0), id="range of an object of 0 bytes"
        ),
        pytest.param(request(status=206, body_bytes=0, object_bytes=9), VIDEO, ("empty", 0), id="range, no byte"),
        # The client left.
        pytest.param(request(status=499, body_bytes=0), VIDEO, ("no-response", 0), id="499"),
        pytest.param(request(status=0, body_bytes=0), VIDEO, ("no-response", 0), id="000"),
        pytest.param(request(status=499, object_bytes=4000), VIDEO, ("billed", 1001), id="499 with bytes: their share"),
        pytest.param(request(status=0, object_bytes=4000), VIDEO, ("billed", 1001), id="000 with bytes: their share"),
        pytest.param(
            request(status=499), VIDEO, ("cut-off-of-unknown-size", 0), id="499 with bytes, size unknown: zero"
        ),
        pytest.param(request(status=499), COMPANION, ("companion-audio", 0), id="499 with bytes of audio beside video"),
        # Answers that deliver nothing, whatever bytes they have.
        pytest.param(request(status=304), VIDEO, ("not-modified", 0), id="304"),
        pytest.param(request(status=302), VIDEO, ("redirect", 0), id="redirect"),
        pytest.param(request(status=404), VIDEO, ("error", 0), id="404"),
        pytest.param(request(status=416), VIDEO, ("error", 0), id="416"),
        pytest.param(request(status=503), VIDEO, ("error", 0), id="503"),
        pytest.param(request(status=204), VIDEO, ("error", 0), id="another status of success"),
        # Requests that are no viewing.
        pytest.param(request(method=Method.METHOD_HEAD), VIDEO, ("not-get", 0), id="HEAD"),
        pytest.param(request(method=Method.METHOD_OTHER), VIDEO, ("not-get", 0), id="POST"),
        pytest.param(request(method=Method.METHOD_UNSPECIFIED), VIDEO, ("not-get", 0), id="no method"),
        pytest.param(request(internal=True), VIDEO, ("internal", 0), id="shield row"),
        pytest.param(request(internal=True, status=206, object_bytes=4000), VIDEO, ("internal", 0), id="cache fill"),
        # Objects that are no media.
        *(
            pytest.param(request(object_kind=kind), Rendition(), ("not-media", 0), id=ObjectKind.Name(kind))
            for kind in (
                ObjectKind.OBJECT_KIND_MANIFEST,
                ObjectKind.OBJECT_KIND_INIT_SEGMENT,
                ObjectKind.OBJECT_KIND_KEY,
                ObjectKind.OBJECT_KIND_SUBTITLE,
                ObjectKind.OBJECT_KIND_IMAGE,
                ObjectKind.OBJECT_KIND_OTHER,
                ObjectKind.OBJECT_KIND_UNSPECIFIED,
            )
        ),
        pytest.param(
            request(object_kind=ObjectKind.OBJECT_KIND_INIT_SEGMENT, status=206),
            Rendition(),
            ("not-media", 0),
            id="range of an init segment",
        ),
        # Audio and trick play.
        pytest.param(request(), COMPANION, ("companion-audio", 0), id="audio beside video"),
        pytest.param(request(), AUDIO_ONLY, ("billed", 4004), id="audio of an audio-only asset"),
        pytest.param(request(), TRICK_PLAY, ("trick-play", 0), id="trick play"),
        pytest.param(request(**PART), TRICK_PLAY, ("trick-play", 0), id="part of trick play"),
        # Low latency: parts or parents.
        pytest.param(request(**PART), PARTS_BILL, ("billed", 334), id="part where parts bill"),
        pytest.param(
            request(**PART, status=206, object_bytes=2000), PARTS_BILL, ("billed-range", 167), id="range of a part"
        ),
        pytest.param(request(), PARTS_BILL, ("other-low-latency-unit", 0), id="parent where parts bill"),
        pytest.param(request(**PART), VIDEO, ("other-low-latency-unit", 0), id="part where parents bill"),
        pytest.param(request(), VIDEO, ("billed", 4004), id="parent where parents bill"),
        # Durations are each segment's own.
        pytest.param(request(media_duration_ms=1500), VIDEO, ("billed", 1500), id="a shorter last segment"),
        pytest.param(request(media_duration_ms=4170), VIDEO, ("billed", 4170), id="a longer segment"),
        pytest.param(
            request(media_duration_ms=1500, object_bytes=3000), VIDEO, ("billed", 500), id="a third of a last segment"
        ),
        # Unresolved, unless it could bill nothing anyway.
        *(
            pytest.param(request(unresolved=why), Rendition(), (f"unresolved-{word}", 0), id=word)
            for why, word in (
                (Unresolved.UNRESOLVED_UNRECOGNISED_PATH, "unrecognised-path"),
                (Unresolved.UNRESOLVED_UNKNOWN_ASSET, "unknown-asset"),
                (Unresolved.UNRESOLVED_UNKNOWN_RENDITION, "unknown-rendition"),
                (Unresolved.UNRESOLVED_UNKNOWN_SEGMENT, "unknown-segment"),
            )
        ),
        pytest.param(request(**UNKNOWN, status=206), Rendition(), ("unresolved-unknown-asset", 0), id="unknown, range"),
        pytest.param(request(**UNKNOWN, status=499), Rendition(), ("unresolved-unknown-asset", 0), id="unknown, 499"),
        pytest.param(request(**UNKNOWN, status=404), Rendition(), ("error", 0), id="unknown, and an error"),
        pytest.param(request(**UNKNOWN, internal=True), Rendition(), ("internal", 0), id="unknown, and internal"),
        pytest.param(
            request(**UNKNOWN, status=499, body_bytes=0), Rendition(), ("no-response", 0), id="unknown, and no response"
        ),
    ],
)
def test_a_request_bills(record: AccessLog, rendition: Rendition, expected: tuple[str, int]) -> None:
    assert outcome(record, rendition) == expected


@given(
    body=st.integers(0, 10**12),
    size=st.integers(1, 10**12),
    duration=st.integers(0, 60_000),
    status=st.sampled_from([0, 200, 206, 499]),
)
def test_no_request_bills_more_than_its_segment_or_less_than_nothing(
    body: int, size: int, duration: int, status: int
) -> None:
    record = request(status=status, body_bytes=body, object_bytes=size, media_duration_ms=duration)
    _, delivered_ms = outcome(record, VIDEO)
    assert 0 <= delivered_ms <= duration


@given(cuts=st.lists(st.integers(0, 1000), max_size=10), duration=st.integers(1, 60_000))
def test_a_segment_in_pieces_bills_less_than_a_millisecond_a_piece_below_the_whole(
    cuts: list[int], duration: int
) -> None:
    edges = [0, *sorted(cuts), 1000]
    ranges = [high - low for low, high in itertools.pairwise(edges)]
    records = [
        request(status=206, body_bytes=length, object_bytes=1000, media_duration_ms=duration) for length in ranges
    ]
    assert duration - len(ranges) < sum(outcome(record, VIDEO)[1] for record in records) <= duration


@pytest.mark.parametrize(
    ("rendition", "expected"),
    [
        pytest.param(AUDIO_ONLY, "audio-only", id="audio-only"),
        pytest.param(Rendition(height=240), "up-to-720p", id="240"),
        pytest.param(Rendition(height=720), "up-to-720p", id="720"),
        pytest.param(Rendition(height=721), "1080p", id="721"),
        pytest.param(Rendition(height=1080), "1080p", id="1080"),
        pytest.param(Rendition(height=1440), "1440p", id="1440"),
        pytest.param(Rendition(height=2160), "2160p", id="2160"),
        pytest.param(Rendition(height=4320), "2160p", id="higher than any tier"),
    ],
)
def test_the_tier_follows_from_the_height(rendition: Rendition, expected: str) -> None:
    assert tier(rendition) == expected
