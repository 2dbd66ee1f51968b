"""Whose doing a silence is: the target's where it is steady and the network loses little, else nobody's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest

from conformance.judge.silence import Silence
from conformance.model import Binding, Exchange, Record

READ = Exchange(0, "dataset", "alice", "mine", "GET", "/datasets/1", {}, b"", 200, {}, b"{}")
POST = Exchange(0, "create", "alice", "0", "POST", "/data-collections", {}, b"{}", 201, {}, b"{}")
CLOSED = replace(POST, status=None, trouble="closed: the connection was lost")
TIMEOUT = replace(POST, status=None, trouble="timeout: no answer in time")
REFUSED = replace(POST, status=None, trouble="refused: no connection")


def silent_cases(records: Iterable[Record]) -> frozenset[str]:
    """Those of a run with these records."""
    silence = Silence()
    for each in records:
        silence.add(each)
    return silence.cases()


def silent(*exchanges: Exchange, attempts: int = 6, steady: bool = True) -> Record:
    return Record("silent", Binding("t"), exchanges, trouble="t", attempts=attempts, lost=attempts, steady=steady)


def others(number: int, lost: int = 0) -> list[Record]:
    """Cases that came through, which lost so many answers between them."""
    records = [Record(f"x-{n}", Binding("t"), (READ, POST, READ)) for n in range(number)]
    return [replace(records[0], lost=lost), *records[1:]] if records else []


def judged_silent(record: Record, rest: Sequence[Record]) -> bool:
    return silent_cases([record, *rest]) == {"silent"}


@pytest.mark.parametrize("number", [0, 20, 7000])
def test_one_silence_among_answers_is_the_targets(number: int) -> None:
    assert judged_silent(silent(READ, CLOSED), others(number))


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_a_line_that_loses_some_does_not_lose_one_six_times(share: float) -> None:
    assert judged_silent(silent(READ, CLOSED), others(450, lost=int(450 * 3 * share)))


def test_a_line_that_loses_a_third_may_lose_one_six_times() -> None:
    assert not judged_silent(silent(READ, CLOSED), others(450, lost=700))


def test_attempts_that_ended_in_different_places_are_the_networks() -> None:
    assert not judged_silent(silent(READ, CLOSED, steady=False), others(450))


@pytest.mark.parametrize("exchange", [TIMEOUT, REFUSED, replace(READ, status=None, trouble="closed: x")])
def test_what_may_be_the_networks_is(exchange: Exchange) -> None:
    assert not judged_silent(silent(READ, exchange), others(450))


@pytest.mark.parametrize("racer", [TIMEOUT, CLOSED, replace(POST, status=503)])
def test_a_race_that_is_never_answered_whole_is_the_targets(racer: Exchange) -> None:
    assert judged_silent(silent(READ, POST, racer, attempts=3), others(450))
    assert not judged_silent(silent(READ, POST, racer, attempts=3), others(450, lost=150)), "one in ten is lost"


@pytest.mark.parametrize("racer", [REFUSED, replace(POST, status=429)])
def test_a_race_that_was_not_let_in_is_not(racer: Exchange) -> None:
    assert not judged_silent(silent(READ, POST, racer), others(450))
    assert not judged_silent(silent(READ, REFUSED, CLOSED), others(450))
