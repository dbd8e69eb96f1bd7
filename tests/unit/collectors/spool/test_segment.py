"""One segment file with its ledger, through crashes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.batches.blocks import Delivery
from collectors.spool.ledger import entry
from collectors.spool.parcel import Parcel
from collectors.spool.segment import Segment

SYNC = b"\x01\x02\x03\x04\x05\x06\x07\x08"
NAME = "000000000007.0102030405060708.segment"
MIB = 1024 * 1024


class World:
    def __init__(self, folder: Path, delivery: Callable[..., Delivery]) -> None:
        self.folder = folder
        self._delivery = delivery

    def create(self, *delivery_ids: str, source_id: str = "acme") -> Segment:
        segment = Segment.create(self.folder, 7, SYNC)
        for delivery_id in delivery_ids:
            parcel = Parcel.of(self._delivery(delivery_id, source_id=source_id))
            segment.append(parcel.encode(), source_id)
        return segment

    def found(self) -> Segment:
        """What another process finds after a crash of the first one."""
        (segment,) = Segment.find(self.folder)
        return segment

    def recovered(self, *, is_last: bool = True) -> Segment:
        segment = self.found()
        segment.recover(is_last=is_last)
        return segment

    @property
    def file(self) -> Path:
        return self.folder / NAME

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


def ids(segment: Segment, max_bytes: int = MIB) -> list[str]:
    return [parcel.delivery().delivery_id for parcel in segment.read(max_bytes).parcels]


@pytest.fixture
def world(tmp_path: Path, delivery: Callable[..., Delivery]) -> World:
    return World(tmp_path, delivery)


def test_what_was_appended_is_read_in_order_before_and_after_a_crash(world: World) -> None:
    segment = world.create("d1", "d2", "d3")
    assert ids(segment) == ["d1", "d2", "d3"]
    again = world.recovered()
    assert (ids(again), again.waiting, again.number) == (["d1", "d2", "d3"], {"acme": 3}, 7)


def test_as_much_is_read_as_fits_and_one_at_least(world: World, delivery: Callable[..., Delivery]) -> None:
    segment = world.create("d1", "d2", "d3")
    one = Parcel.of(delivery("d1")).size
    assert ids(segment, max_bytes=2 * one) == ["d1", "d2"]
    assert ids(segment, max_bytes=1) == ["d1"]


def test_what_kafka_has_is_read_no_more_before_and_after_a_crash(world: World) -> None:
    segment = world.create("d1", "d2", "d3")
    segment.commit(segment.read(1))
    assert (ids(segment), segment.waiting) == (["d2", "d3"], {"acme": 2})
    again = world.recovered()
    assert (ids(again), again.waiting) == (["d2", "d3"], {"acme": 2})


def test_what_comes_after_a_read_is_not_committed_with_it(world: World, delivery: Callable[..., Delivery]) -> None:
    segment = world.create("d1")
    run = segment.read(MIB)
    segment.append(Parcel.of(delivery("d2")).encode(), "acme")
    segment.commit(run)
    assert ids(segment) == ["d2"]


def test_deliveries_are_counted_by_source(world: World, delivery: Callable[..., Delivery]) -> None:
    segment = world.create("d1", "d2")
    segment.append(Parcel.of(delivery("d3", source_id="other")).encode(), "other")
    assert segment.waiting == world.recovered().waiting == Counter(acme=2, other=1)


def test_a_finished_segment_leaves_no_file(world: World) -> None:
    segment = world.create("d1")
    segment.commit(segment.read(MIB))
    assert ids(segment) == []
    segment.finish()
    assert world.names() == []


def test_a_torn_end_is_cut_at_every_byte_and_the_rest_stays(world: World) -> None:
    world.create("d1").seal()
    first_bytes = world.file.stat().st_size
    segment = Segment(world.file)
    segment.recover(is_last=True)
    world.file.unlink()
    world.create("d1", "d2").seal()
    whole = world.file.read_bytes()
    for cut in range(first_bytes, len(whole)):
        world.file.write_bytes(whole[:cut])
        again = world.found()
        assert again.recover(is_last=True) == (cut > first_bytes)
        assert (ids(again), again.is_damaged, world.file.stat().st_size) == (["d1"], False, first_bytes)


def test_a_damaged_end_that_is_more_than_one_write_is_no_torn_end(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.create("d1", "d2", "d3").seal()
    data = bytearray(world.file.read_bytes())
    data[len(data) // 2] ^= 1
    world.file.write_bytes(bytes(data[:-1]))
    again = world.found()
    assert (again.recover(is_last=True), ids(again), again.is_damaged) == (0, ["d1"], True)
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]


def test_an_empty_segment_holds_nothing(world: World) -> None:
    world.create()
    again = world.found()
    assert (again.recover(is_last=True), ids(again), again.size) == (0, [], 0)


@pytest.mark.parametrize("is_last", [True, False])
def test_damage_in_the_middle_is_loud_costs_one_delivery_and_keeps_the_file(
    world: World, is_last: bool, caplog: pytest.LogCaptureFixture
) -> None:
    world.create("d1", "d2", "d3").seal()
    data = bytearray(world.file.read_bytes())
    data[len(data) // 2] ^= 1
    world.file.write_bytes(bytes(data))
    again = world.recovered(is_last=is_last)
    assert (ids(again), again.waiting, again.is_damaged) == (["d1", "d3"], {"acme": 2}, True)
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    again.commit(again.read(MIB))
    assert ids(again) == []
    again.finish()
    assert world.names() == [NAME.replace(".segment", ".damaged")]
    assert (world.folder / world.names()[0]).read_bytes() == bytes(data)


def test_a_cut_off_end_of_an_older_segment_is_damage(world: World) -> None:
    world.create("d1", "d2").seal()
    with world.file.open("r+b") as file:
        file.truncate(world.file.stat().st_size - 1)
    again = world.recovered(is_last=False)
    assert (ids(again), again.is_damaged) == (["d1"], True)


def test_damage_that_comes_while_it_waits_is_told_and_passed_over(world: World) -> None:
    segment = world.create("d1", "d2")
    data = bytearray(world.file.read_bytes())
    data[20] ^= 1
    world.file.write_bytes(bytes(data))
    assert (ids(segment), segment.is_damaged) == (["d2"], True)


def test_a_torn_ledger_repeats_what_it_lost(world: World) -> None:
    segment = world.create("d1", "d2")
    segment.commit(segment.read(1))
    ledger = world.file.with_suffix(".replayed")
    ledger.write_bytes(ledger.read_bytes()[:-1])
    assert ids(world.recovered()) == ["d1", "d2"]


def test_the_ledger_goes_after_its_segment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    segment = world.create("d1")
    segment.commit(segment.read(MIB))

    def crash(folder: Path) -> None:
        raise KeyboardInterrupt(str(folder))

    monkeypatch.setattr("collectors.spool.segment.sync_folder", crash)
    with pytest.raises(KeyboardInterrupt):
        segment.finish()
    assert world.names() == [NAME.replace(".segment", ".replayed")]
    assert Segment.find(world.folder) == []
    assert world.names() == [], "a ledger without its segment is no use"


def test_finishing_can_be_tried_again(world: World) -> None:
    segment = world.create("d1")
    segment.finish()
    segment.finish()
    assert world.names() == []


def test_a_sealed_segment_takes_no_more(world: World) -> None:
    segment = world.create("d1")
    segment.seal()
    with pytest.raises(ValueError, match="sealed"):
        segment.append(b"late", "acme")


def test_other_files_of_the_folder_are_left_alone(world: World) -> None:
    (world.folder / "lost+found").mkdir()
    (world.folder / "lock").touch()
    (world.folder / "000000000001.0102030405060708.damaged").touch()
    assert Segment.find(world.folder) == []
    with pytest.raises(ValueError, match="no name of a segment"):
        Segment(world.folder / "lock")


def test_an_entry_of_the_ledger_is_the_offset_behind_the_last_delivery_that_kafka_has(world: World) -> None:
    segment = world.create("d1", "d2")
    size = segment.size
    segment.commit(segment.read(MIB))
    assert world.file.with_suffix(".replayed").read_bytes() == entry(size)
