"""Files that start with a line of column names (CSV, TSV).

The line names columns and is no log line, so it is taken off with the rest of the framing, before lines are counted and
cut into blocks: a reject for every file would hide the rejects that mean something. A file that starts with other names
is refused as a whole, because every one of its lines could be read by the wrong columns.
"""

from __future__ import annotations

from collections.abc import Callable

from collectors.framing.errors import InvalidBody

#: Whether a line is the header that the source's options describe.
IsHeader = Callable[[bytes], bool]


def without_header(lines: list[bytes], is_header: IsHeader | None) -> list[bytes]:
    """The log lines of a body; all of them where its source has no header. Raises InvalidBody."""
    if is_header is None:
        return lines
    if not lines or not is_header(lines[0]):
        raise InvalidBody("the first line does not name the columns that the source's options name")
    return lines[1:]
