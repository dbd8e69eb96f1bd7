"""A delivery's body to its lines, by the framing that its source declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from collectors.framing.azure_records import split_records
from collectors.framing.failed_firehose import split_failed
from collectors.framing.firehose import Envelope
from collectors.framing.json_values import split_json
from collectors.framing.lines import split_lines
from collectors.framing.w3c import split_w3c

Splitter = Callable[[bytes], list[bytes]]

SPLITTERS: Final[Mapping[str, Splitter]] = {
    "json": split_json,
    "lines": split_lines,
    "firehose-json": split_json,
    "firehose-lines": split_lines,
    "pubsub-json": split_json,
    "azure-records": split_records,
    "failed-firehose": split_failed,
    "w3c": split_w3c,
}


def lines_of(body: bytes, framing: str) -> list[bytes]:
    """The lines of a plain body."""
    return SPLITTERS[framing](body)


def lines_of_envelope(envelope: Envelope, framing: str) -> list[bytes]:
    """The lines of all records of a Firehose request, in order; one record may hold several."""
    split = SPLITTERS[framing]
    return [line for payload in envelope.payloads() for line in split(payload)]
