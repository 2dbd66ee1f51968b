"""The site in headless Chromium: no error, no overflow, nothing inaccessible; explorer and search by real controls."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from conformance.model import Effect
from conformance.site.ask import CALLERS, ask, offered
from conformance.site.build import navigation
from conformance.site.explorer import controls
from conformance.site.sources import load_sources
from tests.browser import Opened, opened

PAGES = [link.href for _, links in navigation(load_sources()) for link in links]
WIDTHS = (360, 1280, 1600)
UNLIKE = [
    page for page in PAGES if page == "promotion.html" or page.removesuffix(".html") not in load_sources().families
]
"""One page of each template: families' pages are alike, and axe takes seconds on each."""


def address(folder: Path, page: str) -> str:
    return (folder / page.partition("#")[0]).as_uri() + page[len(page.partition("#")[0]) :]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_without_error_fits_every_width_and_is_accessible(page: str, browser: Any, folder: Path) -> None:
    with opened(browser, address(folder, page), WIDTHS[0]) as found:
        if page == "api.html":
            found.page.wait_for_selector("#main h1", state="attached")
        for width in WIDTHS:
            found.page.set_viewport_size({"width": width, "height": 900})
            assert found.overflow <= 0, f"{width} px"
        assert not found.troubles
        # Rows of a table are alike, and axe takes minutes over hundreds.
        found.page.evaluate("for (const each of document.querySelectorAll('tbody tr:nth-child(n + 7)')) each.remove()")
        for width, scheme in ((WIDTHS[0], "light"), (WIDTHS[1], "dark")) if page in UNLIKE else ((WIDTHS[0], "light"),):
            found.page.set_viewport_size({"width": width, "height": 900})
            found.page.emulate_media(color_scheme=scheme)
            assert not found.violations(), f"{width} px, {scheme}"


def pick(found: Opened, caller: str, values: list[str]) -> None:
    found.page.check(f"input[name=caller][value={caller}]")
    for control, value in zip(controls(caller), values, strict=True):
        found.page.select_option(f"#{control.id}", value)


def sample() -> list[tuple[str, list[str]]]:
    """Selections over all controls, by a fixed seed; every second one of datasets that can be attached, name free."""
    drawn = random.Random(6)
    found = []
    for at in range(40):
        caller = drawn.choice(list(CALLERS))
        values = [drawn.choice(control.choices).id for control in controls(caller)]
        if at % 2:
            eligible = ["", *(kind.name for kind, _ in offered(caller)[: 5 if caller == "alice" else 1])]
            values = [*(drawn.choice(eligible) for _ in range(3)), values[3], "free"]
        found.append((caller, values))
    return found


def said(caller: str, values: list[str]) -> list[tuple[str, set[str], str]]:
    """What the explorer should show by the oracle: statuses, rules and a sentence for each alternative."""
    kinds = {kind.name: kind for kind, _ in offered(caller)}
    *datasets, run, name = values
    order = {kind: at for at, kind in enumerate(kinds)}
    placed = sorted(((order[each], at, each) for at, each in enumerate(datasets) if each))
    found = []
    for each in ask(caller, [kinds[kind] for _, _, kind in placed], name, run):
        statuses = " or ".join(map(str, sorted(each.outcome.statuses)))
        found.append((statuses, set(each.outcome.because), sentence(each.outcome.effect, [at for _, at, _ in placed])))
    return found


def sentence(effect: Effect | None, places: list[int]) -> str:
    if effect is None:
        return "Nothing changes."
    if effect.promoted:
        named = sorted(places[int(each)] + 1 for each in effect.promoted)
        return f"with your organization: {' and '.join(f'dataset {each}' for each in named)}."
    return "The collection is private." if effect.visibility is None else "The collection is shared"


def test_the_explorer_answers_as_the_oracle_by_its_real_controls(browser: Any, folder: Path) -> None:
    accepted = 0
    with opened(browser, address(folder, "explorer.html")) as found:
        for caller, values in sample():
            pick(found, caller, values)
            articles = found.page.query_selector_all("#outcomes article")
            expected = said(caller, values)
            assert len(articles) == len(expected)
            for article, (statuses, rules, words) in zip(articles, expected, strict=True):
                head = article.query_selector("h3").inner_text()
                assert head.startswith(statuses + " ")
                assert set(head.removeprefix(statuses).split()) == rules
                assert words in article.inner_text()
                accepted += statuses == "201"
        assert not found.troubles
    assert accepted >= 5


def test_the_address_of_the_explorer_leads_back_to_the_selection(browser: Any, folder: Path) -> None:
    values = ["alice-private", "", "bob-acme", "mine", "free"]
    with opened(browser, address(folder, "explorer.html")) as found:
        pick(found, "alice", values)
        shown = found.page.inner_text("#outcomes")
        where = found.page.url
    with opened(browser, where) as found:
        assert found.page.inner_text("#outcomes") == shown
        assert [found.page.input_value(f"#{control.id}") for control in controls("alice")] == values


def test_search_finds_rules_and_scenarios_by_keyboard_alone(browser: Any, folder: Path) -> None:
    with opened(browser, address(folder, "index.html")) as found:
        found.page.keyboard.press("/")
        found.page.keyboard.type("second and third mixed")
        assert found.page.inner_text("#count") == "1 found"
        found.page.keyboard.press("Tab")
        found.page.keyboard.press("Enter")
        found.page.wait_for_url("**/promotion.html#pro-h3d")
        found.page.keyboard.press("/")
        found.page.keyboard.type("nothing-like-this")
        assert found.page.inner_text("#count") == "Nothing found"
        found.page.keyboard.press("Escape")
        assert not found.page.is_visible("#found")


def test_an_id_leads_to_its_page_from_any_page(browser: Any, folder: Path) -> None:
    with opened(browser, address(folder, "index.html#pro-a3k")) as found:
        found.page.wait_for_url("**/promotion.html#pro-a3k")
    with opened(browser, address(folder, "gate.html#stale_org")) as found:
        found.page.wait_for_url("**/readings.html#stale_org")


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(browser: Any, folder: Path) -> None:
    with opened(browser, address(folder, "names.html")) as found:
        found.page.keyboard.press("Tab")
        assert found.page.evaluate("document.activeElement.className") == "skip"
        found.page.keyboard.press("Enter")
        assert found.becomes("document.activeElement.id === 'main'")
