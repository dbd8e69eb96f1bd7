"""The queue in a folder: order, limits, crashes."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.batches.blocks import Delivery
from collectors.spool.parcel import Parcel
from collectors.spool.store import SpoolFull, SpoolInUse, SpoolLimits, SpoolStore

MIB = 1024 * 1024
ROOMY = SpoolLimits(max_bytes=MIB, min_free_bytes=0)


class World:
    def __init__(self, folder: Path, delivery: Callable[..., Delivery]) -> None:
        self.folder = folder
        self._delivery = delivery
        self._open: list[SpoolStore] = []

    def store(self, limits: SpoolLimits = ROOMY) -> SpoolStore:
        self._open.append(SpoolStore(self.folder, limits))
        return self._open[-1]

    def restarted(self, limits: SpoolLimits = ROOMY) -> SpoolStore:
        """What the next process finds; a process that ends, however, lets go of its lock."""
        self.close()
        return self.store(limits)

    def close(self) -> None:
        while self._open:
            self._open.pop().close()

    def append(self, store: SpoolStore, *delivery_ids: str) -> None:
        for delivery_id in delivery_ids:
            store.append(Parcel.of(self._delivery(delivery_id)))

    def segments(self) -> list[Path]:
        return sorted(self.folder.glob("*.segment"))


def ids(parcels: list[Parcel]) -> list[str]:
    return [parcel.delivery().delivery_id for parcel in parcels]


def replayed(store: SpoolStore, max_bytes: int = 1) -> Iterator[str]:
    while parcels := store.head(max_bytes):
        yield from ids(parcels)
        store.commit()


@pytest.fixture
def world(tmp_path: Path, delivery: Callable[..., Delivery]) -> Iterator[World]:
    made = World(tmp_path, delivery)
    yield made
    made.close()


def test_an_empty_spool_holds_nothing_and_has_no_segment(world: World) -> None:
    store = world.store()
    assert (store.head(MIB), store.size, store.waiting, world.segments()) == ([], 0, Counter(), [])


def test_first_in_first_out_before_and_after_a_restart(world: World) -> None:
    store = world.store()
    world.append(store, "d1", "d2", "d3")
    assert ids(store.head(1)) == ["d1"]
    store.commit()
    again = world.restarted()
    world.append(again, "d4")
    assert again.waiting == {"acme": 3}
    assert list(replayed(again)) == ["d2", "d3", "d4"]
    assert (again.size, again.waiting, world.segments()) == (0, Counter(), [])


def test_the_head_is_given_until_it_is_committed(world: World) -> None:
    store = world.store()
    world.append(store, "d1", "d2")
    assert ids(store.head(1)) == ids(store.head(1)) == ["d1"]
    store.commit()
    with pytest.raises(ValueError, match="commit without head"):
        store.commit()


def test_a_restart_writes_into_a_segment_of_its_own(world: World) -> None:
    world.append(world.store(), "d1")
    again = world.restarted()
    world.append(again, "d2")
    assert [path.name[:12] for path in world.segments()] == ["000000000001", "000000000002"]
    assert list(replayed(again)) == ["d1", "d2"]


def test_a_full_segment_is_followed_by_another_and_deleted_once_it_is_replayed(world: World) -> None:
    store = world.store(SpoolLimits(max_bytes=MIB, min_free_bytes=0, segment_bytes=400))
    world.append(store, "d1", "d2", "d3", "d4", "d5")
    counts = [len(world.segments()) for _ in replayed(store)]
    assert (counts[0], sorted(counts, reverse=True), world.segments()) == (3, counts, [])


def test_a_delivery_larger_than_a_segment_has_one_of_its_own(world: World) -> None:
    store = world.store(SpoolLimits(max_bytes=MIB, min_free_bytes=0, segment_bytes=1))
    world.append(store, "d1", "d2")
    assert len(world.segments()) == 2
    assert list(replayed(store)) == ["d1", "d2"]


def test_a_full_spool_refuses_keeps_what_it_has_and_takes_more_once_there_is_room(world: World) -> None:
    store = world.store(SpoolLimits(max_bytes=400, min_free_bytes=0, segment_bytes=1))
    world.append(store, "d1", "d2")
    with pytest.raises(SpoolFull, match=r"the spool holds \d+ of 400 bytes"):
        world.append(store, "d3")
    assert ids(store.head(1)) == ["d1"]
    store.commit()
    store.head(1)
    world.append(store, "d3")
    assert list(replayed(store)) == ["d2", "d3"]


def test_a_disk_that_is_nearly_full_is_left_its_last_bytes(world: World) -> None:
    status = os.statvfs(world.folder)
    store = world.store(SpoolLimits(max_bytes=MIB, min_free_bytes=status.f_blocks * status.f_frsize))
    with pytest.raises(SpoolFull, match=r"the spool's disk has \d+ bytes left, \d+ must stay free"):
        world.append(store, "d1")
    assert world.segments() == []


def test_behind_a_failed_write_nothing_is_written_and_what_was_promised_stays(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = world.store()
    world.append(store, "d1")

    def fail(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output"):
            world.append(store, "lost")
    world.append(store, "d2")
    assert len(world.segments()) == 2
    again = world.restarted()
    assert (again.torn_records, list(replayed(again))) == (0, ["d1", "d2"])


def test_a_crash_between_kafkas_answer_and_the_ledger_repeats_the_delivery(world: World) -> None:
    store = world.store()
    world.append(store, "d1", "d2")
    assert ids(store.head(MIB)) == ["d1", "d2"]
    assert list(replayed(world.restarted())) == ["d1", "d2"]


def test_a_torn_end_is_cut_and_counted(world: World) -> None:
    world.append(world.store(), "d1", "torn")
    (segment,) = world.segments()
    with segment.open("r+b") as file:
        file.truncate(segment.stat().st_size - 3)
    again = world.restarted()
    assert (again.torn_records, again.damaged_segments, list(replayed(again))) == (1, 0, ["d1"])
    assert world.restarted().torn_records == 0


def test_damage_is_counted_until_somebody_has_taken_the_file_away(world: World) -> None:
    world.append(world.store(), "d1", "d2", "d3")
    (segment,) = world.segments()
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(bytes(data))
    again = world.restarted()
    assert (again.damaged_segments, list(replayed(again)), again.damaged_segments) == (1, ["d1", "d3"], 1)
    assert world.restarted().damaged_segments == 1
    for path in world.folder.glob("*.damaged"):
        path.unlink()
    assert world.restarted().damaged_segments == 0


def test_two_processes_cannot_share_a_folder(world: World) -> None:
    store = world.store()
    with pytest.raises(SpoolInUse, match="another process uses"):
        SpoolStore(world.folder, ROOMY)
    store.close()
    code = (
        "import sys, pathlib; from collectors.spool.store import *\n"
        "store = SpoolStore(pathlib.Path(sys.argv[1]), SpoolLimits()); print('locked', flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", code, str(world.folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(SpoolInUse):
            SpoolStore(world.folder, ROOMY)
        other.kill()
    world._open.clear()
    assert world.store().head(1) == [], "a killed process holds no lock"


STEPS = st.lists(st.sampled_from(["append", "replay", "read", "restart", "torn"]), max_size=25)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, segment_bytes=st.sampled_from([1, 300, MIB]))
def test_whatever_happens_all_that_was_promised_comes_out_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    delivery: Callable[..., Delivery],
    steps: list[str],
    segment_bytes: int,
) -> None:
    world = World(tmp_path_factory.mktemp("spool"), delivery)
    limits = SpoolLimits(max_bytes=MIB, min_free_bytes=0, segment_bytes=segment_bytes)
    store, promised, number = world.store(limits), [], 0
    for step in steps:
        if step == "append":
            number += 1
            world.append(store, f"d{number}")
            promised.append(f"d{number}")
        elif step == "replay" and store.head(1):
            store.commit()
            promised.pop(0)
        elif step == "read":
            assert ids(store.head(MIB)) == promised[: len(ids(store.head(MIB)))]
        elif step in {"restart", "torn"}:
            world.close()
            if step == "torn" and world.segments():
                with world.segments()[-1].open("ab") as file:
                    file.write(b"a write that was cut off")
            store = world.store(limits)
    assert sum(store.waiting.values()) == len(promised)
    assert list(replayed(store)) == promised
    assert (store.size, store.damaged_segments, world.segments()) == (0, 0, [])
    world.close()
