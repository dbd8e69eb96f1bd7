"""What enrichment knows of an asset, in the form that is fast to ask."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from schemas.cdn_logs_pb2 import AssetSettings, MediaType, Rendition, RenditionSettings, Unresolved


@dataclass(frozen=True, slots=True, eq=False)
class RenditionTimeline:
    """One rendition and the exact duration of each of its segments. Compared by identity."""

    rendition: Rendition
    first_segment: int
    segment_ms: Sequence[int]
    fixed_segment_ms: int
    part_ms: int

    def duration_ms(self, number: int, is_part: bool) -> int:
        """Media duration of a segment or part in milliseconds; 0 where the rendition does not list it."""
        if is_part:
            return self.part_ms
        index = number - self.first_segment
        if 0 <= index < len(self.segment_ms):
            return self.segment_ms[index]
        return self.fixed_segment_ms


@dataclass(frozen=True, slots=True, eq=False)
class Asset:
    """An asset as read from the asset database at `read_at_ms`; `absent` where the database has none."""

    asset_id: str
    timelines: dict[str, RenditionTimeline]
    read_at_ms: int
    absent: bool = False
    #: Durations that it keeps in memory.
    segments: int = 0

    @classmethod
    def of(cls, settings: AssetSettings) -> Asset:
        """The fast form of what Redis and the asset database hold."""
        # Renditions of one asset are mostly cut alike, and a film has thousands of segments: equal lists are kept once.
        lists: dict[bytes, array[int]] = {}
        timelines = {entry.rendition.name: _timeline(entry, lists) for entry in settings.renditions}
        segments = sum(map(len, lists.values()))
        return cls(settings.asset_id, timelines, settings.read_at_ms, settings.absent, segments)


#: Outcome of asking an asset for a segment: the rendition and the duration in milliseconds, or None, 0 and the
#: reason why not (a value of Unresolved). A plain tuple: one is made for every record.
Resolution = tuple[RenditionTimeline | None, int, int]

_TRICK_PLAY: Final = int(MediaType.MEDIA_TYPE_TRICK_PLAY)
_RESOLVED: Final = int(Unresolved.UNRESOLVED_UNSPECIFIED)
_UNKNOWN_ASSET: Final = (None, 0, int(Unresolved.UNRESOLVED_UNKNOWN_ASSET))
_UNKNOWN_RENDITION: Final = (None, 0, int(Unresolved.UNRESOLVED_UNKNOWN_RENDITION))
_UNKNOWN_SEGMENT: Final = (None, 0, int(Unresolved.UNRESOLVED_UNKNOWN_SEGMENT))


def resolve(asset: Asset, rendition: str, number: int, is_part: bool) -> Resolution:
    """Tie a segment to its rendition and exact duration. Never guesses: what is not listed is unresolved.

    Trick play bills nothing, so its segments need no durations.
    """
    if asset.absent:
        return _UNKNOWN_ASSET
    timeline = asset.timelines.get(rendition)
    if timeline is None:
        return _UNKNOWN_RENDITION
    duration = timeline.duration_ms(number, is_part)
    if duration or timeline.rendition.media_type == _TRICK_PLAY:
        return timeline, duration, _RESOLVED
    return _UNKNOWN_SEGMENT


def _timeline(entry: RenditionSettings, lists: dict[bytes, array[int]]) -> RenditionTimeline:
    durations = array("I", entry.segment_ms)
    shared = lists.setdefault(durations.tobytes(), durations)
    return RenditionTimeline(entry.rendition, entry.first_segment, shared, entry.fixed_segment_ms, entry.part_ms)
