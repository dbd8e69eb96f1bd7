"""Whatever the guide tells an operator to type, read or follow exists."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.enrichment.settings import EnrichmentSettings
from jobs.media_usage.settings import MediaUsageSettings
from jobs.reprocess.settings import ReprocessSettings
from local.sizing.figures import Phase, State, Stored
from local.soak import state
from ops.backfill.opening import FRAMINGS
from ops.backfill.plan import Verdict

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "docs" / "operations"
PAGES = sorted(FOLDER.rglob("*.md"))
MAKEFILE = (ROOT / "Makefile").read_text()

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(FOLDER)))

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"python -m ([\w.]+)([^\n`]*)")
_TARGET = re.compile(r"(?:^    |`)make ([a-z][a-z0-9-]*)", re.MULTILINE)
_VARIABLE = re.compile(r"\b(COLLECTOR|ENRICHMENT|MEDIA_USAGE|REPROCESS)_([A-Z][A-Z0-9_]*[A-Z0-9])\b")
_FILE = re.compile(r"`((?:collectors|console|docs|flink-conf|jobs|k8s|local|ops|schemas|tests)/[\w./-]+\.\w+)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FENCED = re.compile(r"```.*?```", re.DOTALL)

_FIELDS = {
    "ENRICHMENT": EnrichmentSettings,
    "MEDIA_USAGE": MediaUsageSettings,
    "REPROCESS": ReprocessSettings,
}


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def sources_of(module: str) -> str:
    """The text of a module, or of all modules of a package."""
    place = ROOT / module.replace(".", "/")
    files = sorted(place.glob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    return "\n".join(file.read_text() for file in files)


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        if "://" in link:
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), link
        assert not anchor or anchor in anchors(path), link


@each_page
def test_commands_exist_with_their_options(page: Path) -> None:
    for module, arguments in _COMMAND.findall(page.read_text()):
        assert importlib.util.find_spec(module) is not None, module
        sources = sources_of(module)
        for option in re.findall(r"(?<!\S)--[a-z-]+", arguments):
            assert f'"{option}"' in sources, f"{module} {option}"


@each_page
def test_make_targets_exist(page: Path) -> None:
    for target in _TARGET.findall(page.read_text()):
        assert f"\n{target}:" in MAKEFILE, target


@each_page
def test_settings_exist(page: Path) -> None:
    collectors = (ROOT / "collectors" / "settings.py").read_text()
    for program, name in _VARIABLE.findall(page.read_text()):
        if program == "COLLECTOR":
            assert f'"{name}"' in collectors or f"_PREFIX}}{name}" in collectors, name
        else:
            fields = {field.name.upper() for field in dataclasses.fields(_FIELDS[program])}
            assert name in fields, f"{program}_{name}"


@each_page
def test_files_exist(page: Path) -> None:
    for name in _FILE.findall(page.read_text()):
        assert (ROOT / name).exists(), name


def test_every_page_is_reached_from_the_index() -> None:
    linked = {(FOLDER / link.partition("#")[0]).resolve() for link in _LINK.findall((FOLDER / "README.md").read_text())}
    assert {page for page in FOLDER.glob("*.md") if page.name != "README.md"} <= linked


def test_the_formula_of_state_is_that_of_the_soak() -> None:
    page = (FOLDER / "state-size.md").read_text()
    told = {name: int(number.replace(",", "")) for name, number in re.findall(r"\| `(\w+)` \| ([\d,]+) \|", page)}
    assert told == {name: getattr(state, name) for name in ("BASE_BYTES", "BATCH_BYTES", "LINE_BYTES", "ROW_BYTES")}
    assert f"**{state.KEPT_MS // 3_600_000} hours**" in page


def rows_of_table(page: Path, heading: str) -> Iterator[list[str]]:
    """The rows of the table that begins with a heading."""
    _, _, rest = page.read_text().partition(f"| {heading} |")
    for line in rest.splitlines()[2:]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("row", list(rows_of_table(FOLDER / "state-size.md", "a day")), ids=lambda row: row[0])
def test_the_examples_of_state_follow_from_the_formula(row: list[str]) -> None:
    numbers = re.findall(r"([\d.,]+)( million| billion)?", row[1])[0]
    batches = float(numbers[0].replace(",", "")) * {"": 1, " million": 1e6, " billion": 1e9}[numbers[1]]
    hours = state.KEPT_MS / 3_600_000
    rows = 50_000 if "10 million" in row[0] else 2_000_000
    lines = 1e9 * hours / 24 if "recognised" in row[0] else 0
    expected = state.Remembered(round(batches), round(lines), round(rows * hours / 24)).bytes_allowed
    size, unit = row[2].split()
    assert float(size) * {"MB": 1e6, "GB": 1e9}[unit] == pytest.approx(expected, rel=0.03)


def test_measured_lines_are_those_of_make_sizing() -> None:
    shown = re.findall(r"^    (sizing: .*)$", (FOLDER / "sizing.md").read_text(), re.MULTILINE)
    printed = [Phase(records=1, records_a_batch=1, took=Stored()).line()] * 2 + [State(bytes=0, allowed=0).line()]
    assert [re.sub(r"=\S+", "=", line) for line in shown] == [re.sub(r"=\S+", "=", line) for line in printed]


def test_the_page_on_backfill_has_every_verdict_and_framing() -> None:
    verdicts = {row[0].strip("`") for row in rows_of_table(FOLDER / "backfill.md", "verdict")}
    assert verdicts == set(Verdict)
    framings = {row[-1].strip("`") for row in rows_of_table(FOLDER / "backfill.md", "CDN")}
    assert framings - {""} <= set(FRAMINGS)
