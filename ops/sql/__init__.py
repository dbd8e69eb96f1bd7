"""The operators' SQL: one statement a file."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent


def read(name: str) -> str:
    """Text of the statement in `<name>.sql`."""
    return (_FOLDER / f"{name}.sql").read_text()
