"""The report as a page: what it says of a failing and of a passing run, in a browser, by keyboard, in both schemes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.certification import Settings, certify, default_provider_states
from conformance.kills import Kill
from conformance.plan import make_plan
from conformance.report.page.difference import difference
from conformance.report.page.render import report_page
from conformance.result import Result
from conformance.spec import load_catalogue
from tests.browser import Opened, opened
from tests.conformance.conftest import serving

WIDTHS = (360, 768, 1280)
KILLS = (Kill("run-one-each", "one run of each dataset moves", ("RUN-1",), ("run-a4k", "run-c2x", "pro-a3k")),)


def judged(url: str, family: str) -> Result:
    plan = make_plan("quick", 0)
    chosen = [case for case in plan.cases if case.family == family]
    return certify(Settings(url, default_provider_states(url), "quick"), plan, chosen)


@pytest.fixture(scope="module")
def failing() -> Iterator[Result]:
    with serving("mutants", "run-one-each") as url:
        yield judged(url, "runs")


@pytest.fixture(scope="module")
def pages(failing: Result, reference: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {"failing": failing, "passing": judged(reference, "runs")}
    for name, result in found.items():
        text = report_page(result, load_catalogue(), KILLS, lambda case: f"conformance certify -k {case}")
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.html" for name in found}


def test_a_failure_is_told_with_all_that_mends_it(pages: dict[str, Path]) -> None:
    text = pages["failing"].read_text()
    shown = text[text.index('id="run-a4k"') :]
    shown = shown[: shown.index('<details class="failure"')]
    for words in (
        'href="#RUN-1"', "owner alice", "expected", "<mark>", "curl -i -X POST", "$API_KEY", "scenarios/runs.yaml:",
        "certify -k run-a4k", "one run of each dataset moves", "→ <b>201</b>", "Seen by reading back",
    ):  # fmt: skip
        assert words in shown, words


def test_the_page_has_verdict_scope_ledger_timing_and_what_was_not_tested(pages: dict[str, Path]) -> None:
    failing, passing = pages["failing"].read_text(), pages["passing"].read_text()
    assert "Not conformant</h1>" in failing and "partial, no claim</h1>" in passing
    for words in (
        f"of {len(make_plan('quick', 0).cases)} cases of depth quick",
        "Whose runs on an attached dataset",
        "ms (median)",
        "A part was selected",
    ):
        assert words in passing, words
    for rule in load_catalogue().requirements.values():
        assert f'<tr id="{rule.id}"' in passing
    assert "Known faults" not in passing


@pytest.mark.parametrize("name", ["failing", "passing"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_every_width_without_error_and_is_accessible(
    name: str, scheme: str, pages: dict[str, Path], browser: Any
) -> None:
    with opened(browser, pages[name].as_uri(), WIDTHS[0], scheme) as found:
        assert not found.violations()
        found.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        for width in WIDTHS:
            found.page.set_viewport_size({"width": width, "height": 900})
            assert found.overflow <= 0, f"{width} px"
        assert not found.violations()
        assert not found.troubles


def visible(found: Opened, selector: str) -> list[str]:
    return [str(each.get_attribute("id")) for each in found.page.query_selector_all(selector) if each.is_visible()]


def test_the_page_is_used_by_keyboard_alone(pages: dict[str, Path], browser: Any) -> None:
    with opened(browser, pages["failing"].as_uri()) as found:
        press = found.page.keyboard.press
        press("Tab")
        assert found.page.evaluate("document.activeElement.className") == "skip"
        press("Enter")
        assert found.becomes("document.activeElement.id === 'main'")
        press("/")
        found.page.keyboard.type("RUN-A4K several")
        assert visible(found, ".failure") == ["run-a4k"]
        assert found.page.inner_text("#count").startswith("2 of ")
        press("Escape")
        assert len(visible(found, ".failure")) > 5 and found.page.inner_text("#count") == ""
        press("Tab")
        found.page.keyboard.type("failed")
        assert visible(found, "#requirements tr") == ["None", "RUN-1"]
        found.page.focus("#run-a4k > summary")
        press("Enter")
        assert not found.page.is_visible("#run-a4k dl")


def test_an_address_opens_the_failure_that_it_leads_to(pages: dict[str, Path], browser: Any) -> None:
    with opened(browser, pages["failing"].as_uri()) as found:
        found.page.evaluate("document.querySelectorAll('.failure').forEach((each) => { each.open = false; })")
        found.page.click("#RUN-1 a[href='#run-a4k']")
        assert found.becomes("document.querySelector('#run-a4k dl').checkVisibility()")


def test_without_script_and_in_print_everything_is_there(pages: dict[str, Path], browser: Any) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(pages["failing"].as_uri())
    assert page.is_visible("#run-a4k dl") and not page.is_visible("#filter")
    page.emulate_media(media="print")
    assert page.is_visible("#run-a4k dl") and not page.is_visible("header")
    page.close()


@pytest.mark.parametrize(
    "expected, observed, marked",
    [
        ("[1, 2, 3]", "[1, 3]", (["2, "], [])),
        ("3", "null", (["3"], ["null"])),
        ("the same", "the same", ([], [])),
        ("", "x", ([], ["x"])),
    ],
)
def test_a_difference_marks_what_the_other_side_lacks(
    expected: str, observed: str, marked: tuple[list[str], list[str]]
) -> None:
    sides = difference(expected, observed)
    assert ("".join(text for text, _ in sides[0]), "".join(text for text, _ in sides[1])) == (expected, observed)
    assert tuple([text for text, each in side if each] for side in sides) == marked
