"""The pages that tell how to point a CDN at a collector, taken apart for the tests that follow them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "collectors"
SECTIONS: Final = ("1. Add the source", "2. Set it up at the CDN", "3. Send one line", "What to know")

_SECTION: Final = re.compile(r"^## (?P<title>.+)\n(?P<text>(?:(?!^## ).*\n?)*)", re.MULTILINE)
_FENCE: Final = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_SHIPPED: Final = re.compile(
    r"\]\((?P<path>\.\./\.\./collectors/parsers/[^)]+)\)[^\n]*\n+```\w*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_FILM: Final = re.compile(r"/(?P<film>[a-z0-9-]+-film)/720p/segment-42\.m4s")


@dataclass(frozen=True, kw_only=True)
class CdnPage:
    """One page. `sections` by title, in order."""

    path: Path
    sections: dict[str, str]

    @property
    def sources(self) -> list[dict[str, Any]]:
        """The entries of its file of sources."""
        [document] = self._fenced(SECTIONS[0], "yaml")
        return list(yaml.safe_load(document)["sources"])

    @property
    def shipped(self) -> Iterator[tuple[Path, str]]:
        """Settings files that the page shows: the file that it links, and the text that it shows."""
        for match in _SHIPPED.finditer(self.sections[SECTIONS[1]]):
            yield (self.path.parent / match["path"]).resolve(), match["text"]

    @property
    def commands(self) -> list[str]:
        """What sends one line, for each source in turn."""
        return self._fenced(SECTIONS[2], "sh")

    def film(self, command: str) -> str:
        """The asset that the line of a command asks for."""
        [film] = set(_FILM.findall(command))
        return str(film)

    def _fenced(self, section: str, language: str) -> list[str]:
        return [match["text"] for match in _FENCE.finditer(self.sections[section]) if match["language"] == language]


def pages() -> list[CdnPage]:
    """Every page that adds a source."""
    texts = {path: path.read_text() for path in sorted(FOLDER.glob("*.md"))}
    return [
        CdnPage(path=path, sections={match["title"]: match["text"] for match in _SECTION.finditer(text)})
        for path, text in texts.items()
        if f"\n## {SECTIONS[0]}\n" in text
    ]
