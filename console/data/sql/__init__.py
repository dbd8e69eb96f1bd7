"""The console's SQL, a file a question. `{chosen}` in a file stands for the rows of a choice, `%(...)s` for a value."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).resolve().parent


@cache
def statement(name: str) -> str:
    """The text of `<name>.sql`."""
    text = (_FOLDER / f"{name}.sql").read_text()
    return text.replace("{chosen}", (_FOLDER / "chosen.sql").read_text().rstrip())
