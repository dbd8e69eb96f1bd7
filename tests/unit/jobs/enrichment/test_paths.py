from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.enrichment.paths import MediaPath, PathGrammar
from schemas.cdn_logs_pb2 import ObjectKind

SEGMENT = ObjectKind.OBJECT_KIND_MEDIA_SEGMENT
PART = ObjectKind.OBJECT_KIND_PARTIAL_SEGMENT
UNKNOWN = ObjectKind.OBJECT_KIND_UNSPECIFIED
MEDIA = """
    ts m4s mp4 m4a m4v aac mp3 ac3 ec3 cmfv cmfa cmft webm weba mov mkv mpg mpeg m2ts mts flv ogg oga ogv opus m4f dash
    ismv isma avi wav flac 3gp h264 MP4 WebM not-invented-yet
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/a1/720p/segment-42.ts", MediaPath(SEGMENT, "a1", "720p", 42), id="TS segment"),
        pytest.param("/a1/720p/segment-0.m4s", MediaPath(SEGMENT, "a1", "720p", 0), id="fMP4 segment"),
        pytest.param("/vod/eu/a1/720p/segment-7.m4s", MediaPath(SEGMENT, "a1", "720p", 7), id="under a prefix"),
        pytest.param("/a%2D1/720p/segment-7.ts", MediaPath(SEGMENT, "a-1", "720p", 7), id="percent-encoded"),
        pytest.param("/a1/720p/segment-00007.ts", MediaPath(SEGMENT, "a1", "720p", 7), id="leading zeros"),
        pytest.param("/a1/v/segment-7.part-3.m4s", MediaPath(PART, "a1", "v", 7, is_part=True), id="LL-HLS part"),
        pytest.param("/a1/720p/init.mp4", MediaPath(ObjectKind.OBJECT_KIND_INIT_SEGMENT), id="init segment"),
        pytest.param("/a1/720p/init-2.mp4", MediaPath(ObjectKind.OBJECT_KIND_INIT_SEGMENT), id="numbered init"),
        pytest.param("/a1/master.m3u8", MediaPath(ObjectKind.OBJECT_KIND_MANIFEST), id="master manifest"),
        pytest.param("/a1/720p/playlist.m3u8", MediaPath(ObjectKind.OBJECT_KIND_MANIFEST), id="playlist"),
        pytest.param("/a1/manifest.mpd", MediaPath(ObjectKind.OBJECT_KIND_MANIFEST), id="DASH manifest"),
        pytest.param("/a1/keys/1.key", MediaPath(ObjectKind.OBJECT_KIND_KEY), id="key"),
        pytest.param("/a1/subtitles/en-3.vtt", MediaPath(ObjectKind.OBJECT_KIND_SUBTITLE), id="subtitle"),
        pytest.param("/a1/thumbnail-3.JPG", MediaPath(ObjectKind.OBJECT_KIND_IMAGE), id="image, upper case"),
        pytest.param("/favicon.ico", MediaPath(ObjectKind.OBJECT_KIND_OTHER), id="something else"),
        pytest.param("/", MediaPath(ObjectKind.OBJECT_KIND_OTHER), id="root"),
        pytest.param("", MediaPath(ObjectKind.OBJECT_KIND_OTHER), id="empty"),
        pytest.param("/a1/movie.mp4", MediaPath(UNKNOWN, unrecognised=True), id="media that no pattern knows"),
        pytest.param("/segment-1.ts", MediaPath(UNKNOWN, unrecognised=True), id="segment without asset"),
        pytest.param("/a1/720p/segment-x.ts", MediaPath(UNKNOWN, unrecognised=True), id="segment without number"),
        pytest.param("/a1/720p/segment-1.ts;x", MediaPath(UNKNOWN, unrecognised=True), id="segment with parameters"),
        pytest.param("/a1/segment-1.ts;from=/b", MediaPath(UNKNOWN, unrecognised=True), id="slash in parameters"),
        pytest.param("/s;key=1/a1/list.M3U8;x=1.ts", MediaPath(ObjectKind.OBJECT_KIND_MANIFEST), id="parameters"),
        pytest.param("/a1/720p/segment-1.", MediaPath(UNKNOWN, unrecognised=True), id="a dot and nothing"),
        pytest.param("/v1.2/login", MediaPath(ObjectKind.OBJECT_KIND_OTHER), id="no extension under a dot"),
        pytest.param("/a1/720p/segment-1.ts/", MediaPath(ObjectKind.OBJECT_KIND_OTHER), id="trailing slash"),
    ],
)
def test_a_path_says_what_it_asks_for(path: str, expected: MediaPath) -> None:
    assert PathGrammar().parse(path) == expected


@pytest.mark.parametrize("extension", MEDIA.split())
def test_whatever_is_not_known_to_be_no_media_is_unrecognised(extension: str) -> None:
    for path in (f"/a1/720p/seg_1.{extension}", f"/{extension}/movie.{extension};jsessionid=1"):
        assert PathGrammar().parse(path) == MediaPath(UNKNOWN, unrecognised=True)


@pytest.mark.parametrize(
    ("kind", "extensions"),
    [
        pytest.param(ObjectKind.OBJECT_KIND_MANIFEST, "m3u8 m3u mpd MPD", id="manifest"),
        pytest.param(ObjectKind.OBJECT_KIND_KEY, "key", id="key"),
        pytest.param(ObjectKind.OBJECT_KIND_SUBTITLE, "vtt webvtt srt ttml dfxp", id="subtitle"),
        pytest.param(ObjectKind.OBJECT_KIND_IMAGE, "jpg jpeg png webp gif avif PNG", id="image"),
        pytest.param(
            ObjectKind.OBJECT_KIND_OTHER,
            "html htm php css js mjs map json webmanifest xml txt csv pdf ico svg woff woff2 ttf otf eot wasm zip gz",
            id="web site",
        ),
    ],
)
def test_what_is_known_to_be_no_media_bills_nothing_by_its_extension(kind: ObjectKind, extensions: str) -> None:
    for extension in extensions.split():
        assert PathGrammar().parse(f"/a1/some.thing.{extension}") == MediaPath(kind)


def test_own_patterns_replace_the_defaults() -> None:
    grammar = PathGrammar(segments=(r"/(?P<asset>\w+)_(?P<rendition>\w+)_(?P<number>\d+)\.ts",))
    assert grammar.parse("/a1_hd_12.ts") == MediaPath(SEGMENT, "a1", "hd", 12)
    assert grammar.parse("/a1/hd/segment-12.ts").unrecognised


@given(st.text())
def test_every_path_is_something(path: str) -> None:
    parsed = PathGrammar().parse(path)
    assert parsed.unrecognised == (parsed.kind == UNKNOWN)


name = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)


@given(asset=name, rendition=name, number=st.integers(0, 999_999_999), extension=st.sampled_from(["ts", "m4s"]))
def test_a_segment_path_gives_back_what_it_was_made_of(asset: str, rendition: str, number: int, extension: str) -> None:
    path = f"/{asset}/{rendition}/segment-{number}.{extension}"
    assert PathGrammar().parse(path) == MediaPath(SEGMENT, asset, rendition, number)


def test_a_path_parsed_twice_is_parsed_once() -> None:
    grammar = PathGrammar()
    assert grammar.parse("/a1/720p/segment-1.ts") is grammar.parse("/a1/720p/segment-1.ts")
