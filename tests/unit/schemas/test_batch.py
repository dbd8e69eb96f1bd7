"""The batch contract: ids, lateness, timestamps, and every way to break it."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import batch as contract
from schemas.cdn_logs_pb2 import (
    AccessLog,
    AccessLogBatch,
    BatchHeader,
    BatchKind,
    Heartbeat,
    SourceTotals,
)

#: 2026-09-01T10:00:00Z.
HOUR = 1_788_256_800_000
HOUR_MS = contract.HOUR_MS

Identity = tuple[str, str, int, int]

names = st.text(alphabet=string.ascii_letters + string.digits + ":-_/é", max_size=12)
identities: st.SearchStrategy[Identity] = st.tuples(
    names,
    names,
    st.integers(min_value=0, max_value=600_000).map(lambda hours: hours * HOUR_MS),
    st.integers(min_value=0, max_value=2**32 - 1),
)


def make_batch(*offsets_ms: int, hour_ms: int = HOUR, published_at_ms: int = HOUR + HOUR_MS) -> AccessLogBatch:
    header = BatchHeader(
        kind=BatchKind.BATCH_KIND_RECORDS,
        id_version=1,
        source_id="fastly-main",
        delivery_id="d1",
        first_line=2_000,
        hour_ms=hour_ms,
        batch_id=contract.batch_id("fastly-main", "d1", hour_ms, 2_000),
        received_at_ms=HOUR + HOUR_MS,
    )
    records = [AccessLog(line=2_000 + n, event_offset_ms=offset) for n, offset in enumerate(offsets_ms)]
    batch = AccessLogBatch(header=header, records=records)
    contract.stamp_publication(batch, published_at_ms)
    return batch


def make_heartbeat() -> AccessLogBatch:
    totals = [SourceTotals(source_id="fastly-main", batches=3, records=2_500, rejected=4)]
    heartbeat = Heartbeat(boot_id="b007", key="k12", totals=totals)
    kind = BatchKind.BATCH_KIND_HEARTBEAT
    return AccessLogBatch(header=BatchHeader(kind=kind, published_at_ms=HOUR + 17, heartbeat=heartbeat))


class TestIds:
    def test_the_ids_of_version_1_never_change(self) -> None:
        ids = [
            contract.batch_id("fastly-main", "d1", HOUR, 0),
            contract.batch_id("fastly-main", "d1", HOUR, 1_000),
            contract.batch_id("fastly-main", "d1", HOUR + HOUR_MS, 0),
            contract.batch_id("", "", 0, 0),
        ]
        assert ids == [
            "f07861c0cdb88cfb0ae2bdb79e39aa2f",
            "e3e05d7665aabc077c2aceb3e95ee3e5",
            "c32006f9480ecc11e5776aefaf0edb90",
            "a63375342ab95d5e04f62abe3d52e3bc",
        ]

    def test_the_identity_of_a_body_is_its_sha_256(self) -> None:
        empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        assert contract.delivery_id_of_body(b"") == empty

    @given(identities)
    def test_an_id_is_32_lower_case_hex_characters_and_repeatable(self, identity: Identity) -> None:
        made = contract.batch_id(*identity)
        assert len(made) == 32
        assert set(made) <= set("0123456789abcdef")
        assert made == contract.batch_id(*identity)

    @given(identities, identities)
    def test_different_identities_have_different_ids(self, one: Identity, other: Identity) -> None:
        assert (contract.batch_id(*one) == contract.batch_id(*other)) == (one == other)

    @given(names, names, st.integers(min_value=0, max_value=12))
    def test_no_cut_between_source_and_delivery_makes_the_same_id(self, source: str, delivery: str, cut: int) -> None:
        text = source + delivery
        moved = (text[:cut], text[cut:])
        same = contract.batch_id(*moved, HOUR, 0) == contract.batch_id(source, delivery, HOUR, 0)
        assert same == (moved == (source, delivery))


class TestHours:
    @pytest.mark.parametrize(
        ("event_time_ms", "hour_ms"),
        [
            (HOUR, HOUR),
            (HOUR + 1, HOUR),
            (HOUR + HOUR_MS - 1, HOUR),
            (HOUR + HOUR_MS, HOUR + HOUR_MS),
            (0, 0),
        ],
        ids=["first millisecond", "second", "last", "next hour", "epoch"],
    )
    def test_an_event_belongs_to_the_hour_that_it_falls_in(self, event_time_ms: int, hour_ms: int) -> None:
        assert contract.hour_of(event_time_ms) == hour_ms

    @given(st.integers(min_value=0, max_value=2**45))
    def test_an_hour_holds_its_event(self, event_time_ms: int) -> None:
        hour_ms = contract.hour_of(event_time_ms)
        assert hour_ms % HOUR_MS == 0
        assert hour_ms <= event_time_ms < hour_ms + HOUR_MS


class TestLateness:
    END = HOUR + HOUR_MS

    @pytest.mark.parametrize(
        ("published_at_ms", "late"),
        [
            (HOUR, False),
            (END, False),
            (END + 48 * HOUR_MS - 1, False),
            (END + 48 * HOUR_MS, False),
            (END + 48 * HOUR_MS + 1, True),
            (END + 1_000 * HOUR_MS, True),
        ],
        ids=["within its hour", "at its end", "before the horizon", "at it", "beyond it", "weeks later"],
    )
    def test_a_batch_is_late_beyond_48_hours_after_the_end_of_its_hour(self, published_at_ms: int, late: bool) -> None:
        assert contract.is_late(HOUR, published_at_ms) is late
        assert make_batch(0, published_at_ms=published_at_ms).header.late is late

    def test_a_second_copy_is_stamped_anew(self) -> None:
        batch = make_batch(0, published_at_ms=self.END + 48 * HOUR_MS + 1)
        contract.stamp_publication(batch, self.END)
        assert (batch.header.published_at_ms, batch.header.late) == (self.END, False)

    def test_windows_stay_open_beyond_the_horizon(self) -> None:
        assert contract.ALLOWED_LATENESS_MS > contract.BILLING_HORIZON_MS + contract.MAX_FUTURE_MS


class TestKafkaTimestamp:
    def test_it_is_the_newest_event_time_of_an_on_time_batch(self) -> None:
        assert contract.kafka_timestamp(make_batch(5, 3_599_999, 7)) == HOUR + 3_599_999

    def test_it_is_what_the_maker_of_the_batch_says_within_its_hour(self) -> None:
        assert contract.kafka_timestamp(make_batch(5), HOUR + 5) == HOUR + 5
        for outside_ms in (HOUR - 1, HOUR + HOUR_MS):
            with pytest.raises(contract.InvalidBatch, match="outside the hour"):
                contract.kafka_timestamp(make_batch(5), outside_ms)

    @pytest.mark.parametrize("newest_event_ms", [None, HOUR + 5], ids=["looked for", "known"])
    def test_it_is_the_publication_of_a_late_batch(self, newest_event_ms: int | None) -> None:
        published_at_ms = HOUR + 50 * HOUR_MS
        batch = make_batch(5, published_at_ms=published_at_ms)
        assert contract.kafka_timestamp(batch, newest_event_ms) == published_at_ms

    def test_it_is_the_publication_of_a_batch_of_rejects_only(self) -> None:
        batch = make_batch(hour_ms=contract.NO_HOUR_MS, published_at_ms=HOUR)
        assert contract.kafka_timestamp(batch) == HOUR

    def test_it_is_the_collectors_clock_for_a_heartbeat(self) -> None:
        assert contract.kafka_timestamp(make_heartbeat()) == HOUR + 17

    @pytest.mark.parametrize("offsets_ms", [(), (HOUR_MS,), (0, 2**32 - 1)], ids=["none", "next hour", "huge"])
    def test_no_batch_moves_the_watermark_beyond_its_hour(self, offsets_ms: tuple[int, ...]) -> None:
        with pytest.raises(contract.InvalidBatch, match="outside the hour"):
            contract.kafka_timestamp(make_batch(*offsets_ms))

    @given(st.lists(st.integers(min_value=0, max_value=HOUR_MS - 1), min_size=1, max_size=20))
    def test_the_timestamp_of_an_on_time_batch_lies_in_its_hour(self, offsets_ms: list[int]) -> None:
        assert contract.hour_of(contract.kafka_timestamp(make_batch(*offsets_ms))) == HOUR


class TestKafkaKey:
    def test_a_batch_is_keyed_by_its_id(self) -> None:
        batch = make_batch(0)
        assert contract.kafka_key(batch.header) == batch.header.batch_id.encode()

    def test_a_heartbeat_is_keyed_for_its_partition(self) -> None:
        assert contract.kafka_key(make_heartbeat().header) == b"k12"


def with_id(batch: AccessLogBatch, **header: object) -> AccessLogBatch:
    """Change header fields and make the id follow, so that only the changed rule is broken."""
    for name, value in header.items():
        setattr(batch.header, name, value)
    changed = batch.header
    changed.batch_id = contract.batch_id(changed.source_id, changed.delivery_id, changed.hour_ms, changed.first_line)
    contract.stamp_publication(batch, changed.published_at_ms)
    return batch


def changed(batch: AccessLogBatch, **header: object) -> AccessLogBatch:
    for name, value in header.items():
        setattr(batch.header, name, value)
    return batch


def heartbeat_with_records() -> AccessLogBatch:
    batch = make_heartbeat()
    batch.records.add()
    return batch


def heartbeat_without_key() -> AccessLogBatch:
    batch = make_heartbeat()
    batch.header.heartbeat.key = ""
    return batch


BROKEN: dict[str, tuple[Callable[[], AccessLogBatch], str]] = {
    "empty message": (AccessLogBatch, "unknown batch kind 0"),
    "kind of the future": (lambda: changed(make_batch(0), kind=9), "unknown batch kind 9"),
    "other id version": (lambda: changed(make_batch(0), id_version=2), "unknown id version 2"),
    "no id": (lambda: changed(make_batch(0), batch_id=""), "batch_id does not follow"),
    "upper-case id": (
        lambda: changed(make_batch(0), batch_id=make_batch(0).header.batch_id.upper()),
        "batch_id does not follow",
    ),
    "other source": (lambda: changed(make_batch(0), source_id="other"), "batch_id does not follow"),
    "other delivery": (lambda: changed(make_batch(0), delivery_id="d2"), "batch_id does not follow"),
    "other block": (lambda: changed(make_batch(0), first_line=0), "batch_id does not follow"),
    "other hour": (lambda: changed(make_batch(0), hour_ms=HOUR - HOUR_MS), "batch_id does not follow"),
    "within an hour": (lambda: with_id(make_batch(0), hour_ms=HOUR + 1), "not the start of an hour"),
    "said to be late": (lambda: changed(make_batch(0), late=True), "late contradicts published_at"),
    "said to be on time": (
        lambda: changed(make_batch(0), published_at_ms=HOUR + 50 * HOUR_MS),
        "late contradicts published_at",
    ),
    "of the future": (
        lambda: with_id(make_batch(0), received_at_ms=HOUR - contract.MAX_FUTURE_MS - 1),
        "its hour lies in the future",
    ),
    "too old": (
        lambda: with_id(make_batch(0), received_at_ms=HOUR + HOUR_MS + contract.MAX_AGE_MS),
        "its hour is too long ago",
    ),
    "records without an hour": (lambda: make_batch(0, hour_ms=0), "records without an hour"),
    "an hour without records": (make_batch, "an hour without records"),
    "too many records": (lambda: make_batch(*[0] * 1_001), "more than 1000 records"),
    "heartbeat with records": (heartbeat_with_records, "a heartbeat carries records"),
    "heartbeat without a key": (heartbeat_without_key, "a heartbeat has no key"),
}

SOUND: dict[str, Callable[[], AccessLogBatch]] = {
    "on time": lambda: make_batch(0, 1, 2),
    "late": lambda: make_batch(0, published_at_ms=HOUR + 50 * HOUR_MS),
    "a full block": lambda: make_batch(*[0] * 1_000),
    "rejects only": lambda: make_batch(hour_ms=0),
    "five minutes ahead": lambda: with_id(make_batch(0), received_at_ms=HOUR - contract.MAX_FUTURE_MS),
    "45 days old": lambda: with_id(make_batch(0), received_at_ms=HOUR + HOUR_MS + contract.MAX_AGE_MS - 1),
    "heartbeat": make_heartbeat,
}


class TestContract:
    @pytest.mark.parametrize("make", SOUND.values(), ids=SOUND)
    def test_a_sound_batch_is_read_as_it_was_written(self, make: Callable[[], AccessLogBatch]) -> None:
        assert contract.parse_batch(make().SerializeToString()) == make()

    @pytest.mark.parametrize(("make", "why"), BROKEN.values(), ids=BROKEN)
    def test_a_broken_batch_is_refused_with_its_reason(self, make: Callable[[], AccessLogBatch], why: str) -> None:
        with pytest.raises(contract.InvalidBatch, match=why):
            contract.parse_batch(make().SerializeToString())

    @pytest.mark.parametrize("payload", [b"\xff", b"\x0a\x05ab", b"GET / HTTP/1.1"], ids=repr)
    def test_bytes_that_are_no_message_are_refused(self, payload: bytes) -> None:
        with pytest.raises(contract.InvalidBatch, match="no AccessLogBatch message"):
            contract.parse_batch(payload)

    @given(st.binary(max_size=200))
    def test_any_bytes_are_read_or_refused(self, payload: bytes) -> None:
        with pytest.raises(contract.InvalidBatch):
            contract.parse_batch(payload)

    @given(st.integers(min_value=0, max_value=150), st.integers(min_value=0, max_value=255))
    def test_a_damaged_batch_is_refused_or_keeps_the_contract(self, position: int, value: int) -> None:
        payload = bytearray(make_batch(0, 1, 2).SerializeToString())
        payload[position % len(payload)] = value
        try:
            batch = contract.parse_batch(bytes(payload))
        except contract.InvalidBatch:
            return
        contract.check_contract(batch)

    def test_the_constants_of_version_1_never_change(self) -> None:
        constants = (
            contract.ID_VERSION,
            contract.BLOCK_MAX_LINES,
            contract.BLOCK_MAX_BYTES,
            contract.LINE_MAX_BYTES,
            contract.BILLING_HORIZON_MS,
            contract.ALLOWED_LATENESS_MS,
            contract.MAX_FUTURE_MS,
            contract.MAX_AGE_MS,
        )
        assert constants == (1, 1_000, 262_144, 262_144, 172_800_000, 259_200_000, 300_000, 3_888_000_000)
