"""The JSON of an answer, as strict as the strictest of the usual parsers, whatever the depth of our own stack."""

from __future__ import annotations

import json
import re
from typing import Any

DEEPEST = 200
MOST_DIGITS = 4000
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_OTHERS = re.compile(r"[^\[{\]}]+")
_PAIR = re.compile(r"\[\]|\{\}")


class TooDeep(ValueError):
    """JSON, but nested beyond DEEPEST: what it says is not seen."""


def json_of(body: bytes) -> Any:
    """The value; ValueError where it is no JSON (RFC 8259, UTF-8) or an object has a name twice with two values."""
    text = body.decode("utf-8-sig")
    if text.count("[") + text.count("{") > DEEPEST and _is_deep(text):
        raise TooDeep(f"it is nested more than {DEEPEST} levels deep")
    return _STRICT.decode(text)


def _is_deep(text: str) -> bool:
    brackets = left = _OTHERS.sub("", _STRING.sub("", text))
    for _ in range(DEEPEST):
        left, removed = _PAIR.subn("", left)  # one level less, and quicker than to count: where that is much
        if not left:
            return False
        if 16 * removed < len(left):
            break
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            return True
    return False


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def _one_meaning(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) and any(found[name] != value for name, value in pairs):
        raise ValueError("a name stands twice, with two values: parsers differ in which they take")
    return found


_STRICT = json.JSONDecoder(object_pairs_hook=_one_meaning, parse_constant=_no_number, parse_int=_integer)
