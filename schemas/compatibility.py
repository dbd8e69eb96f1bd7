"""Check that no field number, name or type of the messages changed its meaning since the last release.

Kafka keeps messages for months and Redis entries outlive a deployment, so what was written once must be read
the same way for ever. `python -m schemas.compatibility` compares today's schema with the last released one in
`schemas/released.binpb` and fails with a line a violation; with `--release` it records today's as released.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

from schemas import cdn_logs_pb2

Reserving = DescriptorProto | EnumDescriptorProto
Shape = dict[str, str]

RELEASED: Final = Path(__file__).resolve().parent / "released.binpb"


def current() -> FileDescriptorSet:
    """Return the schema that the generated modules were made from."""
    file = FileDescriptorProto.FromString(cdn_logs_pb2.DESCRIPTOR.serialized_pb)
    return FileDescriptorSet(file=[file])


def violations(released: FileDescriptorSet, today: FileDescriptorSet) -> list[str]:
    """One sentence for each change that would make messages of the released schema mean something else.

    Additions are free. A field or enum value may go if its number and its name are reserved; messages and
    enums may not, because nothing can keep their names from coming back with other fields.
    """
    messages, enums = _messages(today), _enums(today)
    found: list[str] = []
    for name, message in _messages(released).items():
        found += _message_violations(name, message, messages.get(name))
    for name, enum in _enums(released).items():
        found += _enum_violations(name, enum, enums.get(name))
    return found


def _message_violations(name: str, old: DescriptorProto, new: DescriptorProto | None) -> Iterator[str]:
    if new is None:
        yield f"message {name} was removed"
        return
    fields = {field.number: field for field in new.field}
    for field in old.field:
        if field.number in fields:
            yield from _field_violations(name, _shape(old, field), _shape(new, fields[field.number]))
        elif not _is_reserved(new, field.number, field.name):
            yield _removed(f"field {name}.{field.name}", field.number, field.name)
    yield from _lost_reservations(f"message {name}", old, new)


def _enum_violations(name: str, old: EnumDescriptorProto, new: EnumDescriptorProto | None) -> Iterator[str]:
    if new is None:
        yield f"enum {name} was removed"
        return
    names: dict[int, set[str]] = {}
    for value in new.value:
        names.setdefault(value.number, set()).add(value.name)
    for value in old.value:
        if value.number not in names:
            if not _is_reserved(new, value.number, value.name):
                yield _removed(f"value {name}.{value.name}", value.number, value.name)
        elif value.name not in names[value.number]:
            now = "/".join(sorted(names[value.number]))
            yield f"value {value.number} of {name} meant {value.name}, now {now}"
    yield from _lost_reservations(f"enum {name}", old, new)


def _removed(what: str, number: int, name: str) -> str:
    return f'{what} was removed: add `reserved {number};` and `reserved "{name}";`'


def _lost_reservations(where: str, old: Reserving, new: Reserving) -> Iterator[str]:
    """Name reservations that shrank. One that is split counts as lost: keep it as it was written."""
    kept = _reserved_numbers(new)
    for span in _reserved_numbers(old):
        if not any(span.start >= other.start and span.stop <= other.stop for other in kept):
            numbers = str(span.start) if len(span) == 1 else f"{span.start} to {span.stop - 1}"
            yield f"{where} no longer reserves {numbers}: old messages may still use it"
    for name in sorted(set(old.reserved_name) - set(new.reserved_name)):
        yield f'{where} no longer reserves "{name}": old messages may still use it'


def _shape(message: DescriptorProto, field: FieldDescriptorProto) -> Shape:
    """Say in words for people what a reader's understanding of a field depends on."""
    in_oneof = field.HasField("oneof_index") and not field.proto3_optional
    return {
        "name": field.name,
        "number": str(field.number),
        "type": field.type_name or FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower(),
        "label": FieldDescriptorProto.Label.Name(field.label).removeprefix("LABEL_").lower(),
        "presence": "tracked" if field.proto3_optional else "by type",
        "oneof": message.oneof_decl[field.oneof_index].name if in_oneof else "none",
    }


def _field_violations(message: str, old: Shape, new: Shape) -> Iterator[str]:
    for aspect, before in old.items():
        if new[aspect] != before:
            where = f"field {old['number']} of {message} ({old['name']})"
            yield f"{where} changed its {aspect} from {before} to {new[aspect]}"


def _is_reserved(owner: Reserving, number: int, name: str) -> bool:
    return name in owner.reserved_name and any(number in span for span in _reserved_numbers(owner))


def _reserved_numbers(owner: Reserving) -> list[range]:
    """Reserved spans: descriptors give their ends exclusively for messages and inclusively for enums."""
    beyond = 1 if isinstance(owner, EnumDescriptorProto) else 0
    return [range(span.start, span.end + beyond) for span in owner.reserved_range]


def _messages(schema: FileDescriptorSet) -> dict[str, DescriptorProto]:
    """Every message by full name, nested ones included."""

    def walk(prefix: str, messages: list[DescriptorProto]) -> Iterator[tuple[str, DescriptorProto]]:
        for message in messages:
            name = f"{prefix}.{message.name}".lstrip(".")
            yield name, message
            yield from walk(name, list(message.nested_type))

    return dict(pair for file in schema.file for pair in walk(file.package, list(file.message_type)))


def _enums(schema: FileDescriptorSet) -> dict[str, EnumDescriptorProto]:
    """Every enum by full name, nested ones included."""
    top = {f"{file.package}.{enum.name}".lstrip("."): enum for file in schema.file for enum in file.enum_type}
    nested = {f"{name}.{enum.name}": enum for name, message in _messages(schema).items() for enum in message.enum_type}
    return top | nested


def main(arguments: list[str], released: Path = RELEASED) -> int:
    """Print the violations, 1 if there are any; with `--release` record today's schema if there are none."""
    if arguments not in ([], ["--release"]):
        print("usage: python -m schemas.compatibility [--release]", file=sys.stderr)
        return 2
    before = FileDescriptorSet.FromString(released.read_bytes() if released.exists() else b"")
    found = violations(before, current())
    for violation in found:
        print(violation, file=sys.stderr)
    if arguments and not found:
        released.write_bytes(current().SerializeToString(deterministic=True))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
