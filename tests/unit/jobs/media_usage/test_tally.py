from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.media_usage.rules import RULES
from jobs.media_usage.sums import Sums
from jobs.media_usage.tally import Tally, UsageKey, tally
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch, MediaType, Method, ObjectKind, Rendition, Unresolved

NONE, LOW, MIDDLE, HIGH = 0, 1, 2, 3
RENDITIONS = [
    Rendition(),
    Rendition(environment_id="env-1", asset_id="a1", name="360p", height=360, media_type=MediaType.MEDIA_TYPE_VIDEO),
    Rendition(environment_id="env-1", asset_id="a1", name="720p", height=720, media_type=MediaType.MEDIA_TYPE_VIDEO),
    Rendition(environment_id="env-1", asset_id="a1", name="1080p", height=1080, media_type=MediaType.MEDIA_TYPE_VIDEO),
]


def segment(rendition: int, **fields: object) -> AccessLog:
    values: dict[str, object] = {
        "method": Method.METHOD_GET,
        "status": 200,
        "body_bytes": 100,
        "object_kind": ObjectKind.OBJECT_KIND_MEDIA_SEGMENT,
        "media_duration_ms": 4000,
        "rendition": rendition,
    }
    return AccessLog(**{**values, **fields})  # type: ignore[arg-type]


def test_a_batch_is_tallied_by_environment_asset_and_tier() -> None:
    unknown = {"unresolved": Unresolved.UNRESOLVED_UNKNOWN_ASSET, "unresolved_asset": "a9"}
    batch = AccessLogBatch(
        renditions=RENDITIONS,
        records=[
            segment(LOW),
            segment(MIDDLE),  # the same tier as 360p
            segment(HIGH),
            segment(HIGH, status=206, object_bytes=400),  # a quarter
            segment(HIGH, status=206, body_bytes=1, object_bytes=10_000_000),  # floors to nothing
            segment(HIGH, status=304),
            segment(NONE, object_kind=ObjectKind.OBJECT_KIND_MANIFEST),
            segment(NONE, **unknown),
            segment(NONE, **unknown),
            segment(NONE, unresolved=Unresolved.UNRESOLVED_UNRECOGNISED_PATH, path="/movie.mp4"),
        ],
    )
    assert tally(batch, RULES["1"]) == Tally(
        usage={
            UsageKey("env-1", "a1", "up-to-720p"): Sums(8000, 2, 200, 2),
            UsageKey("env-1", "a1", "1080p"): Sums(5000, 2, 201, 3),
        },
        outcomes={
            "billed": 3,
            "billed-range": 2,
            "not-modified": 1,
            "not-media": 1,
            "unresolved-unknown-asset": 2,
            "unresolved-unrecognised-path": 1,
        },
        unresolved_assets={"a9": 2, "/movie.mp4": 1},
    )
    assert tally(batch, RULES["1"]).billed_ms == 13_000


def test_a_batch_without_records_tallies_to_nothing() -> None:
    assert tally(AccessLogBatch(), RULES["1"]) == Tally()


ONE_PATH = "/a1/720p/segment-1.ts"
LOW_TIER = UsageKey("env-1", "a1", "up-to-720p")


def part(body: int, **fields: object) -> AccessLog:
    """A range of a segment of 1,000 bytes and 4,000 ms."""
    values = {"rendition": MIDDLE, "status": 206, "body_bytes": body, "object_bytes": 1000, "path": ONE_PATH}
    client = {"client_ip": "192.0.2.0", "user_agent": 1, "host": 1}
    return segment(**{**values, **client, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([part(600), part(400)], Sums(4000, 2, 1000, 2), id="two ranges that make the whole"),
        pytest.param([part(600), part(600)], Sums(4000, 2, 1200, 2), id="overlapping ranges bill a duration at most"),
        pytest.param([part(1000), part(1000)], Sums(4000, 2, 2000, 2), id="the whole as a range, twice"),
        pytest.param([part(0), part(1)], Sums(4, 1, 1, 1), id="a range without a byte is none"),
        pytest.param(
            [part(600), part(600, object_bytes=800)], Sums(4000, 2, 1200, 2), id="the object's size changed between"
        ),
        pytest.param([part(600), part(600, client_ip="198.51.100.0")], Sums(4800, 2, 1200, 2), id="two networks"),
        pytest.param([part(600, client_ip=""), part(600, client_ip="")], Sums(4800, 2, 1200, 2), id="no address"),
        pytest.param([part(600), part(600, user_agent=2)], Sums(4800, 2, 1200, 2), id="two user agents"),
        pytest.param([part(600), part(600, host=2)], Sums(4800, 2, 1200, 2), id="two hosts"),
        pytest.param([part(600), part(600, path="/a1/720p/segment-2.ts")], Sums(4800, 2, 1200, 2), id="two segments"),
        pytest.param(
            [part(600), part(600, path="/a1/360p/segment-1.ts", rendition=LOW)],
            Sums(4800, 2, 1200, 2),
            id="two renditions of one tier",
        ),
        pytest.param(
            [part(600), part(1000, status=200)],
            Sums(6400, 2, 1600, 2),
            id="a whole answer beside a range bills as ever",
        ),
        pytest.param(
            [part(600), part(600, status=499)],
            Sums(4800, 2, 1200, 2),
            id="an answer that was cut off beside a range too",
        ),
        pytest.param(
            [part(600), part(600, internal=True)], Sums(2400, 1, 600, 1), id="a cache's own range is nobody's"
        ),
    ],
)
def test_ranges_of_one_segment_to_one_client_bill_together(records: list[AccessLog], expected: Sums) -> None:
    for ordered in (records, records[::-1]):
        tallied = tally(AccessLogBatch(renditions=RENDITIONS, records=ordered), RULES["1"])
        assert tallied.usage == {LOW_TIER: expected}


@given(
    ranges=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 1200), st.integers(1, 1200)), max_size=12),
    data=st.data(),
)
def test_a_client_is_never_billed_more_than_a_segment_nor_less_than_its_largest_range(
    ranges: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    records = [part(body, object_bytes=size, user_agent=client) for client, body, size in ranges]
    tallied = tally(AccessLogBatch(renditions=RENDITIONS, records=records), RULES["1"])
    clients = {client for client, _, _ in ranges}
    shares = {
        client: [min(4000, 4000 * body // size) for one, body, size in ranges if one == client] for client in clients
    }
    assert sum(map(max, shares.values())) <= tallied.billed_ms <= 4000 * len(clients)
    assert tallied.billed_ms == sum(min(4000, sum(each)) for each in shares.values())
    shuffled = AccessLogBatch(renditions=RENDITIONS, records=data.draw(st.permutations(records)))
    assert tally(shuffled, RULES["1"]) == tallied
