"""Log lines of whatever content, for property tests: near misses of a format find more than noise does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from collectors.batches.hour_batch import HourBatch
from collectors.batches.records import InvalidLine, LineParser
from schemas.cdn_logs_pb2 import BatchHeader

_TRAPS = (
    "",
    "-",
    "(null)",
    "000",
    "1795417200.391",
    "2026-11-23T07:00:00Z",
    "9" * 5_000,
    "/a?b",
    "GET",
    "nan",
    "1e999",
)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**18, max_value=2 * 10**18)
    | st.floats()
    | st.text()
    | st.integers().map(str)
    | st.floats().map(str)
    | st.sampled_from(_TRAPS)
)
_VALUES = _SCALARS | st.lists(_SCALARS, max_size=2) | st.dictionaries(st.text(), _SCALARS, max_size=2)


def json_lines(valid: Mapping[str, Any]) -> st.SearchStrategy[bytes]:
    """A valid object with some values replaced by anything, left out, or cut off; or any JSON; or any bytes."""
    keys = st.sampled_from(sorted(valid))
    changed = st.builds(
        lambda change, drop: {key: value for key, value in {**valid, **change}.items() if key not in drop},
        st.dictionaries(keys, _VALUES, max_size=4),
        st.sets(keys, max_size=2),
    )
    lines = (changed | _VALUES).map(lambda value: json.dumps(value).encode())
    cut_off = st.builds(lambda line, at: line[: at % (len(line) + 1)], lines, st.integers(min_value=0))
    return lines | cut_off | st.binary()


def tab_lines(valid: list[str]) -> st.SearchStrategy[bytes]:
    """A valid line with some columns replaced by anything; or any bytes."""
    return separated_lines(valid, "\t")


def separated_lines(valid: list[str], separator: str) -> st.SearchStrategy[bytes]:
    """A valid line with some columns replaced by anything; or any bytes."""
    columns = st.lists(st.none() | _SCALARS.map(str), min_size=len(valid), max_size=len(valid))
    changed = columns.map(lambda new: [old if text is None else text for old, text in zip(valid, new, strict=True)])
    return changed.map(lambda row: separator.join(row).encode(errors="surrogatepass")) | st.binary()


def damaged_lines(valid: bytes) -> st.SearchStrategy[bytes]:
    """A valid line with a piece of it replaced by anything; or any bytes."""
    places = st.integers(min_value=0, max_value=len(valid))
    pieces = st.binary(max_size=40) | st.sampled_from([trap.encode() for trap in _TRAPS]) | st.just(valid)
    damaged = st.builds(
        lambda at, to, piece: valid[: min(at, to)] + piece + valid[max(at, to) :], places, places, pieces
    )
    return damaged | st.binary()


def is_record_or_reject(parse: LineParser, line: bytes) -> bool:
    """Parse, and put a record into a message: anything else than a record or InvalidLine raises here."""
    try:
        record = parse(line)
    except InvalidLine as error:
        return bool(error.reason) and bool(error.detail)
    batch = HourBatch(BatchHeader(hour_ms=0))
    # Times beyond the age limits become dead letters before they come to a message.
    batch.add(0, replace(record, event_time_ms=0))
    return bool(batch.message().SerializeToString())
