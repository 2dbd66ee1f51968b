"""Each race check finds its positive control again and again; `python -m tests.races` measures a hundred runs of each."""

from __future__ import annotations

from itertools import groupby

import pytest

from conformance.subjects import serving
from tests.races import CONTROLS, caught, race_rows

RUNS = 10
BY_MUTANT = [
    (mutant, [row for row, _ in pairs])
    for mutant, pairs in groupby(sorted(CONTROLS.items(), key=lambda pair: pair[1]), key=lambda pair: pair[1])
]


def test_each_race_check_has_a_control() -> None:
    assert sorted(CONTROLS) == sorted(race_rows())


@pytest.mark.parametrize(("mutant", "rows"), BY_MUTANT, ids=lambda each: each if isinstance(each, str) else "")
def test_a_gap_between_check_and_act_is_found_every_time(mutant: str, rows: list[str]) -> None:
    with serving(mutant) as url:
        assert {row: caught(url, row, RUNS) for row in rows} == dict.fromkeys(rows, RUNS)
