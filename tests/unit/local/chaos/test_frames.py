"""Ends of transactions are read in every version of the protocol, and nothing else is mistaken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.chaos.frames import END_TXN, PEEK_BYTES, EndTxn, Peek, correlation_id, end_txn, end_txn_error, peek

#: EndTxn v2 and v5 of "enrichment.enriched.-0-7", producer 4711 in epoch 3, as the Java client 4.1 writes them.
CLASSIC = bytes.fromhex(
    "001a 0002 0000002a 0007 666c696e6b2d31"
    " 0018 656e726963686d656e742e656e7269636865642e2d302d37 0000000000001267 0003 01"
)
FLEXIBLE = bytes.fromhex(
    "001a 0005 0000002a 0007 666c696e6b2d31 00"
    " 19 656e726963686d656e742e656e7269636865642e2d302d37 0000000000001267 0003 01 00"
)
COMMIT = EndTxn("enrichment.enriched.-0-7", 4711, 3, committed=True)


def test_the_start_of_a_request_says_what_it_is() -> None:
    assert peek(FLEXIBLE[:PEEK_BYTES]) == Peek(END_TXN, 5, 42)


@pytest.mark.parametrize("frame", [pytest.param(CLASSIC, id="version-2"), pytest.param(FLEXIBLE, id="version-5")])
def test_the_end_of_a_transaction_names_it(frame: bytes) -> None:
    assert end_txn(frame) == COMMIT


def test_an_abort_is_no_commit() -> None:
    assert end_txn(FLEXIBLE[:-2] + b"\x00\x00") == COMMIT._replace(committed=False)


def test_a_client_without_a_name_is_read_too() -> None:
    assert end_txn(CLASSIC[:PEEK_BYTES] + b"\xff\xff" + CLASSIC[PEEK_BYTES + 9 :]) == COMMIT


def test_tagged_fields_are_passed_over() -> None:
    header = FLEXIBLE[: PEEK_BYTES + 9]
    assert end_txn(header + bytes.fromhex("02 05 03 616263 09 00") + FLEXIBLE[len(header) + 1 :]) == COMMIT


@given(st.text(min_size=1, max_size=400), st.integers(0, 2**63 - 1), st.integers(0, 2**15 - 1), st.booleans())
def test_ids_of_any_length_are_read_back(name: str, producer: int, epoch: int, committed: bool) -> None:
    encoded = name.encode()
    length, size = b"", len(encoded) + 1
    while size >= 0x80:
        length, size = length + bytes([size & 0x7F | 0x80]), size >> 7
    body = producer.to_bytes(8, "big") + epoch.to_bytes(2, "big") + bytes([committed, 0])
    frame = FLEXIBLE[: PEEK_BYTES + 10] + length + bytes([size]) + encoded + body
    assert end_txn(frame) == EndTxn(name, producer, epoch, committed)


@pytest.mark.parametrize("size", range(PEEK_BYTES, len(FLEXIBLE) - 1))
def test_a_frame_that_is_cut_off_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="in the middle of a value"):
        end_txn(FLEXIBLE[:size])


@pytest.mark.parametrize(
    ("answer", "version", "error"),
    [
        pytest.param("0000002a 00000000 0000", 2, 0, id="success"),
        pytest.param("0000002a 00000000 002f", 2, 47, id="invalid-producer-epoch"),
        pytest.param("0000002a 00 00000000 0030 0000000000001267 0004 00", 5, 48, id="invalid-transaction-state"),
    ],
)
def test_the_answer_tells_the_error(answer: str, version: int, error: int) -> None:
    frame = bytes.fromhex(answer)
    assert (correlation_id(frame), end_txn_error(frame, version)) == (42, error)
