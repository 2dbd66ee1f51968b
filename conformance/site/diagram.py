"""What decides visibility, as one chain of questions: found by asking the oracle, drawn as SVG."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

from markupsafe import Markup, escape

from conformance.cells import PEOPLE, Kind, kinds
from conformance.errors import HarnessError
from conformance.model import Outcome
from conformance.site.ask import ask
from conformance.site.words import statuses_words

KINDS = {
    "alice": ("alice-private", "alice-acme", "bob-private"),
    "carol": ("carol-private", "carol-globex", "dave-private"),
}
"""Eligible datasets that differ in what visibility may depend on: whose they are, and who sees them."""


@dataclass(frozen=True, slots=True)
class Example:
    """A selection of a caller, and what it leads to: statuses, shared or not, what is promoted; with its rules."""

    caller: str
    selection: tuple[Kind, ...]
    result: str
    rules: frozenset[str]


@dataclass(frozen=True, slots=True)
class Decision:
    """A question, the answer that decides, and what follows from it."""

    question: str
    answer: str
    result: str
    rules: tuple[str, ...]


Fact = Callable[[Example], bool]
QUESTIONS: dict[str, Fact] = {
    "Is a private dataset of somebody else selected?": lambda each: any(
        kind.dataset and kind.dataset.organization is None and kind.dataset.owner != each.caller
        for kind in each.selection
    ),
    "Is a dataset selected that an organization can see?": lambda each: any(
        kind.dataset and kind.dataset.organization is not None for kind in each.selection
    ),
    "Are you a member of an organization?": lambda each: PEOPLE[each.caller].organization is not None,
    "Is a private dataset of yours selected, too?": lambda each: any(
        kind.dataset and kind.dataset.organization is None for kind in each.selection
    ),
}


def examples() -> Iterator[Example]:
    """Every selection of up to three of the kinds, with a private run of the caller on each dataset."""
    for caller, names in KINDS.items():
        chosen = [kind for kind in kinds(caller) if kind.name in names]
        for size in range(4):
            for selection in combinations_with_replacement(chosen, size):
                outcomes = [each.outcome for each in ask(caller, selection, run="mine")]
                results = {result_words(each) for each in outcomes}
                if len(results) != 1:
                    raise HarnessError("the diagram's kinds of dataset depend on a reading")
                rules = frozenset(rule for each in outcomes for rule in (*each.because, *effect_rules(each)))
                yield Example(caller, selection, results.pop(), rules)


def result_words(outcome: Outcome) -> str:
    """``201: shared with your organization; …``."""
    effect = outcome.effect
    if effect is None:
        return f"{statuses_words(outcome.statuses)}: refused, nothing changes"
    if effect.visibility is None:
        return "201: the collection is private"
    words = "201: the collection is shared with your organization"
    if effect.promoted:
        words += "; your private datasets become shared with it"
        words += ", and your runs on them" if effect.promoted_runs else ""
    return words


def effect_rules(outcome: Outcome) -> tuple[str, ...]:
    """The requirements that state the parts of an effect beside the visibility."""
    effect = outcome.effect
    if effect is None or not effect.promoted:
        return ()
    return ("PRO-1", "PRO-2") if effect.promoted_runs else ("PRO-1",)


def chain() -> tuple[Decision, ...]:
    """The questions in the first order in which each has an answer that decides; the last one's other answer too."""
    left, open_questions = list(examples()), dict(QUESTIONS)
    found: list[Decision] = []
    while len({each.result for each in left}) > 1:
        question, answer, decided = _deciding(left, open_questions)
        found.append(_decision(question, answer, decided))
        left = [each for each in left if each not in decided]
        last = question
        del open_questions[question]
    found.append(_decision(last, "no" if found[-1].answer == "yes" else "yes", left))
    return tuple(found)


def _deciding(left: Sequence[Example], questions: dict[str, Fact]) -> tuple[str, str, list[Example]]:
    for question, fact in questions.items():
        for answer, wanted in (("yes", True), ("no", False)):
            those = [each for each in left if fact(each) is wanted]
            if those and len(those) < len(left) and len({each.result for each in those}) == 1:
                return question, answer, those
    raise HarnessError("no question decides the rest of the diagram")


def _decision(question: str, answer: str, those: Sequence[Example]) -> Decision:
    rules = sorted(frozenset[str]().union(*(each.rules for each in those)))
    return Decision(question, answer, those[0].result, tuple(rules))


# ---------------------------------------------------------------- drawing

_LINE = 20
_PAD = 12
_CHAR = 7.6
"""Width that is reckoned for a character of 14 px text."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where boxes stand: questions at the left, results beside them or, in a narrow drawing, below them."""

    name: str
    width: int
    question: tuple[int, int]
    result: tuple[int, int]
    beside: bool


WIDE = _Layout("wide", 760, (2, 330), (408, 350), True)
NARROW = _Layout("narrow", 330, (2, 326), (52, 276), False)


def draw(decisions: Sequence[Decision], layout: _Layout, link: Callable[[str], Markup]) -> Markup:
    """The chain as SVG."""
    parts: list[Markup] = []
    top = 2
    *steps, last = decisions
    for at, step in enumerate(steps):
        question = _box(layout.question, top, step.question, (), "question", link)
        beside = top if layout.beside else top + question[1] + 34
        result = _box(layout.result, beside, step.result, step.rules, "result", link)
        bottom = max(top + question[1], beside + result[1])
        parts += [question[0], result[0], _branch(layout, top, question[1], beside, result[1], step.answer)]
        other = "no" if step.answer == "yes" else "yes"
        parts.append(_down(layout.question[0] + 20, top + question[1], bottom + 34, other))
        top = bottom + 34
        if at == len(steps) - 1:
            final = _box(layout.question, top, last.result, last.rules, "result", link)
            parts.append(final[0])
            top += final[1] + 2
    return Markup(
        '<svg class="diagram {}" viewBox="0 0 {} {}" width="{}" height="{}" role="group" aria-label="{}">{}</svg>'
    ).format(
        layout.name, layout.width, top, layout.width, top,
        "Decision diagram: what decides the visibility of a new collection", Markup("").join(parts),
    )  # fmt: skip


def _box(
    place: tuple[int, int], top: int, text: str, rules: Sequence[str], kind: str, link: Callable[[str], Markup]
) -> tuple[Markup, int]:
    left, width = place
    lines = textwrap.wrap(text, int((width - 2 * _PAD) / _CHAR))
    height = _LINE * (len(lines) + bool(rules)) + 2 * _PAD - 4
    spans = Markup("").join(
        Markup('<tspan x="{}" y="{}">{}</tspan>').format(left + _PAD, top + _PAD + 12 + _LINE * at, line)
        for at, line in enumerate(lines)
    )
    below = Markup("")
    if rules:
        anchors = Markup(" ").join(link(rule) for rule in rules)
        below = Markup('<text x="{}" y="{}" class="rules">{}</text>').format(
            left + _PAD, top + _PAD + 12 + _LINE * len(lines), anchors
        )
    box = Markup(
        '<g class="{}"><rect x="{}" y="{}" width="{}" height="{}" rx="6"/><text>{}</text>{}</g>'
    ).format(kind, left, top, width, height, spans, below)  # fmt: skip
    return box, height


def _branch(layout: _Layout, top: int, height: int, beside: int, result: int, answer: str) -> Markup:
    """The arrow from a question to the result that its answer decides."""
    if layout.beside:
        y = top + min(height, result) // 2
        start, end = layout.question[0] + layout.question[1], layout.result[0]
        return _arrow(f"M{start} {y}H{end - 7}", (end - 7, y, "right"), (start + 14, y - 7), answer)
    x = layout.result[0] + 40
    return _arrow(f"M{x} {top + height}V{beside - 7}", (x, beside - 7, "down"), (x + 10, top + height + 20), answer)


def _down(x: int, start: int, end: int, answer: str) -> Markup:
    return _arrow(f"M{x} {start}V{end - 7}", (x, end - 7, "down"), (x + 10, end - 13), answer)


def _arrow(path: str, head: tuple[int, int, str], label: tuple[int, int], text: str) -> Markup:
    x, y, way = head
    tip = f"M{x} {y - 5}l7 5l-7 5z" if way == "right" else f"M{x - 5} {y}l5 7l5 -7z"
    return Markup('<path class="arrow" d="{}"/><path class="head" d="{}"/><text x="{}" y="{}">{}</text>').format(
        path, tip, *label, escape(text)
    )
