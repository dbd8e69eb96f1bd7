"""From rows of the asset database to settings of assets. Pure.

The database's constraints refuse most of what is no rendition. What stood there before them, or comes from a schema
newer than this build, must not stop the billing of all other assets.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from schemas.cdn_logs_pb2 import AssetSettings, LowLatencyBilling, MediaType, Rendition, RenditionSettings

_log = logging.getLogger(__name__)

#: An asset that cannot be read is named so often: one in demand is read many times a second.
_REPEAT_MS: Final = 60_000
#: Whether audio stands beside video is known once all renditions of the asset are.
_MEDIA_TYPES: Final = {
    "video": MediaType.MEDIA_TYPE_VIDEO,
    "audio": MediaType.MEDIA_TYPE_AUDIO_ONLY,
    "trick-play": MediaType.MEDIA_TYPE_TRICK_PLAY,
}
_LOW_LATENCY_BILLING: Final = {
    "segments": LowLatencyBilling.LOW_LATENCY_BILLING_SEGMENTS,
    "parts": LowLatencyBilling.LOW_LATENCY_BILLING_PARTS,
}


class BrokenAssets:
    """Logs what is wrong with an asset's rows: for each asset once a minute, however often it is read."""

    def __init__(self) -> None:
        self._told_ms: dict[str, int] = {}

    def tell(self, asset_id: str, why: str, now_ms: int) -> None:
        if now_ms - self._told_ms.get(asset_id, 0) < _REPEAT_MS:
            return
        self._told_ms[asset_id] = now_ms
        _log.error(
            "asset %r cannot be read (%s): all its deliveries are unresolved; mend the row in table renditions"
            " (segment_ms holds whole milliseconds, none NULL, none below 0), then reprocess its hours",
            asset_id,
            why,
        )


def settings_of_rows(
    asset_ids: Iterable[str],
    rows: Iterable[tuple[Any, ...]],
    now_ms: int,
    tell: Callable[[str, str, int], None],
) -> dict[str, AssetSettings]:
    """Assets from joined rows; an id without a row is absent, one without renditions has none.

    An asset with a row that is no rendition has none either, so that its deliveries are unresolved, and `tell` hears
    of it. The good renditions beside it go too: audio whose video is missing would be billed as audio-only.
    """
    found = {asset_id: AssetSettings(asset_id=asset_id, read_at_ms=now_ms, absent=True) for asset_id in asset_ids}
    broken: dict[str, str] = {}
    for asset_id, environment_id, name, *columns in rows:
        settings = found[asset_id]
        settings.absent = False
        settings.environment_id = environment_id
        if name is not None and (why := _add(settings, name, columns)):
            broken[asset_id] = why
    for asset_id, why in broken.items():
        found[asset_id].ClearField("renditions")
        tell(asset_id, why, now_ms)
    for settings in found.values():
        _set_media_types(settings)
    return found


def _add(settings: AssetSettings, name: str, columns: Sequence[Any]) -> str:
    """Add a rendition; "", or what is wrong with its row."""
    try:
        settings.renditions.append(_rendition(settings.asset_id, settings.environment_id, name, columns))
    except (TypeError, ValueError, KeyError) as error:  # NULL in an array, below zero, a word that nobody knows
        return f"rendition {name!r}: {type(error).__name__}: {error}"
    return ""


def _rendition(asset_id: str, environment_id: str, name: str, columns: Sequence[Any]) -> RenditionSettings:
    media_type, height, codecs, bandwidth, first, segment_ms, fixed_ms, part_ms, billing = columns
    rendition = Rendition(
        environment_id=environment_id,
        asset_id=asset_id,
        name=name,
        height=height,
        media_type=_MEDIA_TYPES[media_type],
        low_latency_billing=_LOW_LATENCY_BILLING[billing],
        codecs=codecs,
        bandwidth_bps=bandwidth,
    )
    return RenditionSettings(
        rendition=rendition,
        first_segment=first,
        segment_ms=segment_ms,
        fixed_segment_ms=fixed_ms,
        part_ms=part_ms,
    )


def _set_media_types(settings: AssetSettings) -> None:
    """Audio beside video is a companion: billing both would double the bill."""
    types = {entry.rendition.media_type for entry in settings.renditions}
    if MediaType.MEDIA_TYPE_VIDEO not in types:
        return
    for entry in settings.renditions:
        if entry.rendition.media_type == MediaType.MEDIA_TYPE_AUDIO_ONLY:
            entry.rendition.media_type = MediaType.MEDIA_TYPE_COMPANION_AUDIO
