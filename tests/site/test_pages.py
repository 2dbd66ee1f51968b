"""What the pages say is what tables, catalogue, kills and oracle say; the build is quick and always the same."""

from __future__ import annotations

import itertools
import json
import re
import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from markupsafe import Markup

from conformance.errors import Exit, UsageError
from conformance.kills import Kill
from conformance.paths import SCENARIOS
from conformance.site import build, diagram
from conformance.site.build import site
from conformance.site.diagram import QUESTIONS, chain, examples
from conformance.site.matrix import caught
from conformance.site.refusals import refusals
from conformance.site.rows import row_view
from conformance.site.sources import Sources, own_cases
from conformance.site.words import symbols
from conformance.tables import load_tables
from tests.site.html import pages


def test_two_builds_are_equal_byte_for_byte(sources: Sources, files: dict[str, bytes]) -> None:
    assert site(sources) == files


def test_hundreds_of_mutants_are_shown(sources: Sources) -> None:
    rows = tuple(sources.rows)
    rules = tuple(sources.catalogue.requirements)
    many = tuple(
        Kill(f"mutant-{at}", "a fault <b>with</b> markup", (rules[at % len(rules)],), rows[at % 7 :: 7])
        for at in range(400)
    )
    files = site(replace(sources, kills=many))
    text = files["mutants.html"].decode()
    assert text.count('<tr id="mutant-') == 400
    assert "<b>with</b>" not in text and "&lt;b&gt;with" in text


def test_every_scenario_is_shown_once_with_its_twin(sources: Sources, files: dict[str, bytes]) -> None:
    shown = "".join(content.decode() for name, content in files.items() if name.endswith(".html"))
    for row in sources.rows.values():
        assert shown.count(f'<tbody role="rowgroup" id="{row.id}">') == 1
        assert any(block.twin for block in row_view(row, sources.catalogue.dimensions).blocks) == ("twin" in row.raw)


def test_a_row_is_told_with_its_world_its_requests_and_its_outcome(sources: Sources) -> None:
    view = row_view(sources.rows["pro-j8r"], sources.catalogue.dimensions)
    refused, twin = view.blocks
    assert "`theirs`: `bob`'s private dataset" in refused.world
    assert next(words for words, _ in refused.lines[0].requests) == "`alice`: datasets `theirs`, `mine`, `team`"
    assert refused.lines[0].outcome[0].lines == ("400 or 404",)
    assert twin.world == ("`theirs`: `alice`'s dataset, shared with `acme`",)
    assert twin.lines[0].outcome[0].lines[:2] == ("201, shared with `acme`", "promoted: `mine`")


def test_alternatives_name_the_reading_and_what_its_values_mean(sources: Sources) -> None:
    view = row_view(sources.rows["pro-r9g"], sources.catalogue.dimensions)
    refuse, attach = view.blocks[0].lines[0].outcome
    assert refuse.when == "`stale_org` is `refuse` (the request is refused with 400 or 404)"
    assert refuse.lines == ("400 or 404",)
    assert attach.lines == ("201, shared with `acme`", "runs that move: `night`, `seen`")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("a", "b"), "`a`, `b`"),
        (("m-1", "m-2"), "`m-1`, `m-2`"),
        (("m-1", "m-2", "m-3", "t"), "`m-1` … `m-3`, `t`"),
        (("m-3", "m-2", "m-1"), "`m-3`, `m-2`, `m-1`"),
        (("m-1", "n-2", "n-3"), "`m-1`, `n-2`, `n-3`"),
    ],
)
def test_numbered_symbols_are_shortened_only_where_they_follow_one_another(names: tuple[str, ...], words: str) -> None:
    assert symbols(names) == words


def test_every_requirement_shows_its_words_and_its_basis(sources: Sources, files: dict[str, bytes]) -> None:
    for rule in sources.catalogue.requirements.values():
        text = Markup(re.sub(r"<[^>]*>", "", files[f"{rule.family}.html"].decode())).unescape()
        for words in (rule.claim, rule.quote, rule.reason):
            assert words.replace("`", "") in text


def test_the_diagram_sends_every_selection_where_the_oracle_does() -> None:
    *steps, last = chain()
    assert len(steps) == len(QUESTIONS)
    for example in examples():
        decided = next((s for s in steps if QUESTIONS[s.question](example) is (s.answer == "yes")), last)
        assert decided.result == example.result
        assert example.rules <= set(decided.rules)


def test_the_diagram_is_drawn_from_the_chain(files: dict[str, bytes]) -> None:
    drawn = diagram.draw(chain(), diagram.WIDE, lambda rule: Markup("<a>{}</a>").format(rule))
    text = " ".join(re.sub(r"<[^>]*>", " ", drawn).split())
    assert all(step.question in text and step.result in text for step in chain())


def test_a_request_that_is_refused_is_the_rows_own(sources: Sources) -> None:
    found = refusals(sources)
    assert {each.rule for each in found} >= {
        "VIS-5", "PRO-3", "ATT-2", "ATT-3", "ATT-4", "ATT-5", "ATT-6", "NAM-1", "NAM-2", "NAM-3",
        "AUT-1", "AUT-2", "BOD-1", "BOD-2", "BOD-3",
    }  # fmt: skip
    for each in found:
        case = own_cases(sources.rows[each.row])[0]
        step = next(step for step in case.steps if step.only_refusals)
        assert set(each.statuses) == set(step.expect[0].statuses)
        arguments = shlex.split(each.commands[-1])
        body = arguments[arguments.index("--data-binary") + 1]
        if step.requests[0].selected and body.startswith("{"):
            assert len(re.findall(r"\d+", json.dumps(json.loads(body)["dataset_ids"]))) == len(
                step.requests[0].selected
            )


def test_a_mutant_counts_for_a_rule_only_where_a_row_of_the_rule_fails(sources: Sources) -> None:
    kills = (
        Kill("one", "seen", ("PRO-3",), ("pro-j8r",)),
        Kill("two", "seen by others", ("PRO-3",), ("bod-a3k",)),
    )
    evidence = caught(replace(sources, kills=kills))
    assert [kill.mutant for kill in evidence["PRO-3"].made] == ["one", "two"]
    assert [kill.mutant for kill in evidence["PRO-3"].by_its_rows] == ["one"]
    assert evidence["BOD-1"].altogether == 1


def test_the_exit_statuses_are_all_told(files: dict[str, bytes]) -> None:
    told = re.findall(r'</th><td data-label="Status">(\d)</td>', files["report.html"].decode())
    assert {int(each) for each in told} == {each.value for each in Exit}


def test_without_the_library_the_error_says_what_to_install(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_LIBRARY", ("no_such_package", "x.js"))
    with pytest.raises(UsageError, match="docs"):
        site(sources)


def test_the_row_that_is_shown_as_an_example_is_a_row(files: dict[str, bytes], tmp_path: Path) -> None:
    found = re.search(r'id="row"><code>(.*?)</code>', files["contribute.html"].decode(), re.DOTALL)
    assert found
    shutil.copy(SCENARIOS / "cast.yaml", tmp_path)
    rows = Markup(found[1]).unescape()
    about = "family: promotion\nabout: an example of a row, as the page has it\nrows:\n"
    (tmp_path / "promotion.yaml").write_text(about + rows, encoding="utf-8")
    (table,) = load_tables(tmp_path)
    assert rows.replace(" ", "").startswith("-id:pro-x7w") and table.rows[0].cases


def test_an_outcome_of_several_statuses_says_what_a_201_is(sources: Sources) -> None:
    view = row_view(sources.rows["vis-c9q"], sources.catalogue.dimensions)
    assert view.blocks[0].lines[0].outcome[0].lines == ("201 (private), 400 or 422",)


def test_headings_do_not_skip_a_level(files: dict[str, bytes]) -> None:
    for name in pages(files):
        levels = [int(each) for each in re.findall(r"<h([1-6])", files[name].decode())]
        assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels)), name
