"""Rows of the asset database, sound and broken."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from jobs.enrichment import asset_rows
from jobs.enrichment.asset_rows import BrokenAssets
from jobs.enrichment.assets import Asset, resolve
from schemas.cdn_logs_pb2 import (
    AssetSettings,
    LowLatencyBilling,
    MediaType,
    Rendition,
    RenditionSettings,
    Unresolved,
)

NOW = 1_795_000_000_000


def row(asset_id: str, name: str, media_type: str = "video", **columns: Any) -> tuple[Any, ...]:
    values = {
        "height": 720,
        "codecs": "",
        "bandwidth_bps": 0,
        "first_segment": 0,
        "segment_ms": [4000, 1500],
        "fixed_segment_ms": 0,
        "part_ms": 0,
        "low_latency_billing": "segments",
    } | columns
    return (asset_id, "env-1", name, media_type, *values.values())


def settings_of_rows(asset_ids: list[str], rows: list[tuple[Any, ...]], now_ms: int) -> dict[str, AssetSettings]:
    return asset_rows.settings_of_rows(asset_ids, rows, now_ms, BrokenAssets().tell)


def media_types(settings: AssetSettings) -> dict[str, int]:
    return {entry.rendition.name: entry.rendition.media_type for entry in settings.renditions}


def test_every_column_has_its_place() -> None:
    made = row(
        "a1",
        "720p",
        codecs="avc1",
        bandwidth_bps=2_000_000,
        first_segment=7,
        fixed_segment_ms=4,
        part_ms=334,
        low_latency_billing="parts",
    )
    assert settings_of_rows(["a1", "gone"], [made], NOW) == {
        "a1": AssetSettings(
            asset_id="a1",
            environment_id="env-1",
            read_at_ms=NOW,
            renditions=[
                RenditionSettings(
                    rendition=Rendition(
                        environment_id="env-1",
                        asset_id="a1",
                        name="720p",
                        height=720,
                        media_type=MediaType.MEDIA_TYPE_VIDEO,
                        low_latency_billing=LowLatencyBilling.LOW_LATENCY_BILLING_PARTS,
                        codecs="avc1",
                        bandwidth_bps=2_000_000,
                    ),
                    first_segment=7,
                    segment_ms=[4000, 1500],
                    fixed_segment_ms=4,
                    part_ms=334,
                )
            ],
        ),
        "gone": AssetSettings(asset_id="gone", read_at_ms=NOW, absent=True),
    }


def test_an_asset_without_renditions_is_there_and_has_none() -> None:
    found = settings_of_rows(["a1"], [("a1", "env-1", None, *[None] * 9)], NOW)
    assert found == {"a1": AssetSettings(asset_id="a1", environment_id="env-1", read_at_ms=NOW)}


@pytest.mark.parametrize(
    ("renditions", "expected"),
    [
        ({"720p": "video", "audio": "audio"}, MediaType.MEDIA_TYPE_COMPANION_AUDIO),
        ({"audio": "audio"}, MediaType.MEDIA_TYPE_AUDIO_ONLY),
        ({"iframes": "trick-play", "audio": "audio"}, MediaType.MEDIA_TYPE_AUDIO_ONLY),
    ],
    ids=["beside video", "alone", "beside pictures for seeking"],
)
def test_what_audio_is_depends_on_what_stands_beside_it(renditions: dict[str, str], expected: MediaType) -> None:
    rows = [row("a1", name, media_type) for name, media_type in renditions.items()]
    assert media_types(settings_of_rows(["a1"], rows, NOW)["a1"])["audio"] == expected


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"segment_ms": [4000, None]}, "TypeError"),
        ({"segment_ms": [4000, -1]}, "ValueError"),
        ({"segment_ms": [[4000], [4000]]}, "TypeError"),
        ({"segment_ms": [2**32]}, "ValueError"),
        ({"first_segment": -1}, "ValueError"),
        ({"fixed_segment_ms": -1}, "ValueError"),
        ({"part_ms": -1}, "ValueError"),
        ({"height": -1}, "ValueError"),
        ({"media_type": "hologram"}, "KeyError"),
        ({"low_latency_billing": "both"}, "KeyError"),
    ],
    ids=repr,
)
def test_a_row_that_is_no_rendition_leaves_its_asset_unresolved_and_no_other(
    broken: dict[str, Any], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [row("bad", "480p", **broken), row("bad", "audio", "audio"), row("good", "720p")]
    with caplog.at_level(logging.ERROR):
        found = settings_of_rows(["bad", "good"], rows, NOW)
    assert found["bad"] == AssetSettings(asset_id="bad", environment_id="env-1", read_at_ms=NOW)
    assert media_types(found["good"]) == {"720p": MediaType.MEDIA_TYPE_VIDEO}
    (record,) = caplog.records
    assert record.getMessage().startswith(f"asset 'bad' cannot be read (rendition '480p': {why}: ")
    assert "mend the row" in record.getMessage()


def test_audio_is_not_billed_as_audio_only_because_its_video_cannot_be_read() -> None:
    rows = [row("a1", "720p", segment_ms=[None]), row("a1", "audio", "audio")]
    asset = Asset.of(settings_of_rows(["a1"], rows, NOW)["a1"])
    assert resolve(asset, "audio", 0, False) == (None, 0, Unresolved.UNRESOLVED_UNKNOWN_RENDITION)


def test_a_duration_of_zero_is_a_segment_that_is_not_known_and_its_neighbours_are() -> None:
    asset = Asset.of(settings_of_rows(["a1"], [row("a1", "720p", segment_ms=[4000, 0, 1500])], NOW)["a1"])
    assert [resolve(asset, "720p", number, False)[1:] for number in range(3)] == [
        (4000, Unresolved.UNRESOLVED_UNSPECIFIED),
        (0, Unresolved.UNRESOLVED_UNKNOWN_SEGMENT),
        (1500, Unresolved.UNRESOLVED_UNSPECIFIED),
    ]


def test_sound_rows_say_nothing(caplog: pytest.LogCaptureFixture) -> None:
    settings_of_rows(["a1"], [row("a1", "720p"), row("a1", "1080p", height=1080)], NOW)
    assert caplog.records == []


def test_an_asset_that_cannot_be_read_is_named_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    broken = BrokenAssets()
    for asset_id, seconds in (("a1", 0), ("a1", 1), ("a2", 1), ("a1", 59), ("a1", 60), ("a1", 61)):
        broken.tell(asset_id, f"after {seconds} s", NOW + 1000 * seconds)
    assert [record.args for record in caplog.records] == [
        ("a1", "after 0 s"),
        ("a2", "after 1 s"),
        ("a1", "after 60 s"),
    ]
