"""The judge's shape of a 201 and the OpenAPI document's, as schemathesis validates it, say the same of every change."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import httpx
import pytest
import schemathesis
import yaml
from schemathesis.core.failures import Failure, FailureGroup

from conformance.judge.shape import problems
from conformance.paths import SPEC

VALUES: tuple[Any, ...] = (None, True, 7, "x", "2026-04-01T09:20:00Z", [None], {"id": 7, "email": "a@b.c"})


@cache
def operation() -> Any:
    return schemathesis.openapi.from_path(str(SPEC / "openapi.yaml"))["/data-collections"]["POST"]


def whole() -> dict[str, Any]:
    """The example answer that has most in it."""
    document = yaml.safe_load((SPEC / "openapi.yaml").read_text(encoding="utf-8"))
    answer = document["paths"]["/data-collections"]["post"]["responses"]["201"]
    examples = answer["content"]["application/json"]["examples"]
    found: dict[str, Any] = copy.deepcopy(
        max((each["value"] for each in examples.values()), key=lambda each: len(str(each)))
    )
    assert found["datasets"] and found["runs"] and not list(problems(found))
    return found


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if at:
        yield at
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*at, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*at, 0))


def changed(body: dict[str, Any], at: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(body)
    holder = made
    for step in at[:-1]:
        holder = holder[step]
    if value is ...:
        del holder[at[-1]]
    else:
        holder[at[-1]] = value
    return made


def fits(body: Any) -> bool:
    answer = httpx.Response(201, json=body, request=httpx.Request("POST", "http://x/data-collections"))
    answer.elapsed = timedelta(0)
    try:
        operation().validate_response(answer)
    except (Failure, FailureGroup):
        return False
    return True


def test_the_examples_fit() -> None:
    assert fits(whole())


@pytest.mark.parametrize("at", list(places(whole())), ids=lambda at: ".".join(map(str, at)))
def test_what_one_refuses_the_other_refuses(at: tuple[Any, ...]) -> None:
    for value in (..., *VALUES):
        body = changed(whole(), at, value)
        found = list(problems(body))
        assert fits(body) == (not found), (at, value, found)
