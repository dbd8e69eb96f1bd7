"""Frames: cut off anywhere, changed anywhere, all others come back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.spool.frames import OVERHEAD_BYTES, SYNC_BYTES, Damage, Frame, frame, scan

SYNC = b"\x01SYNC\x02\x03\x04"
PAYLOADS = st.lists(st.binary(max_size=40), min_size=1, max_size=6)


def written(payloads: list[bytes]) -> bytes:
    return b"".join(frame(payload, SYNC) for payload in payloads)


def read(data: bytes, start: int = 0) -> list[bytes]:
    return [found.payload for found in scan(data, SYNC, start) if isinstance(found, Frame)]


def test_the_format_is_this() -> None:
    assert frame(b"abc", b"12345678") == b"12345678" + bytes.fromhex("03000000 335de166") + b"abc"


def test_what_was_written_is_read_in_order() -> None:
    data = written([b"one", b"", b"three"])
    assert list(scan(data, SYNC)) == [Frame(0, 19, b"one"), Frame(19, 35, b""), Frame(35, 56, b"three")]


def test_reading_starts_and_stops_at_an_offset() -> None:
    data = written([b"one", b"two", b"three"])
    assert list(scan(data, SYNC, 19, 38)) == [Frame(19, 38, b"two")]
    assert list(scan(data, SYNC, 38, 45)) == [Damage(38, 45)], "a record that reaches behind the stop is not whole"


def test_a_file_without_records_holds_nothing() -> None:
    assert list(scan(b"", SYNC)) == []


@given(payloads=PAYLOADS, data=st.data())
def test_a_file_cut_off_at_any_byte_loses_only_what_was_being_written(
    payloads: list[bytes], data: st.DataObject
) -> None:
    whole = written(payloads)
    cut = data.draw(st.integers(0, len(whole)))
    found = list(scan(whole[:cut], SYNC))
    complete = [payload for number, payload in enumerate(payloads) if len(written(payloads[: number + 1])) <= cut]
    assert [item.payload for item in found if isinstance(item, Frame)] == complete
    torn = [item for item in found if isinstance(item, Damage)]
    end = len(written(complete))
    assert torn == ([Damage(end, cut)] if end < cut else [])


def test_a_file_cut_off_at_every_byte_loses_only_what_was_being_written() -> None:
    payloads = [b"first", b"second", b"third"]
    whole = written(payloads)
    ends = [len(written(payloads[:count])) for count in range(4)]
    for cut in range(len(whole) + 1):
        assert read(whole[:cut]) == payloads[: sum(end <= cut for end in ends[1:])]


@given(payloads=PAYLOADS, data=st.data())
def test_a_changed_byte_costs_one_record_and_is_told(payloads: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(written(payloads))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    hit = next(number for number in range(len(payloads)) if at < len(written(payloads[: number + 1])))
    found = list(scan(bytes(whole), SYNC))
    assert [item.payload for item in found if isinstance(item, Frame)] == payloads[:hit] + payloads[hit + 1 :]
    before = len(written(payloads[:hit]))
    assert [item for item in found if isinstance(item, Damage)] == [
        Damage(before, before + OVERHEAD_BYTES + len(payloads[hit]))
    ]


@given(data=st.binary(max_size=200), start=st.integers(0, 200))
def test_no_content_raises_and_nothing_is_left_out(data: bytes, start: int) -> None:
    start = min(start, len(data))
    at = start
    for found in scan(data, SYNC, start):
        assert found.start == at < found.end
        at = found.end
    assert at == len(data)


@pytest.mark.parametrize(
    "tail", [b"\x00" * 50, SYNC, SYNC + b"\xff" * 8, SYNC * 5], ids=["zeros", "sync", "huge", "syncs"]
)
def test_what_a_crash_may_leave_at_the_end_is_no_record(tail: bytes) -> None:
    good = written([b"good"])
    assert list(scan(good + tail, SYNC)) == [Frame(0, 20, b"good"), Damage(20, 20 + len(tail))]


def test_a_line_cannot_pass_for_a_record_of_another_sender() -> None:
    forged = frame(b"forged", b"a-guess!")
    assert len(b"a-guess!") == SYNC_BYTES
    broken = bytearray(written([b"x" + forged, b"good"]))
    broken[SYNC_BYTES] ^= 1
    assert read(bytes(broken)) == [b"good"]
