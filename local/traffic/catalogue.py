"""What the made-up customers publish: environments, assets, HLS ladders and exact segment durations.

Drawn from a seed and from nothing else, so that two runs and two processes know the same catalogue.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import psycopg2
from psycopg2.extras import execute_values

Packaging = Literal["ts", "fmp4", "audio"]

DEFAULT_ASSETS: Final = 300
#: One asset in this many has no picture: a podcast or a radio show.
_AUDIO_ONLY_EVERY: Final = 20
#: Frames a second as fractions: film, PAL, NTSC. NTSC makes the durations irregular in milliseconds.
_FRAME_RATES: Final = ((24_000, 1_001), (25, 1), (30_000, 1_001))
#: Samples in an AAC frame and samples a second: audio segments end on a frame, not with the picture.
_AAC_FRAME: Final = 1_024
_SAMPLE_RATE: Final = 48_000
#: (picture height, peak bits a second, codecs of RFC 6381), lowest first.
_LADDER: Final = (
    (360, 800_000, "avc1.4d401e,mp4a.40.2"),
    (540, 1_600_000, "avc1.4d401f,mp4a.40.2"),
    (720, 3_000_000, "avc1.64001f,mp4a.40.2"),
    (1080, 5_800_000, "avc1.640028,mp4a.40.2"),
    (1440, 10_000_000, "hvc1.1.6.L150.90,mp4a.40.2"),
    (2160, 18_000_000, "hvc1.1.6.L153.90,mp4a.40.2"),
)
#: Best rendition of an asset, with how common it is.
_TOP_HEIGHTS: Final = {720: 20, 1080: 50, 1440: 15, 2160: 15}
_AUDIO_BPS: Final = 128_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """A customer environment: what bills are addressed to."""

    environment_id: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendition:
    """One rung of a ladder. `height` is 0 for audio; `segment_ms[0]` belongs to number `first_segment`."""

    name: str
    media_type: Literal["video", "audio"]
    height: int
    codecs: str
    bandwidth_bps: int
    first_segment: int
    segment_ms: tuple[int, ...]
    extension: Literal["ts", "m4s"]

    def duration_ms(self, number: int) -> int:
        """Exact media duration of a segment."""
        return self.segment_ms[number - self.first_segment]

    def segment_bytes(self, number: int) -> int:
        """Size of a segment's file: below the peak rate, and a little different for each."""
        return self.bandwidth_bps * self.duration_ms(number) // 9_000 + number * 4_099 % 8_191


@dataclass(frozen=True, kw_only=True, slots=True)
class Asset:
    """A published video or audio work. `folder` is the start of its paths, such as "/vod/intro-0001"."""

    asset_id: str
    environment_id: str
    folder: str
    packaging: Packaging
    #: Lowest first; of an fMP4 asset the pictures only.
    renditions: tuple[Rendition, ...]
    #: Demuxed audio beside the pictures; empty where it is muxed or where there is nothing else.
    companions: tuple[Rendition, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """Everything published. The withheld asset is served all day, and unknown to the asset database."""

    environments: tuple[Environment, ...]
    assets: tuple[Asset, ...]
    viral: Asset
    withheld: Asset

    @property
    def registered(self) -> tuple[Asset, ...]:
        """The assets that the asset database knows from the start."""
        return tuple(asset for asset in self.assets if asset is not self.withheld)


ENVIRONMENTS: Final = (
    Environment(environment_id="env-nordlicht", name="Nordlicht TV"),
    Environment(environment_id="env-cinelab", name="Cinelab"),
    Environment(environment_id="env-edu-open", name="Open Courses"),
    Environment(environment_id="env-sportivo", name="Sportivo"),
    Environment(environment_id="env-fashion", name="Fashion House"),
    Environment(environment_id="env-radio-eins", name="Radio Eins"),
)


def build(seed: int, count: int = DEFAULT_ASSETS) -> Catalogue:
    """Draw a catalogue of `count` assets (at least 4); the same seed draws the same."""
    draw = random.Random(f"catalogue-{seed}")
    viral = _viral(draw)
    withheld = _asset(draw, "premiere-withheld", ENVIRONMENTS[1], "fmp4", top=1080)
    others = [_ordinary(draw, number) for number in range(count - 2)]
    return Catalogue(environments=ENVIRONMENTS, assets=(viral, withheld, *others), viral=viral, withheld=withheld)


def write(dsn: str, environments: Iterable[Environment], assets: Iterable[Asset]) -> None:
    """Put environments and assets with their renditions into the asset database, in one transaction."""
    assets = tuple(assets)
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cursor:
            execute_values(
                cursor,
                "INSERT INTO environments (environment_id, name) VALUES %s ON CONFLICT DO NOTHING",
                [(environment.environment_id, environment.name) for environment in environments],
            )
            execute_values(
                cursor,
                "INSERT INTO assets (asset_id, environment_id) VALUES %s",
                [(asset.asset_id, asset.environment_id) for asset in assets],
            )
            execute_values(
                cursor,
                "INSERT INTO renditions (asset_id, name, media_type, height, codecs, bandwidth_bps,"
                " first_segment, segment_ms) VALUES %s",
                [row for asset in assets for row in _rendition_rows(asset)],
            )
    finally:
        connection.close()


def _rendition_rows(asset: Asset) -> Iterator[tuple[object, ...]]:
    for rendition in asset.renditions + asset.companions:
        yield (
            asset.asset_id,
            rendition.name,
            rendition.media_type,
            rendition.height,
            rendition.codecs,
            rendition.bandwidth_bps,
            rendition.first_segment,
            list(rendition.segment_ms),
        )


def _viral(draw: random.Random) -> Asset:
    """Draw a short clip in every resolution, which everybody watches to the end."""
    return _asset(draw, "goal-of-the-year", ENVIRONMENTS[3], "ts", top=2160, seconds=180)


def _ordinary(draw: random.Random, number: int) -> Asset:
    if number % _AUDIO_ONLY_EVERY == 0:
        return _asset(draw, f"podcast-{number:04}", ENVIRONMENTS[5], "audio")
    packaging: Packaging = "ts" if draw.random() < 0.5 else "fmp4"
    top = draw.choices(tuple(_TOP_HEIGHTS), tuple(_TOP_HEIGHTS.values()))[0]
    return _asset(draw, f"title-{number:04}", draw.choice(ENVIRONMENTS[:5]), packaging, top=top)


def _asset(
    draw: random.Random,
    asset_id: str,
    environment: Environment,
    packaging: Packaging,
    *,
    top: int = 0,
    seconds: int | None = None,
) -> Asset:
    edges = _edges(draw, seconds or draw.randint(300, 1_500), 6 if packaging == "ts" else 4)
    first_segment = draw.choice((0, 1))
    audio = _audio(edges, first_segment)
    return Asset(
        asset_id=asset_id,
        environment_id=environment.environment_id,
        folder=f"{draw.choice(('', '/vod'))}/{asset_id}",
        packaging=packaging,
        renditions=(audio,) if packaging == "audio" else _pictures(edges, first_segment, packaging, top),
        companions=(audio,) if packaging == "fmp4" else (),
    )


def _edges(draw: random.Random, seconds: int, target_s: int) -> tuple[int, ...]:
    """Draw when segments begin, and the end, in milliseconds: on frames, sooner where a scene changes."""
    rate, scale = draw.choice(_FRAME_RATES)
    last = seconds * rate // scale + draw.randint(1, 20)
    frame, frames = 0, [0]
    while frame < last:
        cut = draw.uniform(0.5, 0.9) if draw.random() < 0.1 else 1.0
        frame = min(last, frame + int(target_s * cut * rate / scale))
        frames.append(frame)
    return tuple(frame * scale * 1_000 // rate for frame in frames)


def _durations(edges: Iterable[int]) -> tuple[int, ...]:
    return tuple(end - start for start, end in pairwise(edges))


def _pictures(edges: tuple[int, ...], first_segment: int, packaging: Packaging, top: int) -> tuple[Rendition, ...]:
    segment_ms = _durations(edges)
    return tuple(
        Rendition(
            name=f"{height}p",
            media_type="video",
            height=height,
            codecs=codecs if packaging == "ts" else codecs.partition(",")[0],
            bandwidth_bps=bandwidth,
            first_segment=first_segment,
            segment_ms=segment_ms,
            extension="ts" if packaging == "ts" else "m4s",
        )
        for height, bandwidth, codecs in _LADDER
        if height <= top
    )


def _audio(edges: tuple[int, ...], first_segment: int) -> Rendition:
    """Audio cut on the last AAC frame before each edge of the picture."""
    samples = (edge * _SAMPLE_RATE // 1_000 // _AAC_FRAME * _AAC_FRAME for edge in edges)
    return Rendition(
        name="audio-en",
        media_type="audio",
        height=0,
        codecs="mp4a.40.2",
        bandwidth_bps=_AUDIO_BPS,
        first_segment=first_segment,
        segment_ms=_durations(sample * 1_000 // _SAMPLE_RATE for sample in samples),
        extension="m4s",
    )
