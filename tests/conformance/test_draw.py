"""What is drawn beyond the tables: the same for a seed, mostly eligible, colliding on purpose, and quick to draw."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from conformance.ahead import drawn_bodies
from conformance.draw import LARGE, SIZE, STEMS, draw, drawn_worlds, large_selections
from conformance.errors import HarnessError, TranscriptRefused
from conformance.model import Case, Dataset, Request, Source
from conformance.oracle import selection_errors
from conformance.plan import make_plan
from conformance.readings import fork
from tests.conformance.conftest import ROOT

SOURCE = Source("scenarios/generated.yaml", 1)
WORLDS = tuple(drawn_worlds(draw(10, 0), SOURCE))


def requests(cases: tuple[Case, ...] = WORLDS) -> Iterator[tuple[Case, Request]]:
    return ((case, step.requests[0]) for case in cases for step in case.steps)


def digest(drawings: tuple[bytes, ...]) -> str:
    return hashlib.sha256(b"".join(drawings)).hexdigest()


def test_a_seed_gives_the_same_whatever_modules_are_loaded(tmp_path: Path) -> None:
    # Constants of these modules would get into numbers and short strings that Hypothesis draws.
    (tmp_path / "loud.py").write_text(f"A, B, C = 7, b'bytes', {bytes(range(200))!r}\n")
    program = "import hashlib, loud; from conformance.draw import draw; print(hashlib.sha256(b''.join(draw(35, 3))).hexdigest())"
    paths = f"{ROOT}:{tmp_path}"
    elsewhere = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={"PYTHONPATH": paths}, capture_output=True, text=True
    )
    assert elsewhere.stdout.strip() == digest(draw(35, 3)), elsewhere.stderr
    assert digest(draw(35, 4)) != digest(draw(35, 3))


def test_a_recorded_plan_is_made_again_without_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    drawings = draw(15, 0)
    monkeypatch.setattr("conformance.plan.draw", lambda count, seed: pytest.fail("drawn again"))
    plan = make_plan("standard", 0, (), drawings)
    assert plan.drawings == drawings
    assert [case for case in plan.cases if case.id.startswith("seq-")] == list(
        drawn_worlds(drawings[:10], plan.cases[-1].source)
    )


@pytest.mark.parametrize("drawings", [(), draw(14, 0), (*draw(14, 0), b"")])
def test_a_record_with_fewer_worlds_than_its_depth_is_refused(drawings: tuple[bytes, ...]) -> None:
    with pytest.raises(TranscriptRefused, match="15 worlds"):
        make_plan("standard", 0, (), drawings)


def test_drawings_differ_and_none_is_the_simplest() -> None:
    drawings = draw(15, 0)
    assert len(set(drawings)) == 15
    assert all(len(each) == SIZE and len(set(each)) > 100 for each in drawings)


def test_most_selections_are_eligible_and_few_have_more_than_one_that_is_not() -> None:
    wrong = Counter(
        min(
            len({symbol for symbol in request.selected if symbol == "unknown" or alone_refused(case, request, symbol)}),
            2,
        )
        for case, request in requests()
    )
    whole = sum(wrong.values())
    assert wrong[0] > 0.5 * whole
    assert 0.15 * whole < wrong[1] < 0.4 * whole
    assert wrong[2] < 0.1 * whole


def alone_refused(case: Case, request: Request, symbol: str) -> bool:
    """Whether every reading refuses the dataset as it was arranged."""
    return all(
        errors for _, errors in fork(lambda reading: selection_errors(reading, case.world, request.caller, [symbol]))
    )


def facts(case: Case, request: Request) -> Iterator[tuple[str, str]]:
    """What a fault may ask for of a request and of the rows that it is about: sort and fact."""
    world, me = case.world, request.caller
    home = world.users[me].organization

    def whose(owner: str | None) -> str:
        near = owner is not None and home is not None and world.users[owner].organization == home
        return "nobody's" if owner is None else "own" if owner == me else "colleague's" if near else "other's"

    def wrong(row: Dataset) -> str:
        place = "private" if row.organization is None else "shared" if row.organization == home else "foreign"
        kind = "proprietary " if row.proprietary else "taken " if row.collection else ""
        fine = not kind and (place == "shared" or (place == "private" and row.owner == me))
        return "" if fine else f"{kind}{whose(row.owner)} {place}"

    rows = [world.datasets[each] for each in request.selected if each in world.datasets]
    shared = [row for row in rows if row.organization is not None and not wrong(row)]
    private = [row for row in rows if row.organization is None and not wrong(row)]
    yield "good", f"{'some' if private else 'no'} private, {'some' if shared else 'none'} shared"
    yield "name", next(each for each in STEMS if json.dumps(each, ensure_ascii=False)[:-1] in request.body)
    yield from (("shared", whose(row.owner)) for row in shared)
    yield from (("wrong", wrong(row)) for row in rows if wrong(row))
    if "unknown" in request.selected:
        yield "wrong", "unknown"
    for run in world.runs.values():
        if run.dataset in request.selected and run.dataset in world.datasets:
            elsewhere = run.collection != world.datasets[run.dataset].collection
            yield "run", f"{whose(run.owner)} {'elsewhere' if elsewhere else 'beside its dataset'}"


@pytest.mark.parametrize(
    "one, other, least",
    [
        ("good", "name", 32), ("good", "run", 26), ("shared", "run", 32), ("shared", "shared", 12), ("run", "run", 56),
        ("wrong", "good", 48), ("wrong", "shared", 54),
    ],
)  # fmt: skip
def test_facts_that_a_fault_may_ask_for_together_meet(one: str, other: str, least: int) -> None:
    met = {
        (a, b)
        for case, request in requests()
        for a, b in product(set(facts(case, request)), repeat=2)
        if (a[0], b[0]) == (one, other) and a != b
    }
    assert len(met) >= least, sorted(met)


def test_what_was_refused_is_sent_again_without_what_was_wrong() -> None:
    again = 0
    for case in WORLDS:
        sent = [(request.caller, set(request.selected)) for _, request in requests((case,))]
        again += sum(
            any(c == caller and now < before for c, before in sent[:at]) for at, (caller, now) in enumerate(sent) if now
        )
    assert again > 60


def test_names_and_datasets_collide_and_people_take_turns() -> None:
    for case in WORLDS:
        assert len({request.caller for _, request in requests((case,))}) > 2
    bodies = Counter(request.body.partition(",")[0] for _, request in requests((WORLDS[0],)))
    assert max(bodies.values()) > 1, "a name that was used before"
    again = [
        symbol
        for case in WORLDS
        for symbol, number in Counter(s for _, request in requests((case,)) for s in request.selected).items()
        if number > 1 and symbol != "unknown"
    ]
    assert len(again) > 30


def test_worlds_hold_rows_that_no_request_names() -> None:
    for case in WORLDS:
        named = {symbol for _, request in requests((case,)) for symbol in request.selected}
        assert set(case.world.datasets) - named
        assert any(run.dataset is None for run in case.world.runs.values())


def test_large_selections_have_dozens_up_to_a_hundred() -> None:
    cases = tuple(large_selections(draw(20, 0), SOURCE))
    sizes = {len(request.selected) for _, request in requests(cases)}
    assert sizes <= set(LARGE) and len(sizes) > 4
    assert Counter(request.caller for _, request in requests(cases)) == {"alice": 16, "carol": 4}
    carols = [(case, request) for case, request in requests(cases) if request.caller == "carol"]
    assert any(case.world.datasets[symbol].organization for case, request in carols for symbol in request.selected)


def test_standard_depth_stays_within_its_requests() -> None:
    posts = sum(len(case.steps) for case in WORLDS)
    assert posts == 600, "what keeps a standard run below six thousand requests"


def test_a_seed_gives_the_same_bodies_whatever_this_process_has_loaded(tmp_path: Path) -> None:
    here = drawn_bodies("standard", 3)
    (tmp_path / "loud.py").write_text(f"A, B, C = 7, b'bytes', {'wording' * 9!r}\n")
    program = "import hashlib, loud; from conformance.ahead import drawn_bodies as d; print(hashlib.sha256(b''.join(d('standard', 3))).hexdigest())"
    elsewhere = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert elsewhere.stdout.strip() == digest(here), elsewhere.stderr
    assert len(here) > 20 and drawn_bodies("standard", 4) != here


def test_bodies_that_cannot_be_drawn_are_said_in_a_sentence() -> None:
    with pytest.raises(HarnessError, match=r"^no bodies were drawn: KeyError: 'nosuchdepth'$"):
        drawn_bodies("nosuchdepth", 0)
