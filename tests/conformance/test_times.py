"""Times of an answer: what is ISO 8601 passes, what only RFC 3339 or a reader's guess makes one warns."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.shape import instant, loose_times

WELL = "2026-04-01T09:20:00Z"


def answer(time: str | None, nested: object = WELL) -> dict[str, Any]:
    return {"created_at": WELL, "updated_at": time, "datasets": [{"created_at": WELL, "updated_at": nested}, 7]}


@pytest.mark.parametrize(
    "time", [WELL, None, "2026-04-01t09:20:00.123456789z", "2026-04-01T09:20:00+05:30", "20260401T092000Z", "never"]
)
def test_a_form_of_the_standard_and_what_is_no_time_at_all_warn_of_nothing(time: str | None) -> None:
    assert list(loose_times(answer(time, time))) == []


@pytest.mark.parametrize(
    ("time", "warned"),
    [
        ("2026-04-01T09:20:00", ["no zone"]),
        ("2026-04-01 09:20:00Z", ["a blank for the T"]),
        ("2026-04-01 09:20:00.5", ["no zone", "a blank for the T"]),
    ],
)
def test_a_looser_form_is_a_time_and_warns(time: str, warned: list[str]) -> None:
    assert instant(time) is not None
    found = list(loose_times(answer(time, nested=time)))
    assert [what for what, _, _ in found] == warned
    assert {text for _, _, text in found} == {f'updated_at, datasets[0].updated_at: "{time}"'}


@pytest.mark.parametrize("datasets", [None, {}, "x"])
def test_what_is_no_list_of_rows_has_no_times(datasets: object) -> None:
    assert list(loose_times({"datasets": datasets})) == []
