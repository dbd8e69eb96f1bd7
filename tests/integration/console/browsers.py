"""A real browser without a screen, and a console that runs beside it."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web
from selenium.webdriver import ActionChains, Chrome, ChromeOptions, ChromeService
from selenium.webdriver.remote.webelement import WebElement

from local.ports import LOOPBACK
from local.settings import ROOT

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_DRIVERS: Final = ("chromedriver",)
_AXE: Final = ROOT / "tests" / "support" / "axe-core" / "axe.min.js"
#: Rules of WCAG 2.2 up to level AA, and axe-core's own advice.
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP: Final = 1_440
PHONE: Final = 390


def _on_path(names: tuple[str, ...]) -> str | None:
    return next((found for name in names if (found := shutil.which(name))), None)


class Browser:
    """Chromium, driven as a person would: keys first."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def look(self, *, width: int = DESKTOP, scheme: str = "light") -> None:
        """Set the window's width, and what the person prefers."""
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def press(self, *keys: str) -> None:
        """Press keys one after the other, wherever the focus is."""
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    @property
    def focused(self) -> WebElement:
        """What has the focus."""
        return self.driver.switch_to.active_element

    def run(self, script: str, *arguments: object) -> Any:
        """What a script returns."""
        return self.driver.execute_script(script, *arguments)

    def violations(self) -> list[str]:
        """What axe-core objects to in the page, a line an element."""
        self.run(_AXE.read_text())
        found = self.driver.execute_async_script(
            "const done = arguments[1];axe.run({runOnly: arguments[0]}).then(found => done(found.violations))",
            _RULES,
        )
        return [f"{each['id']}: {node['html']} {node['failureSummary']}" for each in found for node in each["nodes"]]

    def complaints(self) -> list[str]:
        """What the browser itself has complained of since the last call, such as breaches of the policy."""
        entries = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [entry["message"] for entry in entries]

    def save(self, file: Path) -> None:
        """A picture of the whole page."""
        width, height = self.run("return [innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def launched(profile: Path) -> Iterator[Browser]:
    """The browser of this machine; skips where there is none."""
    browser, driver = _on_path(_BROWSERS), _on_path(_DRIVERS)
    if browser is None or driver is None:
        pytest.skip("no chromium and chromedriver on PATH: `apt-get install chromium chromium-driver` brings both")
    options = ChromeOptions()
    options.binary_location = browser
    # As root, as in most containers, Chromium runs without its sandbox or not at all.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    for argument in (
        "--headless=new",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        f"--user-data-dir={profile}",
        *sandbox,
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = Chrome(options=options, service=ChromeService(driver))
    try:
        yield Browser(started)
    finally:
        started.quit()


@contextmanager
def served(make: Callable[[], web.Application]) -> Iterator[str]:
    """The base URL of an application that runs in a thread of its own."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    urls: list[str] = []
    stop = asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(make(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, 0).start()
        urls.append(f"http://{LOOPBACK}:{runner.addresses[0][1]}")
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
