"""Headless Chromium for tests of pages: Debian's browser, driven by playwright; skipped where it is absent."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium: apt-get install -y chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page that is open, with what went wrong on it: console errors, exceptions, requests that left the machine."""

    page: Any
    troubles: list[str] = field(default_factory=list)

    @property
    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    def becomes(self, state: str) -> bool:
        """Whether the expression comes true: following an address inside a page ends after the click or the key."""
        self.page.wait_for_function(state)
        return True

    def violations(self) -> list[str]:
        """What axe-core finds serious or critical, each with its first element."""
        self.page.evaluate(_axe())
        found = self.page.evaluate("axe.run({preload: false, resultTypes: ['violations'], selectors: false})")[
            "violations"
        ]
        return [
            f"{each['impact']}: {each['id']} ({len(each['nodes'])}): {each['nodes'][0]['html'][:200]}"
            for each in found
            if each["impact"] in ("serious", "critical")
        ]


@contextmanager
def opened(browser: Any, address: str, width: int = 1280, scheme: str = "light") -> Iterator[Opened]:
    """The page at ``address`` in a window of its own, loaded."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    found = Opened(page)
    page.on("console", lambda message: found.troubles.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.troubles.append(str(error)))
    page.on("request", lambda request: found.troubles.append(request.url) if _leaves(request.url) else None)
    try:
        page.goto(address)
        yield found
    finally:
        page.close()


def _leaves(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:", "http://127.0.0.1"))


def _axe() -> str:
    package = find_spec("axe_playwright_python")
    assert package is not None and package.submodule_search_locations
    return (Path(package.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
