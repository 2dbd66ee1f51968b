"""What a request's bytes ask for, before any world is looked at.

The page fixes the JSON body; where it is silent about a form (``"7"`` for an id, ``{"name": ..., "x": 1}``),
the form may be refused or taken, and both are returned.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

CLIENT_ERRORS = frozenset(range(400, 500))
MANY_IDS = 100
LONG_NAME = 100
VERY_LONG_NAME = 1000
LARGE_BODY = 64 * 1024
DEEP = 64
_FIELDS = frozenset({"name", "dataset_ids"})
# With another charset, or a parameter that JSON does not have, it is another content type.
_JSON_TYPE = re.compile(r"application/json\s*(;\s*charset=\"?utf-?8\"?\s*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Creation:
    """A body taken as valid: the ids to attach, the name (None: not determined) and whether it is judged."""

    ids: tuple[int, ...]
    name: str | None
    judge_name: bool = True


@dataclass(frozen=True, slots=True)
class Meaning:
    """How a body may be answered: refused with ``refusals`` whatever the world holds, or taken as ``creations``."""

    refusals: frozenset[int] = frozenset()
    creations: tuple[Creation, ...] = ()


class _Pairs(list[tuple[str, object]]):
    """A JSON object as its pairs, so that duplicate keys stay visible."""


_DECODER = json.JSONDecoder(object_pairs_hook=_Pairs)
_BLANKS = " \t\n\r"


@lru_cache(maxsize=512)  # a case asks for each of its bodies once a reading
def interpret(body: bytes, content_type: str | None = "application/json", query: str = "") -> Meaning:
    """The permitted meanings of a body (BOD-1, BOD-2, BOD-3, and the open points about forms)."""
    if len(body) > LARGE_BODY:
        return Meaning(CLIENT_ERRORS, _inner(body).creations)
    meaning = _inner(body)
    if query:
        meaning = Meaning(meaning.refusals | {400, 422}, meaning.creations)
    if not _JSON_TYPE.fullmatch(content_type or ""):
        return Meaning(meaning.refusals | {400, 415, 422}, meaning.creations)
    return meaning


def _inner(body: bytes) -> Meaning:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _undecodable(body)
    hard = text.startswith("\ufeff") or _is_hard(text)
    try:
        meaning = _of_text(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        meaning = Meaning(frozenset({422}))
    return Meaning(CLIENT_ERRORS, meaning.creations) if hard else meaning


def _of_text(text: str) -> Meaning:
    """Many decoders (Go's, Jackson) stop after the first value; RFC 8259 (9) lets a parser accept more than JSON."""
    text = text.strip(_BLANKS)
    value, end = _DECODER.raw_decode(text)
    meaning = _of_value(value)
    if text[end:]:
        return Meaning(meaning.refusals | {422}, meaning.creations)
    return meaning


def _undecodable(body: bytes) -> Meaning:
    """Invalid UTF-8: any 4xx; a parser that replaces the bytes, or detects UTF-16, may take the body."""
    replaced = (
        body.decode("utf-16", "replace") if body[:2] in (b"\xff\xfe", b"\xfe\xff") else body.decode("utf-8", "replace")
    )
    try:
        meaning = _of_value(json.loads(replaced, object_pairs_hook=_Pairs))
    except (ValueError, RecursionError):
        return Meaning(CLIENT_ERRORS)
    return Meaning(CLIENT_ERRORS, tuple(Creation(c.ids, None, judge_name=False) for c in meaning.creations))


def _is_hard(text: str) -> bool:
    """Bodies on which parsers differ: deep nesting, NUL, numbers of hundreds of digits, NaN and Infinity."""
    deep = text.count("[") + text.count("{") > DEEP
    return deep or "\0" in text or re.search(r"\d{300}|[eE]\+?\d{3}|NaN|Infinity", text) is not None


def _of_value(value: object) -> Meaning:
    if not isinstance(value, _Pairs):
        return Meaning(frozenset({422}))
    meaning = _of_pairs(value)
    # Go's decoder and .NET's compare keys without case; the page does not say.
    folded = _Pairs((key.lower() if key.lower() in _FIELDS else key, each) for key, each in value)
    if folded == value:
        return meaning
    taken = _of_pairs(folded)
    return Meaning(meaning.refusals | taken.refusals, meaning.creations + taken.creations)


def _of_pairs(pairs: _Pairs) -> Meaning:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        return Meaning(CLIENT_ERRORS, _creations_of_duplicates(pairs))
    meaning = _of_fields(dict(pairs))
    if set(keys) - _FIELDS:
        return Meaning(meaning.refusals | {400, 422}, meaning.creations)
    return meaning


def _creations_of_duplicates(pairs: _Pairs) -> tuple[Creation, ...]:
    """A repeated key may count first or last."""
    found = _of_fields(dict(pairs)).creations + _of_fields(dict(reversed(pairs))).creations
    return tuple(dict.fromkeys(Creation(each.ids, None, judge_name=False) for each in found))


def _of_fields(fields: dict[str, object]) -> Meaning:
    name = fields.get("name")
    if not isinstance(name, str):
        return Meaning(frozenset({422}))
    name_refusals, judge_name = _about_name(name)
    ids = _about_ids(fields.get("dataset_ids"))
    if not ids.creations:
        return Meaning(ids.refusals | ({400} if name == "" else frozenset()))
    return Meaning(
        ids.refusals | name_refusals,
        tuple(Creation(each.ids, name, judge_name) for each in ids.creations),
    )


def _about_name(name: str) -> tuple[frozenset[int], bool]:
    """Statuses that the name alone may get (blank, long, control characters: open) and whether it is judged."""
    if name == "":
        return frozenset(), True
    if len(name) > VERY_LONG_NAME or not name.isprintable():
        return CLIENT_ERRORS, False
    if len(name) > LONG_NAME or name != name.strip():
        return frozenset({400, 422}), False
    return frozenset(), unicodedata.is_normalized("NFC", name)


def _about_ids(value: object) -> Meaning:
    if value is None:
        return Meaning(creations=(Creation((), None),))
    if not isinstance(value, list) or isinstance(value, _Pairs):
        return Meaning(frozenset({422}))
    if not value:
        return Meaning(frozenset({400, 422}), (Creation((), None),))
    numbers: list[int] = []
    refusals: frozenset[int] = frozenset()
    for element in value:
        number = _as_integer(element)
        if number is None:
            return Meaning(frozenset({400, 404, 422} if _looks_numeric(element) else {422}))
        if type(element) is not int:
            refusals |= {400, 422}
        numbers.append(number)
    if len(set(numbers)) < len(numbers):
        refusals |= {400, 404, 422}
    if len(numbers) > MANY_IDS:
        refusals |= {400, 413, 422}
    return Meaning(refusals, (Creation(tuple(dict.fromkeys(numbers)), None),))


def _as_integer(element: object) -> int | None:
    """The integer that a lax parser may make of an element; None where no integer parser takes it."""
    if isinstance(element, bool):
        return int(element)
    if isinstance(element, int):
        return element
    if isinstance(element, float) and element.is_integer():
        return int(element)
    if isinstance(element, str) and re.fullmatch(r"\s*[+-]?\d[\d_]*(\.0*)?\s*", element):
        try:
            return int(element.strip().split(".")[0])
        except ValueError:
            return None
    return None


def _looks_numeric(element: object) -> bool:
    """Strings of which some languages' parsers still make a number (``""``, ``"1.5"``, ``"0x10"``)."""
    return isinstance(element, str) and (element.strip() == "" or any(char.isdigit() for char in element))
