"""Planted changes of a small schema, and what the check says of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

from schemas import compatibility

RELEASED = """
syntax = "proto3";
package shop.v1;
enum Colour {
  COLOUR_UNSPECIFIED = 0;
  COLOUR_RED = 1;
  reserved 7, 20 to 30;
  reserved "COLOUR_PINK";
}
message Order {
  string id = 1;
  uint32 pieces = 2;
  optional uint64 price = 3;
  repeated Line lines = 4;
  Colour colour = 5;
  oneof address { string street = 6; string box = 8; }
  message Line { string text = 1; enum Unit { UNIT_UNSPECIFIED = 0; UNIT_METRE = 1; } Unit unit = 2; }
  reserved 7, 100 to max;
  reserved "coupon";
}
message Parcel { string id = 1; }
"""

HARMLESS = {
    "nothing": ("", ""),
    "a new field": ("uint32 pieces = 2;", "uint32 pieces = 2; string note = 9;"),
    "a new value": ("COLOUR_RED = 1;", "COLOUR_RED = 1; COLOUR_BLUE = 2;"),
    "a new message": ("message Parcel", "message Pallet { string id = 1; } message Parcel"),
    "a new enum": ("enum Colour", "enum Size { SIZE_UNSPECIFIED = 0; } enum Colour"),
    "another order of fields": (
        "string id = 1;\n  uint32 pieces = 2;",
        "uint32 pieces = 2;\n  string id = 1;",
    ),
    "a field removed, number and name reserved": ("uint32 pieces = 2;", 'reserved 2; reserved "pieces";'),
    "a value removed, number and name reserved": ("COLOUR_RED = 1;", 'reserved 1; reserved "COLOUR_RED";'),
    "a longer reservation": ("reserved 7, 20 to 30;", "reserved 7, 20 to 40;"),
    "a second name for a value": (
        "COLOUR_RED = 1;",
        "option allow_alias = true; COLOUR_RED = 1; COLOUR_ROT = 1;",
    ),
}

VIOLATIONS = {
    "another type": (
        ("uint32 pieces = 2;", "uint64 pieces = 2;"),
        ["field 2 of shop.v1.Order (pieces) changed its type from uint32 to uint64"],
    ),
    "another message type": (
        ("repeated Line lines", "repeated Parcel lines"),
        ["field 4 of shop.v1.Order (lines) changed its type from .shop.v1.Order.Line to .shop.v1.Parcel"],
    ),
    "another name": (
        ("uint32 pieces = 2;", "uint32 dozens = 2;"),
        ["field 2 of shop.v1.Order (pieces) changed its name from pieces to dozens"],
    ),
    "two numbers swapped": (
        ("string id = 1;\n  uint32 pieces = 2;", "string id = 2;\n  uint32 pieces = 1;"),
        [
            "field 1 of shop.v1.Order (id) changed its name from id to pieces",
            "field 1 of shop.v1.Order (id) changed its type from string to uint32",
            "field 2 of shop.v1.Order (pieces) changed its name from pieces to id",
            "field 2 of shop.v1.Order (pieces) changed its type from uint32 to string",
        ],
    ),
    "repeated instead of one": (
        ("uint32 pieces = 2;", "repeated uint32 pieces = 2;"),
        ["field 2 of shop.v1.Order (pieces) changed its label from optional to repeated"],
    ),
    "presence lost": (
        ("optional uint64 price", "uint64 price"),
        ["field 3 of shop.v1.Order (price) changed its presence from tracked to by type"],
    ),
    "moved into a oneof": (
        ("uint32 pieces = 2;\n", "oneof amount { uint32 pieces = 2; }\n"),
        ["field 2 of shop.v1.Order (pieces) changed its oneof from none to amount"],
    ),
    "a field removed": (
        ("uint32 pieces = 2;", ""),
        ['field shop.v1.Order.pieces was removed: add `reserved 2;` and `reserved "pieces";`'],
    ),
    "a field removed, only its number reserved": (
        ("uint32 pieces = 2;", "reserved 2;"),
        ['field shop.v1.Order.pieces was removed: add `reserved 2;` and `reserved "pieces";`'],
    ),
    "a field removed, only its name reserved": (
        ("uint32 pieces = 2;", 'reserved "pieces";'),
        ['field shop.v1.Order.pieces was removed: add `reserved 2;` and `reserved "pieces";`'],
    ),
    "a nested field": (
        ("string text = 1;", "bytes text = 1;"),
        ["field 1 of shop.v1.Order.Line (text) changed its type from string to bytes"],
    ),
    "a message removed": (
        ("message Parcel { string id = 1; }", ""),
        ["message shop.v1.Parcel was removed"],
    ),
    "an enum removed": (
        ("enum Unit { UNIT_UNSPECIFIED = 0; UNIT_METRE = 1; } Unit unit = 2;", "uint32 unit = 2;"),
        [
            "field 2 of shop.v1.Order.Line (unit) changed its type from .shop.v1.Order.Line.Unit to uint32",
            "enum shop.v1.Order.Line.Unit was removed",
        ],
    ),
    "another package": (
        ("package shop.v1;", "package shop.v2;"),
        [
            "message shop.v1.Order was removed",
            "message shop.v1.Order.Line was removed",
            "message shop.v1.Parcel was removed",
            "enum shop.v1.Colour was removed",
            "enum shop.v1.Order.Line.Unit was removed",
        ],
    ),
    "another meaning of a value": (
        ("COLOUR_RED = 1;", "COLOUR_BLUE = 1;"),
        ["value 1 of shop.v1.Colour meant COLOUR_RED, now COLOUR_BLUE"],
    ),
    "another number of a value": (
        ("COLOUR_RED = 1;", "COLOUR_RED = 2;"),
        ['value shop.v1.Colour.COLOUR_RED was removed: add `reserved 1;` and `reserved "COLOUR_RED";`'],
    ),
    "a nested value removed": (
        (" UNIT_METRE = 1;", ""),
        [
            ("value shop.v1.Order.Line.Unit.UNIT_METRE was removed:"
            ' add `reserved 1;` and `reserved "UNIT_METRE";`')
        ],
    ),
    "a reserved number used again": (
        ("reserved 7, 100 to max;", "string note = 7; reserved 100 to max;"),
        ["message shop.v1.Order no longer reserves 7: old messages may still use it"],
    ),
    "a shorter reservation": (
        ("reserved 7, 20 to 30;", "reserved 7, 20 to 29;"),
        ["enum shop.v1.Colour no longer reserves 20 to 30: old messages may still use it"],
    ),
    "a reserved name given up": (
        ('reserved "coupon";', ""),
        ['message shop.v1.Order no longer reserves "coupon": old messages may still use it'],
    ),
}  # fmt: skip


def compiled(source: str, directory: Path) -> FileDescriptorSet:
    (directory / "shop.proto").write_text(source)
    output = directory / "shop.binpb"
    status = protoc.main(["protoc", f"--proto_path={directory}", f"--descriptor_set_out={output}", "shop.proto"])
    assert status == 0
    return FileDescriptorSet.FromString(output.read_bytes())


def changed(before: str, after: str) -> str:
    assert before in RELEASED
    return RELEASED.replace(before, after, 1)


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_an_addition_or_a_reserved_removal_is_compatible(change: tuple[str, str], tmp_path: Path) -> None:
    released, today = compiled(RELEASED, tmp_path), compiled(changed(*change), tmp_path)
    assert compatibility.violations(released, today) == []


@pytest.mark.parametrize(("change", "expected"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_a_change_of_meaning_is_named(change: tuple[str, str], expected: list[str], tmp_path: Path) -> None:
    released, today = compiled(RELEASED, tmp_path), compiled(changed(*change), tmp_path)
    assert compatibility.violations(released, today) == expected


def test_todays_schema_is_compatible_with_the_released_one() -> None:
    released = FileDescriptorSet.FromString(compatibility.RELEASED.read_bytes())
    assert compatibility.violations(released, compatibility.current()) == []


def test_the_released_schema_is_not_empty() -> None:
    released = FileDescriptorSet.FromString(compatibility.RELEASED.read_bytes())
    assert [file.name for file in released.file] == ["schemas/cdn_logs.proto"]


def test_a_release_is_recorded_once_and_then_checked(tmp_path: Path) -> None:
    released = tmp_path / "released.binpb"
    assert compatibility.main(["--release"], released) == 0
    assert FileDescriptorSet.FromString(released.read_bytes()) == compatibility.current()
    assert compatibility.main([], released) == 0


def test_an_incompatible_schema_is_reported_and_not_released(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = compatibility.current()
    before.file[0].message_type.add(name="Forgotten")
    released = tmp_path / "released.binpb"
    released.write_bytes(before.SerializeToString())
    assert compatibility.main(["--release"], released) == 1
    assert capsys.readouterr().err == "message cdnlogs.v1.Forgotten was removed\n"
    assert FileDescriptorSet.FromString(released.read_bytes()) == before


def test_an_unknown_argument_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compatibility.main(["--relase"], tmp_path / "released.binpb") == 2
    assert "usage" in capsys.readouterr().err
