"""Scheduling: threads have their next case before the judge has its next record, and no record is lost at an end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

import pytest

from conformance import execute
from conformance.attempt import Carried, Execution
from conformance.errors import TargetUnreachable
from conformance.model import Case, Record, Source, World, in_turn
from conformance.plan import make_plan
from conformance.redact import Redactor
from conformance.targets import Arranged, Unarranged
from conformance.transport import Transport

CASE = Case("x", "x", "x", "x", ("CRE-1",), World((), {}, {}, {}, {}), (), Source("x.yaml", 1))
PLAN = [replace(CASE, id=f"x-{number}") for number in range(500)]
THREADS = 4
AT_ONCE = 2 * THREADS + 1
"""Cases in hand where worlds are arranged one at a time."""


class Inline(Executor):
    """Does at once what is submitted: everything in hand is over whenever it is looked at."""

    def __init__(self, threads: int) -> None:
        assert threads == THREADS

    def submit(self, task: Callable[..., Any], /, *arguments: Any, **more: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(task(*arguments, **more))
        return future


class Nowhere:
    """Arranges nothing, one case at a time."""

    batch = 1

    def arrange(self, cases: Sequence[tuple[Case, str]]) -> dict[str, Arranged | Unarranged]:
        return {case.id: Unarranged() for case, _ in cases}


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cases that were begun; in a repetition none gets through."""
    begun: list[str] = []

    def carry_out(case: Case, arranged: Arranged | Unarranged, on: Execution) -> Carried:
        begun.append(case.id)
        return Carried(Record(case.id, None, trouble="the connection was refused" if on.repeat else ""), ())

    monkeypatch.setattr(execute, "carry_out", carry_out)
    monkeypatch.setattr(execute, "ThreadPoolExecutor", Inline)
    return begun


def execution(repeat: int = 0) -> Execution:
    arranger: Any = Nowhere()
    return Execution("http://127.0.0.1/api/v1", Transport(), arranger, Redactor(), "r", THREADS, repeat=repeat)


def test_rows_that_tell_readings_apart_come_first_and_then_those_of_many_steps() -> None:
    turns = in_turn(make_plan("quick", 0).cases)
    telling = [any(each.depends for step in case.steps for each in step.expect) for case in turns]
    first = telling.count(True)
    assert 20 < first < len(turns) / 5 and all(telling[:first])
    for part in (turns[:first], turns[first:]):
        steps = [len(case.steps) for case in part]
        assert steps == sorted(steps, reverse=True)


def test_threads_have_more_to_do_before_a_second_record_is_kept(begun: list[str]) -> None:
    at: list[int] = []
    execute.execute(PLAN, execution(), lambda record: at.append(len(begun)))
    assert at[0] == AT_ONCE and at[1] == 2 * AT_ONCE
    assert at[-1] == len(at) == len(PLAN)


def test_few_records_wait_however_slow_the_judge_is(begun: list[str]) -> None:
    waiting: list[int] = []
    execute.execute(PLAN, execution(), lambda record: waiting.append(len(begun) - len(waiting)))
    assert execute.BACKLOG < max(waiting) <= execute.BACKLOG + 2 * AT_ONCE


def test_a_run_that_is_given_up_keeps_what_it_has(begun: list[str]) -> None:
    kept: list[str] = []
    with pytest.raises(TargetUnreachable, match="25 cases in a row"):
        execute.execute(PLAN, execution(repeat=1), lambda record: kept.append(record.case))
    assert sorted(kept) == sorted(begun) and execute.BREAKER < len(kept) < len(PLAN)
