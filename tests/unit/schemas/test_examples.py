"""One example of each kind of message, as text and as the bytes that Kafka and Redis hold.

The bytes are kept: a change of the schema after which they read differently breaks what was written before.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import message_factory, text_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from schemas import cdn_logs_pb2
from schemas.batch import check_contract
from schemas.cdn_logs_pb2 import AccessLogBatch

EXAMPLES = Path(__file__).parent / "examples"
TEXTS = sorted(EXAMPLES.glob("*.txtpb"))

each_example = pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)


def from_text(path: Path) -> Message:
    """Read a text-format file; its header line `# proto-message: <name>` says which message it is."""
    text = path.read_text()
    [name] = [line.split(": ")[1] for line in text.splitlines() if line.startswith("# proto-message: ")]
    descriptor = cdn_logs_pb2.DESCRIPTOR.message_types_by_name[name.removeprefix("cdnlogs.v1.")]
    return text_format.Parse(text, message_factory.GetMessageClass(descriptor)())


def kept_bytes(path: Path) -> bytes:
    return bytes.fromhex(path.with_suffix(".hex").read_text())


@each_example
def test_the_bytes_that_were_kept_still_mean_the_same(path: Path) -> None:
    example = from_text(path)
    assert type(example).FromString(kept_bytes(path)) == example


@each_example
def test_an_example_is_still_written_as_the_bytes_that_were_kept(path: Path) -> None:
    assert from_text(path).SerializeToString(deterministic=True) == kept_bytes(path)


@each_example
def test_an_example_survives_text_and_back(path: Path) -> None:
    example = from_text(path)
    assert text_format.Parse(text_format.MessageToString(example), type(example)()) == example


@each_example
def test_an_example_batch_keeps_the_contract(path: Path) -> None:
    example = from_text(path)
    if isinstance(example, AccessLogBatch):
        check_contract(example)


def fields_of(descriptor: Descriptor) -> Iterator[FieldDescriptor]:
    """Fields of a message and of the messages in it."""
    for field in descriptor.fields:
        yield field
        if field.message_type:
            yield from fields_of(field.message_type)


def fields_set_in(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        yield field.full_name
        if field.message_type:
            for part in [value] if isinstance(value, Message) else value:
                yield from fields_set_in(part)


def test_the_examples_set_every_field_of_every_message() -> None:
    messages = cdn_logs_pb2.DESCRIPTOR.message_types_by_name.values()
    every = {field.full_name for message in messages for field in fields_of(message)}
    assert every - {name for path in TEXTS for name in fields_set_in(from_text(path))} == set()


def test_every_kept_file_has_its_text() -> None:
    assert [path.stem for path in sorted(EXAMPLES.glob("*.hex"))] == [path.stem for path in TEXTS]
