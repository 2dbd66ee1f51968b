"""Which cases are never sent to accounts that other people's rows may live in.

Decided by what a case sends, here and nowhere else. A provider-state target makes fresh accounts for each world, where
nothing can be hit; the accounts of a target file may hold real data, and a *faulty* target is what is looked for: so
what counts is what the most lenient parser and the most careless handler could do with a body.

- A number that no world bound could be the id of the caller's own dataset, and would be attached, moved, promoted.
  Numbers are looked at as lenient parsers read them: ``1.5`` and ``true`` as 1, large ones by their low bits.
- A body drawn at random holds such numbers by the dozen.
- A name without the run's mark could be somebody's, and what is made with it is not found again after an abort; it
  matters only where the page lets the request succeed (a refusal that goes wrong is removed by its id).

A body without ``dataset_ids`` is sent: it attaches nothing. That a target takes it for *all my datasets* is not ruled
out by anything that we could leave out, since every client sends such bodies.
"""

from __future__ import annotations

import re

from conformance.model import Case, Request
from conformance.render import FIRST_UNKNOWN

_PLACE = re.compile(r"\$\{((?:(?!\$\{).)+?\*\d+|[^{}]+)\}", re.DOTALL)
_REPEAT = re.compile(r"(.+)\*(\d+)", re.DOTALL)
_FRACTION = re.compile(r"(\d+)\.\d+")
_NUMBER = re.compile(r"-?\d+")
_EXPONENT = re.compile(r"\d[eE]\+?\d")
_NAME = re.compile(r'"n[^"]*ame"\s*:\s*"(?:[^"\\]|\\.)*"')


def withheld(case: Case) -> str:
    """Why the case is not sent to accounts that are not the suite's own; empty where it may be."""
    requests = [(step, request) for step in case.steps for request in step.requests]
    if case.family == "generated" and case.row.startswith("gen-"):
        return "a drawn body could name datasets of the account that are not the suite's"
    for _, request in requests:
        if number := _stray_number(request):
            return f"it names {number} as an id, which could be a dataset of the account that is not the suite's"
    if case.exact_names or not all(step.only_refusals or _is_marked(request) for step, request in requests):
        return "a name goes out without the run's mark, and could be somebody's"
    return ""


def _is_marked(request: Request) -> bool:
    """Whether a collection that this makes can be told from others; an empty name makes none."""
    return "${@}" in request.body or '"name": ""' in request.body


def _stray_number(request: Request) -> str:
    """The first number in the body that some parser could take for an id that no world bound."""
    text = _NAME.sub("", _PLACE.sub(_filled, request.body))
    _, ids, text = text.partition("ataset")
    if not ids:
        return ""  # no field of it is about datasets
    if "true" in text.lower():
        return "true"
    if found := _EXPONENT.search(text):
        return found[0]
    return next((each for each in _NUMBER.findall(_without_fractions(text)) if not _is_nobodys(each)), "")


def _filled(place: re.Match[str]) -> str:
    """What stands for a place: an id that is bound is as good as one that nobody has."""
    repeat = _REPEAT.fullmatch(place[1])
    return repeat[1] * min(int(repeat[2]), 5000) if repeat else str(FIRST_UNKNOWN)


def _without_fractions(text: str) -> str:
    return _FRACTION.sub(r"\1", text)


def _is_nobodys(digits: str) -> bool:
    """Whether the number is 0 or too large for an id, whole and in its low bits."""
    number = int(digits[-4000:])
    low_bits = (number % 2**31, number % 2**32, number % 2**64)
    return number <= 0 or all(each == 0 or each >= FIRST_UNKNOWN for each in (number, *low_bits))
