from __future__ import annotations

from collections.abc import Collection

import pytest

from jobs.build import BUILD_ID
from jobs.enrichment.assets import Asset
from jobs.enrichment.fuse import Fuse, FuseBlown
from jobs.enrichment.geography import Geography
from jobs.enrichment.holes import Holes
from jobs.enrichment.paths import PathGrammar
from jobs.enrichment.stage import EnrichmentStage, Output
from schemas.cdn_logs_pb2 import AccessLogBatch, AssetSettings, DeadLetter, Rendition, RenditionSettings
from schemas.topics import MAX_DEAD_PAYLOAD_BYTES, MAX_MESSAGE_BYTES
from tests.support.batches import HOUR_MS, batch, delivery, heartbeat

HOUR = 490_000 * HOUR_MS


class Resolver:
    """Knows a1, with as many segments as `segments` says; remembers what had to be read again."""

    def __init__(self, segments: int = 3, read_at_ms: int = 0) -> None:
        self.segments = segments
        self.read_at_ms = read_at_ms
        self.now_s = 0.0
        self.again: list[tuple[set[str], int]] = []

    def assets(self, asset_ids: Collection[str]) -> dict[str, Asset]:
        return {asset_id: self._asset(asset_id) for asset_id in asset_ids}

    def read_again(self, asset_ids: set[str], not_before_ms: int) -> dict[str, Asset]:
        if asset_ids:
            self.again.append((asset_ids, not_before_ms))
            self.segments += 1
        return self.assets(asset_ids)

    def _asset(self, asset_id: str) -> Asset:
        rendition = RenditionSettings(
            rendition=Rendition(environment_id="env-1", asset_id=asset_id, name="720p", height=720),
            segment_ms=[4000] * self.segments,
        )
        settings = AssetSettings(asset_id=asset_id, renditions=[rendition], read_at_ms=self.read_at_ms)
        settings.absent = asset_id != "a1"
        return Asset.of(settings)


def stage(resolver: Resolver, window: int = 1000) -> EnrichmentStage:
    return EnrichmentStage(
        grammar=PathGrammar(),
        resolver=resolver,  # type: ignore[arg-type]  # a fake
        geography=Geography(None, None),
        holes=Holes(15, lambda: resolver.now_s),
        unresolved_fuse=Fuse("media deliveries", "unresolved", 0.5, window),
        dead_fuse=Fuse("messages", "dead letters", 0.5, window),
        raw_topic="raw",
        lookup_totals={"asset_cache_hits": lambda: 7},
        close=lambda: None,
    )


def test_a_batch_keeps_its_key_and_is_stamped_with_the_build() -> None:
    made = batch([delivery("/a1/720p/segment-1.ts")], hour_ms=HOUR)
    output = stage(Resolver()).process(made.SerializeToString(), HOUR)
    written = AccessLogBatch.FromString(output.value)
    assert (output.key, output.dead) == (made.header.batch_id.encode(), False)
    assert written.header == made.header
    assert written.enrichment.build == BUILD_ID
    assert written.records[0].media_duration_ms == 4000


def test_a_heartbeat_passes_unchanged() -> None:
    payload = heartbeat("key-3", HOUR).SerializeToString()
    assert stage(Resolver()).process(payload, HOUR) == Output(b"key-3", payload)


def test_a_message_that_breaks_the_contract_is_a_dead_letter_with_its_provenance() -> None:
    output = stage(Resolver()).process(b"\xff\xffjunk", 1234)
    assert output.dead
    assert DeadLetter.FromString(output.value) == DeadLetter(
        stage="enrichment",
        reason="invalid-batch",
        detail="no AccessLogBatch message",
        payload=b"\xff\xffjunk",
        topic="raw",
        topic_timestamp_ms=1234,
        build=BUILD_ID,
    )


@pytest.mark.parametrize(
    ("size", "kept", "detail"),
    [
        (MAX_DEAD_PAYLOAD_BYTES, MAX_DEAD_PAYLOAD_BYTES, "no AccessLogBatch message"),
        (
            MAX_DEAD_PAYLOAD_BYTES + 1,
            3_145_728,
            "no AccessLogBatch message; the payload holds the first 3145728 of 3145729 bytes",
        ),
        (
            2 * MAX_MESSAGE_BYTES,
            3_145_728,
            "no AccessLogBatch message; the payload holds the first 3145728 of 8388608 bytes",
        ),
    ],
    ids=["as large as is kept", "a byte more", "more than Kafka takes"],
)
def test_a_dead_letter_fits_a_message_and_says_what_was_cut_off(size: int, kept: int, detail: str) -> None:
    output = stage(Resolver()).process(b"\xff" * size, 1234)
    letter = DeadLetter.FromString(output.value)
    assert (len(letter.payload), letter.detail) == (kept, detail)
    assert len(output.key) + len(output.value) < MAX_MESSAGE_BYTES - 64 * 1024


def test_a_segment_newer_than_the_cached_asset_is_read_again() -> None:
    resolver = Resolver(segments=3, read_at_ms=HOUR)
    made = batch([delivery("/a1/720p/segment-3.ts")], hour_ms=HOUR)
    output = stage(resolver).process(made.SerializeToString(), HOUR)
    assert resolver.again == [({"a1"}, made.header.received_at_ms)]
    assert AccessLogBatch.FromString(output.value).records[0].media_duration_ms == 4000


def test_a_segment_that_an_asset_read_after_the_delivery_lacks_is_unresolved() -> None:
    resolver = Resolver(segments=3, read_at_ms=HOUR + 2 * HOUR_MS)
    made = batch([delivery("/a1/720p/segment-3.ts")], hour_ms=HOUR)
    output = stage(resolver).process(made.SerializeToString(), HOUR)
    assert resolver.again == []
    assert AccessLogBatch.FromString(output.value).records[0].unresolved


def test_a_segment_that_the_database_lacks_is_asked_for_again_after_a_while_another_at_once() -> None:
    """A rendition that nobody has registered must not cost a query a batch."""
    resolver = Resolver(segments=0)
    subject = stage(resolver)

    def number_of_reads(number: int) -> int:
        made = batch([delivery(f"/a1/720p/segment-{number}.ts")], hour_ms=HOUR)
        subject.process(made.SerializeToString(), HOUR)
        return len(resolver.again)

    assert [number_of_reads(9), number_of_reads(9), number_of_reads(8)] == [1, 1, 2]
    resolver.now_s = 15
    assert number_of_reads(9) == 3


def test_a_missing_segment_that_nobody_got_is_not_asked_for() -> None:
    resolver = Resolver(segments=3)
    made = batch([delivery("/a1/720p/segment-3.ts", status=404)], hour_ms=HOUR)
    stage(resolver).process(made.SerializeToString(), HOUR)
    assert resolver.again == []


def test_a_source_whose_records_are_mostly_unresolved_blows_the_fuse() -> None:
    made = batch([delivery("/gone/720p/segment-1.ts")] * 10, hour_ms=HOUR)
    with pytest.raises(FuseBlown, match="source 'fastly-main'"):
        stage(Resolver(), window=10).process(made.SerializeToString(), HOUR)


def test_what_needs_no_asset_does_not_keep_the_fuse_from_blowing() -> None:
    lost = [delivery("/gone/720p/segment-1.ts")] * 6 + [delivery("/a1/720p/segment-1.ts")] * 4
    beside = [delivery("/a1/master.m3u8")] * 50 + [delivery("/a1/720p/segment-1.ts", status=304)] * 50
    with pytest.raises(FuseBlown, match="6 of 10 media deliveries of source 'fastly-main' are unresolved"):
        stage(Resolver(), window=10).process(batch(lost + beside, hour_ms=HOUR).SerializeToString(), HOUR)


def test_what_needs_no_asset_fills_no_window() -> None:
    beside = [delivery("/a1/master.m3u8")] * 5 + [delivery("/gone/720p/segment-1.ts", status=404)] * 5
    made = batch([delivery("/gone/720p/segment-1.ts")] * 9 + beside, hour_ms=HOUR)
    assert not stage(Resolver(), window=10).process(made.SerializeToString(), HOUR).dead


def test_the_fuse_of_a_task_that_starts_anew_has_counted_nothing() -> None:
    made = batch([delivery("/gone/720p/segment-1.ts")] * 6, hour_ms=HOUR).SerializeToString()
    stage(Resolver(), window=10).process(made, HOUR)
    assert not stage(Resolver(), window=10).process(made, HOUR).dead


def test_a_topic_full_of_junk_blows_the_fuse() -> None:
    subject = stage(Resolver(), window=2)
    subject.process(b"junk-1", 0)
    with pytest.raises(FuseBlown, match="dead letters"):
        subject.process(b"junk-2", 0)


def test_totals_are_counted_for_export() -> None:
    subject = stage(Resolver())
    made = batch([delivery("/a1/720p/segment-1.ts"), delivery("/gone/720p/segment-1.ts")], hour_ms=HOUR)
    subject.process(made.SerializeToString(), HOUR)
    subject.process(b"junk", HOUR)
    assert {name: read() for name, read in subject.totals().items()} == {
        "records": 2,
        "unresolved": 1,
        "dead_letters": 1,
        "asset_cache_hits": 7,
    }
