"""Answers in which any value is any other: the judge says what it thinks of them, and never falls over."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from conformance.certification import Settings, certify, default_provider_states
from conformance.judge import judge_run
from conformance.model import Exchange, Record
from conformance.plan import Plan
from conformance.report.document import document
from conformance.report.terminal import terminal_report
from conformance.result import Result
from conformance.spec import load_catalogue

JUNK: list[Any] = [
    None, True, False, 0, -1, 1.5, 1e400, 2**70, 10**3000, "", "x", "\ud800", "\x1b[31m\u202e", [], {}, [[]], [None], [7, 7],
    {"id": None}, {"id": 1}, {"id": "1", "email": 7}, [{"id": 1}, {"id": 1}], [{}], "2026-13-45T99:99:99Z", {"": {"": []}},
]  # fmt: skip


@pytest.fixture(scope="module")
def clean(reference: str, small_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> Result:
    settings = Settings(reference, default_provider_states(reference), report_dir=tmp_path_factory.mktemp("clean"))
    return certify(settings, small_plan, small_plan.cases)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*at, key))


def changed(value: Any, at: tuple[Any, ...], put: Any) -> Any:
    """The value with something else at a place."""
    if not at:
        return put
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = changed(value[at[0]], at[1:], put)
    return copy


def spoil(exchange: Exchange, draw: random.Random) -> Exchange:
    """A change at one to three places, or to the status, or to the headers."""
    if draw.random() < 0.1:
        return replace(exchange, status=draw.choice([101, 200, 201, 204, 304, 400, 401, 500, 599, 999]))
    if draw.random() < 0.1:
        return replace(
            exchange, response_headers={"content-type": draw.choice(["", "\udcff", "text/html;;=", "a" * 300])}
        )
    value = json.loads(exchange.response_body)
    for _ in range(draw.randint(1, 3)):
        value = changed(value, draw.choice(list(places(value))), draw.choice(JUNK))
    return replace(exchange, response_body=json.dumps(value).encode())


@pytest.mark.parametrize("seed", range(100))
def test_the_judge_and_the_reports_survive_any_answer(seed: int, clean: Result) -> None:
    draw = random.Random(seed)
    share = draw.choice([0.02, 0.2, 1.0])
    records: list[Record] = [
        replace(
            record,
            exchanges=tuple(spoil(each, draw) if draw.random() < share else each for each in record.exchanges),
        )
        for record in clean.transcript.records
    ]
    catalogue = load_catalogue()
    judgement = judge_run(clean.selected, records, catalogue, partial=False)
    assert share < 1 or judgement.claim != "conformant"
    result = replace(clean, transcript=replace(clean.transcript, records=tuple(records)), judgement=judgement)
    assert terminal_report(result, catalogue, lambda case: case, ()).isprintable() is False  # it has lines
    json.dumps(document(result, catalogue)).encode("ascii")
