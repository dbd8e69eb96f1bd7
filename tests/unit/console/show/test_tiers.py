"""Tiers: those of the billing rule, in order, with the names of the API."""

from __future__ import annotations

import pytest

from console.show import tiers
from jobs.media_usage import billing_rule
from schemas.cdn_logs_pb2 import MediaType, Rendition


@pytest.mark.parametrize(
    ("tier", "key"),
    [
        ("audio-only", "tier_audio_only"),
        ("up-to-720p", "tier_720p"),
        ("1080p", "tier_1080p"),
        ("1440p", "tier_1440p"),
        ("2160p", "tier_2160p"),
    ],
)
def test_every_known_tier_has_the_key_that_mux_gives_it(tier: str, key: str) -> None:
    assert tier in tiers.KNOWN
    assert tiers.api_key(tier) == key


def test_the_known_tiers_are_those_of_the_billing_rule() -> None:
    video = [Rendition(media_type=MediaType.MEDIA_TYPE_VIDEO, height=height) for height in (360, 720, 1080, 1440, 4320)]
    audio = Rendition(media_type=MediaType.MEDIA_TYPE_AUDIO_ONLY)
    assert tiers.ordered([billing_rule.tier(rendition) for rendition in (audio, *video)]) == list(tiers.KNOWN)


def test_tiers_come_once_each_by_resolution_and_unknown_ones_last() -> None:
    assert tiers.ordered(["2160p", "x", "audio-only", "b", "2160p"]) == ["audio-only", "2160p", "b", "x"]
