"""What a failing target is told it behaves like; measured over the mutants, each left out in turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.diagnosis import diagnose, look_first, suspects
from conformance.kills import Kill, load_kills, write_kills
from conformance.subjects import subjects
from conformance.tables import load_tables

KILLS = load_kills()


def test_the_right_requirement_is_named_first_for_nine_mutants_in_ten() -> None:
    wrong = []
    for each in KILLS:
        others = [other for other in KILLS if other is not each]
        if look_first(each.rows, each.blamed, others) not in each.breaks:
            wrong.append(each.mutant)
    assert len(wrong) <= 0.1 * len(KILLS), wrong


def test_every_mutant_is_recorded_with_the_rows_that_are_there() -> None:
    rows = {row.id for table in load_tables() for row in table.rows}
    assert {each.mutant for each in KILLS} == {each.id for each in subjects() if each.kind == "mutant"}
    assert {row for each in KILLS for row in each.rows} <= rows
    assert all(each.rows for each in KILLS)


@pytest.fixture
def few() -> tuple[Kill, ...]:
    return (
        Kill("one", "the first decides", ("VIS-4", "PRO-1"), ("a", "b", "c"), {"VIS-4": 3}),
        Kill("two", "the last decides", ("VIS-4",), ("a", "d"), {"VIS-4": 2}),
        Kill("far", "the key is not looked at", ("AUT-1",), ("x",), {"AUT-1": 1}),
    )


def test_the_nearest_come_first_and_the_far_ones_not_at_all(few: tuple[Kill, ...]) -> None:
    assert [each.mutant for each in suspects({"a", "b", "c"}, few)] == ["one", "two"]
    assert [each.likeness for each in suspects({"a", "b", "c"}, few)] == [1.0, 0.25]


def test_nothing_that_failed_is_like_nothing(few: tuple[Kill, ...]) -> None:
    assert diagnose((), "abc", {}, few) == diagnose((), (), {}, ())
    assert look_first((), {}, few) is None


def test_rows_that_were_not_selected_count_neither_way(few: tuple[Kill, ...]) -> None:
    assert [(each.mutant, each.likeness) for each in diagnose({"d"}, {"b", "d"}, {}, few).alike] == [("two", 1.0)]


def test_without_a_neighbour_the_blame_decides(few: tuple[Kill, ...]) -> None:
    found = diagnose({"z"}, "abcdxz", {"NAM-1": 1, "ATO-1": 3}, few)
    assert (found.alike, found.first) == ((), "ATO-1")


def test_what_was_recorded_is_read_again(tmp_path: Path, few: tuple[Kill, ...]) -> None:
    write_kills(few, "1.0.0", tmp_path / "kills.json")
    assert load_kills(tmp_path / "kills.json") == few
