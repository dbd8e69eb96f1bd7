"""Templates: all of them compile, escape what they show, and find the files that they name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from jinja2 import UndefinedError

from console.pages import render
from console.pages.render import STATIC, ago, delay, moment, new_templates


def test_every_template_compiles() -> None:
    templates = new_templates()
    names = templates.list_templates()
    assert len(names) > 5
    for name in names:
        templates.get_template(name)


def test_what_is_shown_is_escaped_and_what_is_not_there_is_an_error() -> None:
    templates = new_templates()
    assert templates.from_string("{{ name }}").render(name="<b>&'\"") == "&lt;b&gt;&amp;&#39;&#34;"
    with pytest.raises(UndefinedError):
        templates.from_string("{{ nobody }}").render()


def test_no_template_marks_anything_as_safe() -> None:
    folder = STATIC.parent / "templates"
    assert [file.name for file in folder.iterdir() if re.search(r"\|\s*safe|autoescape", file.read_text())] == []


def test_static_files_have_addresses_that_change_with_their_content() -> None:
    addresses = new_templates().globals["static"]
    assert isinstance(addresses, dict)
    assert set(addresses) >= {"console.css", "console.js", "chart.umd.min.js", "icon.svg"}
    assert all(re.fullmatch(rf"/static/{re.escape(name)}\?v=[0-9a-f]{{12}}", addresses[name]) for name in addresses)


def test_the_charting_library_stands_beside_its_licence_and_calls_nobody() -> None:
    library, licence = (STATIC / "chart.umd.min.js").read_text(), (STATIC / "chart.LICENSE.txt").read_text()
    version = re.search(r"Chart\.js v([0-9.]+)", library)
    assert version is not None
    assert licence.startswith(f"Chart.js {version[1]}, ")
    assert "The MIT License" in licence
    assert not any(call in library for call in ("fetch(", "XMLHttpRequest", "importScripts", "eval(", "new Function"))


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-3, "0 s"), (0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7_199, "120 min"), (7_200, "2 h"), (172_800, "2 d")],
)
def test_a_while_is_shown_in_the_biggest_unit_that_tells_enough(seconds: float, shown: str) -> None:
    assert ago(seconds) == shown


@pytest.mark.parametrize(("seconds", "shown"), [(None, "-"), (30, "≤ 30 s"), (float("inf"), "> 2 d")])
def test_a_delay_is_shown_as_the_bound_that_it_is(seconds: float | None, shown: str) -> None:
    assert delay(seconds) == shown


def test_moments_are_shown_in_utc() -> None:
    berlin = timezone(timedelta(hours=2))
    assert moment(datetime(2026, 9, 1, 12, 5, 9, tzinfo=berlin)) == "01 Sep 2026 10:05:09"
    assert moment(datetime(2026, 9, 1, 10, 5, 9, tzinfo=UTC)) == "01 Sep 2026 10:05:09"
    assert render.NAVIGATION[0] == ("/", "Usage")
