"""The made-up catalogue: the same from the same seed, and shaped like a real one."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from local.traffic import catalogue
from local.traffic.catalogue import Asset, Catalogue, Rendition


@pytest.fixture(scope="module")
def drawn() -> Catalogue:
    return catalogue.build(seed=7)


def test_the_same_seed_draws_the_same_catalogue(drawn: Catalogue) -> None:
    assert catalogue.build(seed=7) == drawn


def test_another_seed_draws_another_catalogue(drawn: Catalogue) -> None:
    assert catalogue.build(seed=8) != drawn


def test_there_are_some_hundreds_of_assets_with_unique_ids(drawn: Catalogue) -> None:
    assert len({asset.asset_id for asset in drawn.assets}) == len(drawn.assets) == 300


def test_every_environment_and_packaging_is_used(drawn: Catalogue) -> None:
    used = Counter(asset.environment_id for asset in drawn.assets)
    assert set(used) == {environment.environment_id for environment in drawn.environments}
    assert Counter(asset.packaging for asset in drawn.assets) == {"ts": 138, "fmp4": 147, "audio": 15}


def test_ladders_reach_from_360_to_2160_lines(drawn: Catalogue) -> None:
    heights = {rendition.height for asset in drawn.assets for rendition in asset.renditions}
    assert heights == {0, 360, 540, 720, 1080, 1440, 2160}


def test_only_fmp4_has_its_audio_apart(drawn: Catalogue) -> None:
    assert all(bool(asset.companions) == (asset.packaging == "fmp4") for asset in drawn.assets)


def test_an_audio_only_asset_has_nothing_but_audio(drawn: Catalogue) -> None:
    kinds = {tuple(r.media_type for r in asset.renditions) for asset in drawn.assets if asset.packaging == "audio"}
    assert kinds == {("audio",)}


def test_all_pictures_of_an_asset_are_cut_at_the_same_times(drawn: Catalogue) -> None:
    assert all(len({rendition.segment_ms for rendition in asset.renditions}) == 1 for asset in drawn.assets)


def test_segments_are_irregular_and_the_last_is_no_longer_than_the_target(drawn: Catalogue) -> None:
    for asset in drawn.assets:
        durations = asset.renditions[0].segment_ms
        assert len(set(durations)) > 3
        assert 0 < durations[-1] <= max(durations)


def test_audio_is_never_longer_than_the_picture_nor_a_frame_shorter(drawn: Catalogue) -> None:
    for asset in drawn.assets:
        for audio in asset.companions:
            assert 0 <= sum(asset.renditions[0].segment_ms) - sum(audio.segment_ms) < 22


def test_sizes_differ_between_segments_of_equal_duration(drawn: Catalogue) -> None:
    rendition = drawn.viral.renditions[0]
    same = [number for number in range(20) if rendition.segment_ms[number] == 6_000]
    sizes = [rendition.segment_bytes(rendition.first_segment + number) for number in same]
    assert all(one != other for one, other in pairwise(sizes))


def test_a_segment_is_counted_from_the_first_number() -> None:
    rendition = Rendition(
        name="720p",
        media_type="video",
        height=720,
        codecs="avc1.64001f",
        bandwidth_bps=900_000,
        first_segment=1,
        segment_ms=(4_000, 1_500),
        extension="m4s",
    )
    assert [(rendition.duration_ms(number), rendition.segment_bytes(number)) for number in (1, 2)] == [
        (4_000, 404_099),
        (1_500, 150_007),
    ]


def test_the_withheld_asset_is_published_and_not_registered(drawn: Catalogue) -> None:
    assert drawn.withheld in drawn.assets
    assert drawn.withheld not in drawn.registered
    assert len(drawn.registered) == len(drawn.assets) - 1


def test_paths_start_with_the_asset_with_and_without_a_prefix(drawn: Catalogue) -> None:
    def prefix(asset: Asset) -> str:
        return asset.folder.removesuffix(asset.asset_id)

    assert {prefix(asset) for asset in drawn.assets} == {"/", "/vod/"}
