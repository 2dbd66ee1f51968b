"""What is JSON, and what is not, however Python would have it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.answers import DEEPEST, TooDeep, json_of


@pytest.mark.parametrize(
    "body, value",
    [
        (b'{"a": 1, "a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": [[1]]}', {"a": [[1]]}),
        (b"[" * DEEPEST + b"]" * DEEPEST, ...),
        (b"[" + b'{"a":"[[[["},' * 300 + b"1]", ...),
        (b'["' + b"[" * 5000 + b'\\"["]', ["[" * 5000 + '"[']),
        (b"7" * 3000, int("7" * 3000)),
        (b"9" * 5000, float("inf")),
    ],
)
def test_json_is_read(body: bytes, value: object) -> None:
    read = json_of(body)
    assert value is ... or read == value


@pytest.mark.parametrize("body", [b"NaN", b'{"a": -Infinity}', b'{"a": 1, "a": 2}', b'"\xff"', b"", b"[1,]", b"<html>"])
def test_what_other_parsers_refuse_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        json_of(body)


@pytest.mark.parametrize("levels", [DEEPEST + 1, 900, 100_000])
@pytest.mark.parametrize("opening, closing", [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_is_nested_beyond_the_limit_is_said_to_be(levels: int, opening: bytes, closing: bytes) -> None:
    with pytest.raises(TooDeep):
        json_of(opening * levels + b"1" + closing * levels)


@given(st.text(alphabet='[]{}"\\a', max_size=40).map(lambda text: text * 40))
def test_depth_is_that_of_the_brackets_outside_of_strings(text: str) -> None:
    depth = deepest = 0
    for bracket in re.sub(r'"(?:[^"\\]|\\.)*"', "", text):
        depth += (bracket in "[{") - (bracket in "]}")
        deepest = max(deepest, depth)
    try:
        json_of(text.encode())
    except ValueError as error:
        assert isinstance(error, TooDeep) == (deepest > DEEPEST)
    else:
        assert deepest <= DEEPEST
