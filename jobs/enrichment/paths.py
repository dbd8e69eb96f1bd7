"""The path grammar: what a request path asks for.

Patterns are named-group regular expressions in order; the first that matches decides. A path that no pattern
matches and that still looks like media is *unrecognised*: it must never pass for "other" and bill nothing silently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import unquote

from schemas.cdn_logs_pb2 import ObjectKind

_NAME = r"[A-Za-z0-9_.~-]+"
_RENDITION_FOLDER = rf"/(?:[^/]+/)*(?P<asset>{_NAME})/(?P<rendition>{_NAME})"

#: HLS with TS or fMP4/CMAF segments, as the usual packagers name them.
DEFAULT_SEGMENT_PATTERNS: Final = (rf"{_RENDITION_FOLDER}/segment-(?P<number>\d{{1,9}})\.(?:ts|m4s|mp4|m4a|m4v|aac)",)
DEFAULT_PART_PATTERNS: Final = (
    rf"{_RENDITION_FOLDER}/segment-(?P<number>\d{{1,9}})\.part-(?P<part>\d{{1,4}})\.(?:ts|m4s|mp4)",
)
DEFAULT_INIT_PATTERNS: Final = (rf"{_RENDITION_FOLDER}/init(?:-{_NAME})?\.(?:mp4|m4s)",)

_KIND_OF_EXTENSION: Final = {
    **dict.fromkeys(("m3u8", "mpd"), ObjectKind.OBJECT_KIND_MANIFEST),
    **dict.fromkeys(("key",), ObjectKind.OBJECT_KIND_KEY),
    **dict.fromkeys(("vtt", "webvtt", "srt", "ttml"), ObjectKind.OBJECT_KIND_SUBTITLE),
    **dict.fromkeys(("jpg", "jpeg", "png", "webp", "gif", "avif"), ObjectKind.OBJECT_KIND_IMAGE),
}
_MEDIA_EXTENSIONS: Final = frozenset(
    ("ts", "m4s", "mp4", "m4a", "m4v", "aac", "mp3", "ac3", "ec3", "cmfv", "cmfa", "cmft")
)
#: A viral video asks for few paths very often, a crawl for many once: a bounded memo serves both.
_MEMO_LIMIT: Final = 200_000


class MediaPath(NamedTuple):
    """What a path asks for. `asset`, `rendition` and `number` are empty where the kind needs no look-up."""

    kind: int
    asset: str = ""
    rendition: str = ""
    number: int = 0
    is_part: bool = False
    unrecognised: bool = False


class PathGrammar:
    """Parses request paths; results are memoised, at most 200,000 at a time."""

    def __init__(
        self,
        segments: Sequence[str] = DEFAULT_SEGMENT_PATTERNS,
        parts: Sequence[str] = DEFAULT_PART_PATTERNS,
        inits: Sequence[str] = DEFAULT_INIT_PATTERNS,
    ) -> None:
        self._patterns = [
            *((re.compile(pattern), ObjectKind.OBJECT_KIND_MEDIA_SEGMENT) for pattern in segments),
            *((re.compile(pattern), ObjectKind.OBJECT_KIND_PARTIAL_SEGMENT) for pattern in parts),
            *((re.compile(pattern), ObjectKind.OBJECT_KIND_INIT_SEGMENT) for pattern in inits),
        ]
        self._memo: dict[str, MediaPath] = {}

    def parse(self, path: str) -> MediaPath:
        """What a path (percent-encoded, no query) asks for. Never fails: every path is something."""
        known = self._memo.get(path)
        if known is None:
            if len(self._memo) >= _MEMO_LIMIT:
                self._memo.clear()
            known = self._memo[path] = self._parse(path)
        return known

    def _parse(self, path: str) -> MediaPath:
        plain = unquote(path) if "%" in path else path
        for pattern, kind in self._patterns:
            match = pattern.fullmatch(plain)
            if match is not None:
                return _media_path(kind, match.groupdict())
        return _by_extension(plain)


def _media_path(kind: int, groups: dict[str, str]) -> MediaPath:
    if kind == ObjectKind.OBJECT_KIND_INIT_SEGMENT:
        return MediaPath(kind)
    return MediaPath(kind, groups["asset"], groups["rendition"], int(groups["number"]), "part" in groups)


def _by_extension(path: str) -> MediaPath:
    extension = path.rpartition("/")[2].rpartition(".")[2].lower()
    if extension in _MEDIA_EXTENSIONS:
        return MediaPath(ObjectKind.OBJECT_KIND_UNSPECIFIED, unrecognised=True)
    return MediaPath(_KIND_OF_EXTENSION.get(extension, ObjectKind.OBJECT_KIND_OTHER))
