from __future__ import annotations

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
    assert tally(batch) == Tally(
        usage={
            UsageKey("env-1", "a1", "up-to-720p"): Sums(8000, 2, 200, 2),
            UsageKey("env-1", "a1", "1080p"): Sums(5000, 2, 201, 3),
        },
        outcomes={
            "billed": 5,
            "not-modified": 1,
            "not-media": 1,
            "unresolved-unknown-asset": 2,
            "unresolved-unrecognised-path": 1,
        },
        unresolved_assets={"a9": 2, "/movie.mp4": 1},
    )
    assert tally(batch).billed_ms == 13_000


def test_a_batch_without_records_tallies_to_nothing() -> None:
    assert tally(AccessLogBatch()) == Tally()
