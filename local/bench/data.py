"""Full batches of believable records: many viewers, an asset in three viral, real paths, exact durations."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import psycopg2

from schemas.batch import HOUR_MS, MAX_FUTURE_MS, batch_id, hour_of, stamp_publication
from schemas.cdn_logs_pb2 import AccessLog, AccessLogBatch, BatchHeader, BatchKind, CacheStatus, Method

ASSETS: Final = 300
RENDITIONS: Final = (("360p", 360), ("720p", 720), ("1080p", 1080), ("2160p", 2160))
SEGMENTS: Final = 450
SEGMENT_MS: Final = 4004
#: Lines of about 250 bytes: so many fill a block of 256 KiB.
RECORDS_A_BATCH: Final = 1000
#: Different batches; the rest repeat them under other ids.
TEMPLATES: Final = 64
#: Requests of one viewer within a delivery: half a minute of playing.
SEGMENTS_A_SESSION: Final = 8
VIRAL_SHARE: Final = 1 / 3
#: The rest of the catalogue by rank, as catalogues are watched.
_POPULARITY: Final = [1 / (rank + 1) for rank in range(ASSETS)]
_HOURS: Final = 24


@dataclass(frozen=True)
class Corpus:
    """Serialised batches of one day, `count` of them, in the order of their hours."""

    templates: list[AccessLogBatch]
    count: int
    day_ms: int

    def batches(self) -> Iterator[AccessLogBatch]:
        """Each batch once; the object is reused, so take from it what you need before you ask for the next."""
        for number in range(self.count):
            batch = self.templates[number % len(self.templates)]
            _readdress(batch, number, self.day_ms + number * _HOURS // self.count * HOUR_MS)
            yield batch


def corpus(records: int, day_ms: int, seed: int = 1, records_a_batch: int = RECORDS_A_BATCH) -> Corpus:
    """Batches with at least so many records in all."""
    chance = random.Random(seed)
    templates = [_template(chance, records_a_batch) for _ in range(TEMPLATES)]
    return Corpus(templates, -(-records // records_a_batch), hour_of(day_ms))


def fill_asset_database(dsn: str) -> None:
    """Put the assets that the paths name into the asset database."""
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO environments SELECT 'env-' || n, 'Environment ' || n FROM generate_series(0, 5) AS n"
        )
        cursor.execute(
            "INSERT INTO assets SELECT 'asset-' || n, 'env-' || n %% 6 FROM generate_series(0, %s) AS n", (ASSETS - 1,)
        )
        for name, height in RENDITIONS:
            cursor.execute(
                "INSERT INTO renditions (asset_id, name, media_type, height, segment_ms)"
                " SELECT asset_id, %s, 'video', %s, array_fill(%s::integer, ARRAY[%s]) FROM assets",
                (name, height, SEGMENT_MS, SEGMENTS),
            )


def _template(chance: random.Random, size: int) -> AccessLogBatch:
    header = BatchHeader(
        kind=BatchKind.BATCH_KIND_RECORDS, id_version=1, source_id="bench", cdn="fastly", collector_build="bench"
    )
    sessions = [_session(chance) for _ in range(-(-size // SEGMENTS_A_SESSION))]
    # A CDN's log mixes its viewers, each in the order of its requests.
    mixed = [records[step] for step in range(SEGMENTS_A_SESSION) for records in sessions]
    return AccessLogBatch(
        header=header,
        records=mixed[:size],
        hosts=["", "vod.example.com"],
        user_agents=["", *(f"ExamplePlayer/3.{minor} (Linux; Android 15)" for minor in range(20))],
        pops=["", "FRA", "IAD", "NRT", "GRU"],
    )


def _session(chance: random.Random) -> list[AccessLog]:
    """One viewer's requests within a delivery: consecutive segments of one rendition."""
    asset = 0 if chance.random() < VIRAL_SHARE else chance.choices(range(ASSETS), _POPULARITY)[0]
    rendition, _ = chance.choice(RENDITIONS)
    address = f"198.18.{chance.randrange(256)}.{chance.randrange(256)}"
    agent, pop = chance.randrange(1, 21), chance.randrange(1, 5)
    first, start_ms = chance.randrange(SEGMENTS - SEGMENTS_A_SESSION), chance.randrange(HOUR_MS // 2)
    return [
        AccessLog(
            event_offset_ms=start_ms + step * SEGMENT_MS,
            method=Method.METHOD_GET,
            status=chance.choices((200, 206, 304, 404), (94, 4, 1, 1))[0],
            path=f"/vod/asset-{asset}/{rendition}/segment-{first + step}.m4s",
            host=1,
            body_bytes=(size := chance.randrange(200_000, 2_000_000)),
            object_bytes=size,
            cache_status=CacheStatus.CACHE_STATUS_HIT,
            client_ip=address,
            user_agent=agent,
            pop=pop,
            time_to_first_byte_ms=chance.randrange(200),
            elapsed_ms=chance.randrange(4000),
            request_id=f"{chance.getrandbits(128):032x}",
        )
        for step in range(SEGMENTS_A_SESSION)
    ]


def _readdress(batch: AccessLogBatch, number: int, hour_ms: int) -> None:
    header = batch.header
    header.delivery_id = f"bench-{number}"
    header.hour_ms = hour_ms
    header.batch_id = batch_id(header.source_id, header.delivery_id, hour_ms, 0)
    header.received_at_ms = hour_ms + HOUR_MS + MAX_FUTURE_MS
    stamp_publication(batch, header.received_at_ms)
