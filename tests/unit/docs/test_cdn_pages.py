"""Each page is whole, and says what the code says; tests/e2e/test_cdn_pages.py follows the pages to the bill."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from collectors.parsers.registry import FORMATS
from collectors.sources import load_sources
from tests.support.cdn_pages import FOLDER, ROOT, SECTIONS, CdnPage, pages

PAGES = pages()

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.stem)

#: Files that lie beside the parsers and are no code.
SHIPPED = {
    path
    for path in (ROOT / "collectors" / "parsers").iterdir()
    if path.is_file() and path.suffix not in (".py", ".pyc")
}
_REFERENCE = re.compile(r"\$\{env:(\w+)\}")


def test_every_format_has_a_page() -> None:
    shown = {(source["cdn"], source.get("format", "json")) for page in PAGES for source in page.sources}
    assert shown == set(FORMATS)


def test_every_settings_file_is_shown_on_a_page() -> None:
    assert {path for page in PAGES for path, _ in page.shipped} == SHIPPED


@each_page
def test_a_page_has_its_sections_in_order_and_is_short(page: CdnPage) -> None:
    assert tuple(page.sections) == SECTIONS
    assert len(page.path.read_text().splitlines()) <= 140


@each_page
def test_a_page_shows_settings_files_as_they_are(page: CdnPage) -> None:
    for path, text in page.shipped:
        assert text == path.read_text(), path.name


@each_page
def test_a_page_has_one_command_for_each_source(page: CdnPage) -> None:
    films = [page.film(command) for command in page.commands]
    assert len(films) == len(page.sources)
    assert len(set(films)) == len(films)


@each_page
def test_the_sources_of_a_page_start(page: CdnPage, tmp_path: Path) -> None:
    text = yaml.safe_dump({"sources": page.sources})
    environ = {name: f"a-secret-for-{name}" for name in _REFERENCE.findall(text)}
    file = tmp_path / "sources.yaml"
    file.write_text(text)
    load_sources(file, http_host="0.0.0.0", environ=environ)


@each_page
def test_a_page_says_what_becomes_of_repeated_lines(page: CdnPage) -> None:
    assert "repeated" in page.sections["What to know"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
        assert target.startswith("http") or (path.parent / target).exists(), target
