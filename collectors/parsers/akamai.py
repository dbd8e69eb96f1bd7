"""Akamai DataStream 2 to a custom HTTPS endpoint, in its JSON log format: one object a line.

What the fields mean stands in akamai_row.py, the other log format in akamai_structured.py. Of JSON alone:

* All values come as strings in observed data; keys whose value is `-` or null are left out, but `-` is seen too.
* How the objects of one upload stand behind each other is not documented: lines, an array and plain concatenation
  are all cut (framing `json`).
* "Validate & Save" posts a sample request whose body is not documented: see `is_probe`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from collectors.batches.records import LineParser, Record
from collectors.parsers import akamai_structured
from collectors.parsers.akamai_row import Row, record_of
from collectors.parsers.format import Format, always
from collectors.parsers.json_lines import JsonLines

#: A sample request is small.
PROBE_MAX_BYTES: Final = 4_096
#: Keys that streams of whatever field list have. A stream without them is set up wrongly, but no probe.
_LOG_LINE: Final = re.compile(rb'"(?:version|streamId|cp|reqId|reqTimeSec|statusCode|bytes|cliIP|reqHost|reqPath)"')


class Options(msgspec.Struct, forbid_unknown_fields=True):
    """Akamai JSON sources have no options."""


def parser(options: Options) -> LineParser:
    """The parser of DataStream 2 JSON lines."""
    del options
    return _parse


def is_probe(body: bytes) -> bool:
    """Whether a body is the sample request of "Validate & Save": small, and nothing like a log line in it."""
    return len(body) <= PROBE_MAX_BYTES and _LOG_LINE.search(body) is None


_rows: Final = JsonLines(Row)


def _parse(line: bytes) -> Record:
    return record_of(_rows.decode(line))


FORMATS: Final[Mapping[str, Format]] = {
    "json": Format(options=Options, parser=parser, framing="json", is_probe=is_probe, has_request_id=always),
    "structured": akamai_structured.FORMAT,
}
