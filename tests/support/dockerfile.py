"""A Dockerfile as a list of instructions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple


class Instruction(NamedTuple):
    """`COPY a b`: word COPY, rest "a b"."""

    word: str
    rest: str


def instructions(file: Path) -> list[Instruction]:
    """All instructions, continued lines joined, comments left out."""
    text = re.sub(r"^ *#.*\n", "", file.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    lines = (line.partition(" ") for line in text.splitlines() if line)
    return [Instruction(word, rest.strip()) for word, _, rest in lines]


def final_stage(file: Path) -> list[Instruction]:
    """The instructions after the last FROM: what the image itself is made of."""
    found = instructions(file)
    last = max(index for index, each in enumerate(found) if each.word == "FROM")
    return found[last + 1 :]
