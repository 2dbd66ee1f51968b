"""The version space."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.judge.run import _ABOUT, _conflicting
from conformance.judge.same import same_time
from conformance.model import CaseVerdict
from conformance.readings import DIMENSIONS, EVERY, Reading, fork, full_reading, mask, minimal_conflict, surviving
from conformance.spec import load_catalogue

dimensions = st.lists(st.sampled_from(sorted(DIMENSIONS)), max_size=4)


@given(dimensions)
def test_a_fork_covers_every_reading_once(asked: list[str]) -> None:
    leaves = fork(lambda reading: [reading[name] for name in asked])
    masks = [mask(decided) for decided, _ in leaves]
    assert sum(each.bit_count() for each in masks) == EVERY.bit_count()
    for decided, result in leaves:
        assert result == [dict(decided)[name] for name in asked]


def test_a_fork_stays_within_a_mask() -> None:
    within = mask((("attach", "own"),))
    leaves = fork(lambda reading: reading["attach"] + reading["duplicate"], within)
    assert sorted(result for _, result in leaves) == ["ownboth", "ownby-visibility"]


def test_every_bit_is_a_reading() -> None:
    def ask(reading: Reading) -> dict[str, str]:
        return {name: reading[name] for name in DIMENSIONS}

    assert len({tuple(ask(full_reading(bit)).items()) for bit in range(EVERY.bit_length())}) == EVERY.bit_count()
    assert surviving(EVERY) == dict(DIMENSIONS)


@given(st.lists(st.integers(0, EVERY), max_size=8))
def test_a_minimal_conflict_is_empty_and_minimal(masks: list[int]) -> None:
    together = EVERY
    for each in masks:
        together &= each
    core = minimal_conflict([(str(at), each) for at, each in enumerate(masks)])
    assert bool(core) == (together == 0)
    for left_out in [None, *core]:
        rest = EVERY
        for name in core:
            if name != left_out:
                rest &= masks[int(name)]
        assert (rest == 0) == (left_out is None) or not core


def test_the_catalogue_has_the_same_readings() -> None:
    assert {name: tuple(each.values) for name, each in load_catalogue().dimensions.items()} == dict(DIMENSIONS)


def test_a_conflict_says_what_each_case_shows_and_blames_what_leaves_it_open() -> None:
    own, visible = mask((("attach", "own"),)), mask((("attach", "visible"), ("moved_runs", "mine")))
    found = _conflicting(CaseVerdict("here", "passed"), {"here": own, "there": visible}).findings[0]
    assert (found.requirement, found.observed) == ("ATT-1", "attach: own")
    assert found.expected == "attach: visible, moved_runs: mine in there"
    assert _ABOUT.keys() == DIMENSIONS.keys()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (None, None, True),
        (None, "2026-04-01T09:20:00Z", False),
        ("2026-04-01T09:20:00.9Z", "2026-04-01T09:20:00", True),
        ("2026-04-01T09:20:00Z", "2026-04-01T14:50:00+05:30", True),
        ("2026-04-01T09:20:00Z", "2026-04-01T09:20:02Z", False),
        (7, "2026-04-01T09:20:00Z", True),
    ],
)
def test_times_say_the_same_when_they_are_near_or_both_null(one: object, other: object, same: bool) -> None:
    assert same_time(one, other) is same
