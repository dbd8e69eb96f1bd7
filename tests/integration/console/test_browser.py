"""The console in a real browser: by keyboard, without a sight of it, on a phone, in the dark. Leaves pictures behind.

They are in .local/console-screenshots, for people to look at.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg2
import pytest
from aiohttp import web
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from console.access.tokens import hash_of
from console.app import create_app
from console.settings import Auth, Settings
from local import postgres
from local.settings import ROOT
from local.stack import Stack
from ops import sources
from tests.integration.console import week
from tests.integration.console.browsers import DESKTOP, PHONE, Browser, launched, served

PICTURES = ROOT / ".local" / "console-screenshots"
TOKEN = "an operator's token"
PAGES = {
    "usage": "/",
    "usage-by-certainty": "/?period=24h&by=certainty",
    "usage-by-environment": "/?period=7d&by=environment",
    "usage-of-an-asset": "/?period=7d&environment=nordlicht&asset=nordlicht-evening-news",
    "nothing": "/?from=2026-01-01&to=2026-01-02",
    "assets": "/assets",
    "sources": "/sources",
    "audit": "/audit",
    "statements": "/statements",
    "statement": "/statements/8",
    "error": "/?from=2026-01-01",
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with launched(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="module")
def dsn(postgres_stack: Stack) -> str:
    """A week of a video platform, which no test changes."""
    connection = psycopg2.connect(postgres.dsn(postgres_stack.settings, "postgres"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE week TEMPLATE billing")
    connection.close()
    dsn = postgres.dsn(postgres_stack.settings, "week")
    week.fill(dsn)
    return dsn


@pytest.fixture(scope="module")
def collector() -> Iterator[str]:
    """What stands in for a collector."""

    async def status(request: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(week.report()), content_type="application/json")

    def make() -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/status", status)
        return app

    with served(make) as url:
        yield url


@pytest.fixture(scope="module")
def open_console(dsn: str, collector: str) -> Iterator[str]:
    """A console that is open to this machine."""
    asked = sources.Settings(urls=(collector,))
    with served(
        lambda: create_app(Settings(billing_dsn=dsn, auth=Auth.NONE, collectors=asked), lambda: week.NOW)
    ) as url:
        yield url


@pytest.fixture
def closed_console(dsn: str, tmp_path: Path) -> Iterator[str]:
    """A console that asks for a token."""
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({"tokens": [{"name": "olga", "sha256": hash_of(TOKEN).hex(), "operator": True}]}))
    with served(lambda: create_app(Settings(billing_dsn=dsn, tokens_file=file), lambda: week.NOW)) as url:
        yield url


@pytest.fixture
def page(browser: Browser, open_console: str) -> Browser:
    """The first page on a desktop."""
    browser.look()
    browser.driver.get(open_console)
    browser.complaints()
    return browser


def title(browser: Browser) -> str:
    return browser.driver.title.partition(" · ")[0]


def heading(browser: Browser) -> str:
    return browser.driver.find_element(By.TAG_NAME, "h1").text


def tab_to(browser: Browser, text: str, most: int = 60) -> None:
    """Press Tab until the focus is on the link, button or summary of this text."""
    for _ in range(most):
        browser.press(Keys.TAB)
        if browser.focused.text.strip() == text:
            return
    raise AssertionError(f"{text!r} is not reached by {most} tabs")


def loaded(browser: Browser, wanted: str) -> None:
    WebDriverWait(browser.driver, 15).until(lambda _: title(browser) == wanted)


def test_an_operator_logs_in_looks_at_every_page_and_leaves_by_keyboard_alone(
    browser: Browser, closed_console: str
) -> None:
    browser.look()
    browser.driver.get(f"{closed_console}/assets")
    assert (title(browser), browser.focused.get_attribute("name")) == ("Log in", "token")
    browser.save(PICTURES / "login-light-desktop.png")
    assert browser.violations() == []
    browser.press("a wrong token", Keys.ENTER)
    wrong = (By.ID, "wrong")
    WebDriverWait(browser.driver, 15).until(lambda driver: driver.find_elements(*wrong))
    assert browser.driver.find_element(*wrong).text == "This is no operator's token."
    assert browser.focused.get_attribute("aria-invalid") == "true"
    browser.press(TOKEN, Keys.ENTER)
    loaded(browser, "Assets")
    for name in ("Usage", "Sources", "Audit", "Statements"):
        tab_to(browser, name)
        browser.press(Keys.ENTER)
        loaded(browser, name)
        assert heading(browser) == name
    tab_to(browser, "Log out")
    browser.press(Keys.ENTER)
    loaded(browser, "Log in")


def test_the_first_tab_skips_to_the_content(page: Browser) -> None:
    page.press(Keys.TAB)
    assert page.focused.text == "Skip to the content"
    assert page.focused.rect["y"] >= 0
    page.press(Keys.ENTER)
    assert page.run("return document.activeElement.id") == "content"


def test_whatever_has_the_focus_shows_it(page: Browser) -> None:
    for _ in range(40):
        page.press(Keys.TAB)
        outline = page.run("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", page.focused.get_attribute("outerHTML")


def test_usage_is_narrowed_by_keyboard(page: Browser) -> None:
    field = page.driver.find_element(By.NAME, "environment")
    page.run("arguments[0].focus()", field)
    page.press("nordlicht", Keys.ESCAPE, Keys.ENTER)
    WebDriverWait(page.driver, 15).until(lambda _: "environment=nordlicht" in page.driver.current_url)
    assert "environment nordlicht" in page.driver.find_element(By.CLASS_NAME, "period").text
    rows = page.driver.find_elements(By.CSS_SELECTOR, "[aria-labelledby=by-environment] tbody tr")
    assert [row.find_element(By.TAG_NAME, "th").text for row in rows] == ["nordlicht"]


def test_a_chart_opens_as_a_table_by_keyboard_with_the_numbers_that_it_draws(page: Browser) -> None:
    tab_to(page, "Show as a table")
    page.press(Keys.ENTER)
    table = page.driver.find_element(By.CSS_SELECTOR, "details[open] table")
    head = [cell.text for cell in table.find_elements(By.CSS_SELECTOR, "thead th")]
    assert head == ["Hour", "Certainty", "audio-only", "up-to-720p", "1080p", "1440p", "2160p", "Total", "Total, ms"]
    totals = [int(cell.text.replace(",", "")) for cell in table.find_elements(By.CSS_SELECTOR, "tbody td:last-child")]
    drawn = page.run("return Chart.getChart(document.querySelector('canvas')).data.datasets.map(series => series.data)")
    assert [round(sum(column) * 60_000) for column in zip(*drawn, strict=True)] == totals
    assert len(totals) == 6 * 24 + 15


def test_a_chart_takes_other_colours_when_the_scheme_changes(page: Browser) -> None:
    colours = "return Chart.getChart(document.querySelector('canvas')).data.datasets.map(one => one.backgroundColor)"
    light = page.run(colours)
    page.look(scheme="dark")
    WebDriverWait(page.driver, 15).until(lambda _: page.run(colours) != light)
    assert all(colour.startswith("#") for colour in light)


def test_a_file_is_downloaded_by_the_browser_itself(page: Browser) -> None:
    link = page.driver.find_element(By.LINK_TEXT, "Download CSV")
    text = page.driver.execute_async_script(
        "const done = arguments[1]; const frame = new XMLHttpRequest();"
        "frame.onload = () => done(frame.responseText); frame.onerror = () => done('refused');"
        "frame.open('GET', arguments[0]); frame.send()",
        link.get_attribute("href"),
    )
    assert text == "refused"  # scripts may connect to nowhere, not even here: only the link itself leads to the file
    assert "violates the following Content Security Policy" in "".join(page.complaints())


# Eleven pages, each looked at by axe-core: minutes on a machine that does much else.
@pytest.mark.timeout(400)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_is_accessible_fits_and_is_quiet(
    browser: Browser, open_console: str, width: int, scheme: str
) -> None:
    browser.look(width=width, scheme=scheme)
    browser.complaints()
    for name, path in PAGES.items():
        browser.driver.get(open_console + path)
        browser.save(PICTURES / f"{name}-{scheme}-{'phone' if width == PHONE else 'desktop'}.png")
        assert browser.violations() == [], name
        assert browser.run("return document.documentElement.scrollWidth") <= width, name
        complaints = [each for each in browser.complaints() if "400 (Bad Request)" not in each]
        assert complaints == [], name
        files = browser.run("return performance.getEntriesByType('resource').map(entry => entry.name)")
        assert [file for file in files if not file.startswith(open_console)] == [], name


def test_text_may_be_twice_as_big(page: Browser) -> None:
    """WCAG 1.4.10: at 320 CSS pixels, as a desktop zoomed in to 400 %, nothing has to be scrolled sideways."""
    page.look(width=320)
    page.driver.refresh()
    assert page.run("return document.documentElement.scrollWidth") <= 320


def test_nothing_moves(page: Browser) -> None:
    """Whoever prefers reduced motion has it, and everybody else too."""
    assert page.run("return document.getAnimations().length") == 0
    assert page.run("return Chart.getChart(document.querySelector('canvas')).options.animation") is False
    page.press(Keys.TAB)
    assert page.run("return document.getAnimations().length") == 0


def test_a_page_is_complete_without_its_script(browser: Browser, open_console: str) -> None:
    browser.look()
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.driver.get(open_console)
        assert "The chart needs JavaScript; the table below has the same numbers." in (
            browser.driver.find_element(By.TAG_NAME, "main").text
        )
        assert browser.driver.find_elements(By.CSS_SELECTOR, "details table tbody tr")
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
