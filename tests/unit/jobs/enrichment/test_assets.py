from __future__ import annotations

import pytest

from jobs.enrichment.assets import Asset, resolve
from schemas.cdn_logs_pb2 import AssetSettings, MediaType, Rendition, RenditionSettings, Unresolved

VIDEO = Rendition(environment_id="env-1", asset_id="a1", name="720p", height=720, media_type=MediaType.MEDIA_TYPE_VIDEO)
FIXED = Rendition(environment_id="env-1", asset_id="a1", name="fixed", height=480)
TRICK_PLAY = Rendition(
    environment_id="env-1", asset_id="a1", name="iframes", media_type=MediaType.MEDIA_TYPE_TRICK_PLAY
)
RESOLVED = Unresolved.UNRESOLVED_UNSPECIFIED

ASSET = Asset.of(
    AssetSettings(
        asset_id="a1",
        environment_id="env-1",
        renditions=[
            RenditionSettings(rendition=VIDEO, first_segment=10, segment_ms=[4004, 4004, 1500], part_ms=334),
            RenditionSettings(rendition=FIXED, fixed_segment_ms=6000),
            RenditionSettings(rendition=TRICK_PLAY),
        ],
        read_at_ms=7,
    )
)


@pytest.mark.parametrize(
    ("rendition", "number", "is_part", "expected"),
    [
        pytest.param("720p", 10, False, (VIDEO, 4004, RESOLVED), id="first segment"),
        pytest.param("720p", 12, False, (VIDEO, 1500, RESOLVED), id="shorter last segment"),
        pytest.param("720p", 12, True, (VIDEO, 334, RESOLVED), id="part"),
        pytest.param("fixed", 99, False, (FIXED, 6000, RESOLVED), id="fixed duration"),
        pytest.param("iframes", 3, False, (TRICK_PLAY, 0, RESOLVED), id="trick play needs no durations"),
        pytest.param("720p", 9, False, (None, 0, Unresolved.UNRESOLVED_UNKNOWN_SEGMENT), id="before the first"),
        pytest.param("720p", 13, False, (None, 0, Unresolved.UNRESOLVED_UNKNOWN_SEGMENT), id="behind the last"),
        pytest.param("fixed", 1, True, (None, 0, Unresolved.UNRESOLVED_UNKNOWN_SEGMENT), id="part where none are"),
        pytest.param("1080p", 1, False, (None, 0, Unresolved.UNRESOLVED_UNKNOWN_RENDITION), id="unknown rendition"),
    ],
)
def test_a_segment_resolves_to_its_exact_duration_or_to_the_reason_why_not(
    rendition: str, number: int, is_part: bool, expected: tuple[Rendition | None, int, int]
) -> None:
    timeline, duration_ms, unresolved = resolve(ASSET, rendition, number, is_part)
    assert (timeline.rendition if timeline else None, duration_ms, unresolved) == expected


def test_renditions_that_are_cut_alike_share_their_durations() -> None:
    alike = [RenditionSettings(rendition=Rendition(name=name), segment_ms=[4004, 1500]) for name in ("720p", "1080p")]
    other = RenditionSettings(rendition=Rendition(name="audio"), segment_ms=[6000])
    asset = Asset.of(AssetSettings(asset_id="a1", renditions=[*alike, other]))
    assert asset.timelines["720p"].segment_ms is asset.timelines["1080p"].segment_ms
    assert asset.segments == 3


def test_nothing_of_an_absent_asset_resolves() -> None:
    absent = Asset.of(AssetSettings(asset_id="a2", absent=True))
    assert resolve(absent, "720p", 10, False) == (None, 0, Unresolved.UNRESOLVED_UNKNOWN_ASSET)
