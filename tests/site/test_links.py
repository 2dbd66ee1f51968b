"""Every address leads somewhere, every id has its place, and the first page answers or links to six questions."""

from __future__ import annotations

import re
from collections import Counter

from conformance.site.explorer import controls
from conformance.site.links import entries
from conformance.site.sources import Sources
from tests.site.html import pages

QUESTIONS = {
    "pass": ("What must my server do to pass?", "certify.html"),
    "shared": ("When does my private dataset become shared, and my runs on it?", "promotion.html#PRO-1"),
    "400-or-404": ("Why was I answered 400 rather than 404?", "errors.html"),
    "choose": ("What may I choose?", "readings.html#readings"),
    "gate": ("How do I gate my CI?", "gate.html"),
    "add-a-rule": ("How do I add a rule?", "contribute.html"),
}


def test_every_link_and_every_anchor_leads_somewhere(files: dict[str, bytes]) -> None:
    found = pages(files)
    lost = []
    for name, page in found.items():
        for address in page.addresses:
            target, _, anchor = address.partition("#")
            target = target or name
            if target == "data:,":
                continue
            if target not in files or (anchor and not anchor.startswith("/") and anchor not in found[target].ids):
                lost.append((name, address))
    assert not lost


def test_a_state_of_the_explorer_in_a_link_is_one_that_it_offers(files: dict[str, bytes]) -> None:
    states = [
        address.partition("#/")[2].split("/")
        for page in pages(files).values()
        for address in page.addresses
        if "#/" in address
    ]
    assert states
    for caller, *values in states:
        for value, control in zip(values, controls(caller), strict=True):
            assert value in [choice.id for choice in control.choices]


def test_an_id_stands_once_on_a_page(files: dict[str, bytes]) -> None:
    for name, page in pages(files).items():
        assert not [each for each, times in Counter(page.ids).items() if times > 1], name


def test_every_id_of_the_specification_has_one_address(sources: Sources, files: dict[str, bytes]) -> None:
    found = pages(files)
    known = list(entries(sources))
    assert {each.id for each in known} >= {
        *sources.catalogue.requirements, *sources.rows, *sources.catalogue.dimensions, *sources.catalogue.open_points,
    }  # fmt: skip
    assert not [each for each, times in Counter(entry.id.lower() for entry in known).items() if times > 1]
    for entry in known:
        page, _, anchor = entry.href.partition("#")
        assert anchor == entry.id and anchor in found[page].ids


def test_the_first_page_answers_or_links_to_the_questions_of_its_readers(files: dict[str, bytes]) -> None:
    index = pages(files)["index.html"]
    for anchor, (question, answer) in QUESTIONS.items():
        assert index.headings[anchor] == question
        assert f"#{anchor}" in index.addresses
        assert answer in index.addresses


def test_nothing_is_loaded_from_elsewhere(files: dict[str, bytes]) -> None:
    for name, page in pages(files).items():
        assert not [each for each in page.addresses if re.match(r"\w+:|//", each) and each != "data:,"], name


def test_every_page_is_in_the_navigation(files: dict[str, bytes]) -> None:
    found = pages(files)
    assert set(found) <= set(found["index.html"].addresses)
