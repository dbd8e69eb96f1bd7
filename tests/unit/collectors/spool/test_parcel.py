"""Deliveries packed for the disk."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from collectors.batches.blocks import Delivery
from collectors.spool.parcel import Parcel

FIELDS: dict[str, st.SearchStrategy[object]] = {
    "source_id": st.text(),
    "cdn": st.text(),
    "delivery_id": st.text(),
    "received_at_ms": st.integers(0, 2**53),
    "lines": st.lists(st.binary()),
    "deduplicate_records": st.booleans(),
}
#: What is on a disk today: a spool outlives the release that wrote it.
OF_THE_FIRST_RELEASE = bytes.fromhex(
    "93a461636d656ac47328b52ffd206a51030086a9736f757263655f6964a461636d65a363646ea6616b616d6169ab64656c69"
    "766572795f6964a26431ae72656365697665645f61745f6d73cf000001a207345707a56c696e657392c4036f6e65c4057477"
    "6f20ffb364656475706c69636174655f7265636f726473c2"
)


@given(delivery=st.builds(Delivery, **FIELDS))
def test_a_delivery_comes_back_as_it_was(delivery: Delivery) -> None:
    assert Parcel.decode(Parcel.of(delivery).encode()).delivery() == delivery


def test_no_field_of_a_delivery_is_left_out_here() -> None:
    assert {*FIELDS} == {field.name for field in fields(Delivery)}


def test_a_parcel_of_an_earlier_release_can_be_read() -> None:
    assert Parcel.decode(OF_THE_FIRST_RELEASE).delivery() == Delivery(
        source_id="acme", cdn="akamai", delivery_id="d1", received_at_ms=1_795_417_200_391, lines=[b"one", b"two \xff"]
    )


def test_source_and_size_are_known_without_unpacking() -> None:
    lines = [b'{"a":"b","number":%d}' % number for number in range(1_000)]
    parcel = Parcel.of(Delivery(source_id="acme", cdn="akamai", delivery_id="d1", received_at_ms=1, lines=lines))
    assert parcel.source_id == "acme"
    assert sum(map(len, lines)) < parcel.size < sum(map(len, lines)) + 4_000
    assert len(parcel.encode()) < parcel.size / 5, "log lines shrink"
