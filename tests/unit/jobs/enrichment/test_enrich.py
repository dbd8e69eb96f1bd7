from __future__ import annotations

import pytest
from google.protobuf import text_format

from jobs.enrichment.assets import Asset
from jobs.enrichment.enrich import enrich, media_deliveries, resolve_all, unresolved_paths
from jobs.enrichment.geography import Geography
from jobs.enrichment.paths import PathGrammar
from schemas.cdn_logs_pb2 import AccessLogBatch, AssetSettings, MediaType, Rendition, RenditionSettings
from tests.support.batches import HOUR_MS, batch, delivery

HOUR = 490_000 * HOUR_MS
ASSETS = {
    "a1": Asset.of(
        AssetSettings(
            asset_id="a1",
            renditions=[
                RenditionSettings(
                    rendition=Rendition(
                        environment_id="env-1",
                        asset_id="a1",
                        name="720p",
                        height=720,
                        media_type=MediaType.MEDIA_TYPE_VIDEO,
                    ),
                    segment_ms=[4004, 4004, 1500],
                )
            ],
        )
    ),
    "a9": Asset.of(AssetSettings(asset_id="a9", absent=True)),
}


def enriched() -> AccessLogBatch:
    made = batch(
        [
            delivery("/a1/720p/segment-0.ts"),
            delivery("/a1/720p/segment-2.ts", client_ip="2001:db8:1:2::3"),
            delivery("/a1/master.m3u8"),
            delivery("/a9/720p/segment-0.ts"),
            delivery("/a9/720p/segment-0.ts", status=404),
            delivery("/movie.mp4", client_ip="junk"),
        ],
        hour_ms=HOUR,
    )
    paths = [PathGrammar().parse(record.path) for record in made.records]
    enrich(made, paths, resolve_all(paths, ASSETS), Geography(None, None))
    return made


def test_records_get_what_is_known_of_their_segments_and_clients() -> None:
    made = enriched()
    for record in made.records:
        for field in ("method", "status", "body_bytes", "path"):
            record.ClearField(field)
    made.ClearField("header")
    assert text_format.MessageToString(made, as_one_line=True) == " ".join(
        """
        records { client_ip: "192.0.2.0" object_kind: OBJECT_KIND_MEDIA_SEGMENT rendition: 1 media_duration_ms: 4004 }
        records { line: 1 client_ip: "2001:db8:1::" object_kind: OBJECT_KIND_MEDIA_SEGMENT rendition: 1
          media_duration_ms: 1500 }
        records { line: 2 client_ip: "192.0.2.0" object_kind: OBJECT_KIND_MANIFEST }
        records { line: 3 client_ip: "192.0.2.0" object_kind: OBJECT_KIND_MEDIA_SEGMENT
          unresolved: UNRESOLVED_UNKNOWN_ASSET unresolved_asset: "a9" }
        records { line: 4 client_ip: "192.0.2.0" object_kind: OBJECT_KIND_MEDIA_SEGMENT
          unresolved: UNRESOLVED_UNKNOWN_ASSET unresolved_asset: "a9" }
        records { line: 5 client_ip: "" unresolved: UNRESOLVED_UNRECOGNISED_PATH }
        hosts: "" user_agents: "" pops: ""
        renditions { }
        renditions { environment_id: "env-1" asset_id: "a1" name: "720p" height: 720 media_type: MEDIA_TYPE_VIDEO }
        networks { } places { }
        """.replace('client_ip: "" ', "").split()
    )


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("/a1/720p/segment-0.ts", 200, (1, 0)),
        ("/a1/720p/segment-0.ts", 206, (1, 0)),
        ("/a1/720p/segment-0.part-0.ts", 200, (1, 1)),
        ("/a1/720p/segment-9.ts", 206, (1, 1)),
        ("/a1/480p/segment-0.ts", 200, (1, 1)),
        ("/a9/720p/segment-0.ts", 200, (1, 1)),
        ("/movie.mp4", 200, (1, 1)),
        ("/a1/720p/segment-0.ts", 304, (0, 0)),
        ("/a9/720p/segment-0.ts", 404, (0, 0)),
        ("/movie.mp4", 403, (0, 0)),
        ("/a1/720p/init.mp4", 200, (0, 0)),
        ("/a1/master.m3u8", 200, (0, 0)),
        ("/a1/poster.jpg", 200, (0, 0)),
        ("/", 200, (0, 0)),
    ],
)
def test_deliveries_that_need_an_asset_are_told_from_all_others(
    path: str, status: int, expected: tuple[int, int]
) -> None:
    made = batch([delivery(path, status=status)], hour_ms=HOUR)
    paths = [PathGrammar().parse(path)]
    assert media_deliveries(made, paths, resolve_all(paths, ASSETS)) == expected


def test_media_deliveries_of_a_batch_are_counted_together() -> None:
    made = enriched()
    paths = [PathGrammar().parse(record.path) for record in made.records]
    assert media_deliveries(made, paths, resolve_all(paths, ASSETS)) == (4, 2)


def test_delivered_paths_that_their_asset_lacks_are_named() -> None:
    logged = [
        ("/a1/720p/segment-2.ts", 200),
        ("/a1/720p/segment-3.ts", 206),
        ("/a1/720p/segment-4.ts", 404),
        ("/a9/720p/segment-0.ts", 200),
        ("/a1/poster.jpg", 200),
    ]
    made = batch([delivery(path, status=status) for path, status in logged], hour_ms=HOUR)
    paths = [PathGrammar().parse(path) for path, _ in logged]
    assert unresolved_paths(made, paths, resolve_all(paths, ASSETS)) == {paths[1], paths[3]}
