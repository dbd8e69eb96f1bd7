"""The path grammar: what a request path asks for.

Patterns are named-group regular expressions in order; the first that matches decides. Where none does, a path is
something else only by an extension that is known to be no media, or by having none. Every other is *unrecognised*:
nobody can list all formats of media to come, and a path must never bill nothing silently.
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

#: Extensions that are known to be no media, each with its dot; "" is a path without one.
_KIND_OF_EXTENSION: Final = {
    **dict.fromkeys((".m3u8", ".m3u", ".mpd"), ObjectKind.OBJECT_KIND_MANIFEST),
    **dict.fromkeys((".key",), ObjectKind.OBJECT_KIND_KEY),
    **dict.fromkeys((".vtt", ".webvtt", ".srt", ".ttml", ".dfxp"), ObjectKind.OBJECT_KIND_SUBTITLE),
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"), ObjectKind.OBJECT_KIND_IMAGE),
    **dict.fromkeys(("", ".html", ".htm", ".php", ".css", ".js", ".mjs", ".map"), ObjectKind.OBJECT_KIND_OTHER),
    **dict.fromkeys((".json", ".webmanifest", ".xml", ".txt", ".csv", ".pdf"), ObjectKind.OBJECT_KIND_OTHER),
    **dict.fromkeys((".ico", ".svg", ".woff", ".woff2", ".ttf", ".otf", ".eot"), ObjectKind.OBJECT_KIND_OTHER),
    **dict.fromkeys((".wasm", ".zip", ".gz"), ObjectKind.OBJECT_KIND_OTHER),
}
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
    kind = _KIND_OF_EXTENSION.get(_extension(path))
    # Parameters may hold slashes of their own: `/a1/segment-1.ts;from=/b` is no path without an extension.
    if kind is None or _extension(path.partition(";")[0]) not in _KIND_OF_EXTENSION:
        return MediaPath(ObjectKind.OBJECT_KIND_UNSPECIFIED, unrecognised=True)
    return MediaPath(kind)


def _extension(path: str) -> str:
    """The lower-case extension of the last part of a path, with its dot, without parameters (RFC 3986 section 3.3)."""
    name = path.rpartition("/")[2].partition(";")[0]
    _, dot, extension = name.rpartition(".")
    return f"{dot}{extension.lower()}" if dot else ""
