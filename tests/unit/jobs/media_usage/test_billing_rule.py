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


PART = {"object_kind": ObjectKind.OBJECT_KIND_PARTIAL_SEGMENT, "media_duration_ms": 334}


@pytest.mark.parametrize(
    ("record", "rendition", "expected"),
    [
        pytest.param(request(), VIDEO, ("billed", 4004), id="200, size unknown: full"),
        pytest.param(request(object_bytes=1000), VIDEO, ("billed", 4004), id="200, whole body: full"),
        pytest.param(request(object_bytes=1001), VIDEO, ("billed", 4000), id="aborted 200: rounded down"),
        pytest.param(request(object_bytes=900), VIDEO, ("billed", 4004), id="more bytes than the object: at most full"),
        pytest.param(request(status=206, object_bytes=4000), VIDEO, ("billed", 1001), id="206: its share"),
        pytest.param(request(status=206, object_bytes=1000), VIDEO, ("billed", 4004), id="206 of everything: full"),
        pytest.param(request(status=206), VIDEO, ("range-of-unknown-size", 0), id="206, size unknown: zero"),
        pytest.param(
            request(status=206, body_bytes=1, object_bytes=9999), VIDEO, ("billed", 0), id="a byte floors to 0 ms"
        ),
        pytest.param(request(body_bytes=0), VIDEO, ("empty", 0), id="200 without a byte"),
        pytest.param(request(status=304), VIDEO, ("not-modified", 0), id="304"),
        pytest.param(request(status=302), VIDEO, ("redirect", 0), id="redirect"),
        pytest.param(request(status=404), VIDEO, ("error", 0), id="404"),
        pytest.param(request(status=503), VIDEO, ("error", 0), id="503"),
        pytest.param(request(status=499, body_bytes=0), VIDEO, ("no-response", 0), id="499"),
        pytest.param(request(status=0, body_bytes=0), VIDEO, ("no-response", 0), id="000"),
        pytest.param(request(method=Method.METHOD_HEAD), VIDEO, ("not-get", 0), id="HEAD"),
        pytest.param(request(method=Method.METHOD_OTHER), VIDEO, ("not-get", 0), id="POST"),
        pytest.param(request(internal=True), VIDEO, ("internal", 0), id="shield row"),
        pytest.param(
            request(object_kind=ObjectKind.OBJECT_KIND_MANIFEST), Rendition(), ("not-media", 0), id="manifest"
        ),
        pytest.param(
            request(object_kind=ObjectKind.OBJECT_KIND_INIT_SEGMENT), Rendition(), ("not-media", 0), id="init segment"
        ),
        pytest.param(request(), COMPANION, ("companion-audio", 0), id="audio beside video"),
        pytest.param(request(), AUDIO_ONLY, ("billed", 4004), id="audio of an audio-only asset"),
        pytest.param(request(**PART), PARTS_BILL, ("billed", 334), id="LL-HLS part where parts bill"),
        pytest.param(request(), PARTS_BILL, ("other-low-latency-unit", 0), id="parent where parts bill"),
        pytest.param(request(**PART), VIDEO, ("other-low-latency-unit", 0), id="part where parents bill"),
        pytest.param(
            request(unresolved=Unresolved.UNRESOLVED_UNKNOWN_ASSET),
            Rendition(),
            ("unresolved-unknown-asset", 0),
            id="unknown asset",
        ),
        pytest.param(
            request(unresolved=Unresolved.UNRESOLVED_UNRECOGNISED_PATH, object_kind=0),
            Rendition(),
            ("unresolved-unrecognised-path", 0),
            id="unrecognised path",
        ),
        pytest.param(
            request(unresolved=Unresolved.UNRESOLVED_UNKNOWN_ASSET, status=404),
            Rendition(),
            ("error", 0),
            id="a 404 for an unknown asset is an error",
        ),
    ],
)
def test_a_request_bills(record: AccessLog, rendition: Rendition, expected: tuple[str, int]) -> None:
    assert outcome(record, rendition) == expected


@given(
    body=st.integers(0, 10**12),
    size=st.integers(1, 10**12),
    duration=st.integers(0, 60_000),
    status=st.sampled_from([200, 206]),
)
def test_no_request_bills_more_than_its_segment_or_less_than_nothing(
    body: int, size: int, duration: int, status: int
) -> None:
    record = request(status=status, body_bytes=body, object_bytes=size, media_duration_ms=duration)
    _, delivered_ms = outcome(record, VIDEO)
    assert 0 <= delivered_ms <= duration


@given(cuts=st.lists(st.integers(0, 1000), max_size=10), duration=st.integers(1, 60_000))
def test_the_ranges_of_a_segment_together_bill_no_more_than_the_segment(cuts: list[int], duration: int) -> None:
    edges = [0, *sorted(cuts), 1000]
    ranges = [high - low for low, high in itertools.pairwise(edges)]
    records = [
        request(status=206, body_bytes=length, object_bytes=1000, media_duration_ms=duration) for length in ranges
    ]
    assert sum(outcome(record, VIDEO)[1] for record in records) <= duration


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
