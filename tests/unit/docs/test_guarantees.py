"""docs/guarantees.md: every promise has a test, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[3]
PAGE: Final = ROOT / "docs" / "guarantees.md"
PROMISES, NOT_PROMISED = PAGE.read_text().split("\n## What is not promised\n")
#: Each promise with what follows it: its reasons, and its tests.
ENTRIES: Final = re.split(r"^- (?=\*\*)", PROMISES, flags=re.MULTILINE)[1:]
_TEST: Final = re.compile(r"^  - `([^`]+)`$", re.MULTILINE)
NAMED: Final = sorted({test for entry in ENTRIES for test in _TEST.findall(entry)})
_Definition = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def collected(path: str) -> frozenset[str]:
    """What pytest collects of a file, as `name` or `Class::name`."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, _Definition):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, _Definition)}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


@pytest.mark.parametrize("test", NAMED, ids=str)
def test_a_test_that_it_names_exists(test: str) -> None:
    path, _, name = test.partition("::")
    assert re.fullmatch(r"tests/(\w+/)+test_\w+\.py", path)
    assert name in collected(path)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.partition("\n")[0].strip("*"))
def test_a_promise_is_a_sentence_with_a_test(entry: str) -> None:
    assert re.match(r"\*\*[^*]+\*\*", entry)
    assert _TEST.search(entry)


def test_nothing_else_that_looks_like_a_test_escapes_the_check() -> None:
    assert sorted(set(re.findall(r"`(\S+::\S+)`", PROMISES)) - {"<path>::<name>"}) == NAMED


def test_it_says_what_is_not_promised() -> None:
    assert len(re.findall(r"^\| (?!not promised)[^-]", NOT_PROMISED, re.MULTILINE)) >= 10


@pytest.mark.parametrize("page", ["README.md", "docs/architecture.md"])
def test_it_is_linked(page: str) -> None:
    assert "guarantees.md" in (ROOT / page).read_text()


def test_what_it_links_to_exists() -> None:
    links = re.findall(r"\]\(([^)#]+)", PAGE.read_text())
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
