"""The ledger of a segment."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.spool.ledger import Ledger, entries, entry


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "1.replayed"


def test_the_format_is_this() -> None:
    assert entry(258) == bytes.fromhex("0201000000000000 a0d37081")


def test_a_ledger_that_was_never_written_says_nothing_and_is_no_file(path: Path) -> None:
    assert (Ledger(path).replayed, path.exists()) == (0, False)


def test_the_last_entry_counts_after_a_start_too(path: Path) -> None:
    ledger = Ledger(path)
    ledger.write(100)
    ledger.write(250)
    assert (ledger.replayed, Ledger(path).replayed) == (250, 250)


@given(offsets=st.lists(st.integers(0, 2**63), max_size=5), data=st.data())
def test_a_ledger_cut_off_at_any_byte_says_its_whole_entries(offsets: list[int], data: st.DataObject) -> None:
    whole = b"".join(map(entry, offsets))
    cut = data.draw(st.integers(0, len(whole)))
    assert entries(whole[:cut]) == offsets[: cut // len(entry(0))]


@given(offsets=st.lists(st.integers(0, 2**63), min_size=1, max_size=5), data=st.data())
def test_a_changed_byte_ends_what_is_believed(offsets: list[int], data: st.DataObject) -> None:
    whole = bytearray(b"".join(map(entry, offsets)))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    assert entries(bytes(whole)) == offsets[: at // len(entry(0))]


@pytest.mark.parametrize("torn", [1, 11, 12], ids=["a byte", "all but a byte", "a broken entry"])
def test_writing_goes_on_behind_the_last_whole_entry(path: Path, torn: int) -> None:
    path.write_bytes(entry(100) + b"\xff" * torn)
    ledger = Ledger(path)
    assert ledger.replayed == 100
    ledger.write(200)
    assert entries(path.read_bytes()) == [100, 200]


def test_a_removed_ledger_is_gone(path: Path) -> None:
    ledger = Ledger(path)
    ledger.write(100)
    ledger.remove()
    assert not path.exists()
    ledger.remove()
