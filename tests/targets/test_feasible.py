"""Who plays whom, what no documented operation arranges, and what is never sent to accounts that others use."""

from __future__ import annotations

import itertools

import pytest

from conformance.model import Case, Collection, Dataset, Request, Run, Source, Step, User, World
from conformance.plan import make_plan
from conformance.targets.accounts import Accounts, KnownDataset, Persona
from conformance.targets.arranging import Unarranged
from conformance.targets.caution import withheld
from conformance.targets.feasible import Cast, feasible, matches


def persona(name: str, organization: int | None, **more: object) -> Persona:
    return Persona(name, f"key-{name}", f"${name}", organization=organization, known=True, **more)  # type: ignore[arg-type]


ANN, BEN, BEA = persona("ann", 1), persona("ben", 1), persona("bea", 1)
CAT, DAN, OLD = persona("cat", None), persona("dan", 2), persona("old", None, revoked=True)


def case(world: World, *requests: Request, refused: bool = False) -> Case:
    from conformance.model import Expectation

    expect = (Expectation(frozenset({422 if refused else 201})),)
    steps = tuple(Step((each,), expect) for each in requests)
    return Case("c", "c", "f", "t", (), world, steps, Source("f", 1))


def world(users: dict[str, str | None], **more: object) -> World:
    homes = {home for home in users.values() if home}
    return World(tuple(sorted(homes)), {name: User(home) for name, home in users.items()}, **more)  # type: ignore[arg-type]


def test_who_shares_an_organization_there_shares_one_here() -> None:
    everyone = (ANN, CAT, BEN, DAN, BEA)
    two = world({"alice": "acme", "bob": "acme", "dave": "globex", "carol": None})
    found = list(matches(two, everyone))
    assert found
    for cast in found:
        places = {symbol: each.organization for symbol, each in cast.users.items()}
        assert places["alice"] == places["bob"] == cast.organizations["acme"] == 1
        assert places["dave"] == cast.organizations["globex"] == 2
        assert places["carol"] is None
        assert len({each.name for each in cast.users.values()}) == 4
    assert len(found) == len({tuple(sorted((s, p.name) for s, p in cast.users.items())) for cast in found}) == 6


@pytest.mark.parametrize(
    "users, reason",
    [
        (
            {"alice": "acme", "bob": "acme", "dave": "globex", "dora": "globex"},
            "organizations with 2 and 2 personas, and there are 2 and 1",
        ),
        ({"carol": None, "cody": None}, "2 personas of no organization, and there are 1"),
        ({"a": "x", "b": "y", "c": "z"}, "organizations with 1 and 1 and 1 personas, and there are 2 and 1"),
    ],
)
def test_a_world_of_more_people_than_there_are_is_not_tested(users: dict[str, str | None], reason: str) -> None:
    found = feasible(case(world(users)), Accounts((ANN, BEN, CAT, DAN)))
    assert isinstance(found, Unarranged) and reason in found.untested


def test_a_persona_of_unknown_organization_plays_nobody() -> None:
    stranger = Persona("eve", "key-eve", "$eve")
    assert isinstance(feasible(case(world({"carol": None})), Accounts((stranger,))), Unarranged)


def test_a_revoked_key_is_played_by_a_revoked_one_only() -> None:
    gone = World((), {"marvin": User(None, "revoked")})
    assert isinstance(feasible(case(gone), Accounts((ANN, CAT))), Unarranged)
    found = feasible(case(gone), Accounts((ANN, CAT, OLD)))
    assert isinstance(found, Cast) and found.users["marvin"] is OLD
    alive = feasible(case(world({"carol": None})), Accounts((OLD,)))
    assert isinstance(alive, Unarranged)


def test_parts_are_given_so_that_the_known_rows_fit_their_owners() -> None:
    place = world({"alice": "acme", "bob": "acme"}, datasets={"catalog": Dataset("alice", proprietary=True)})
    found = feasible(case(place), Accounts((ANN, BEN), (KnownDataset(7, "ben", None, True),)))
    assert isinstance(found, Cast)
    assert found.users["alice"] is BEN and found.users["bob"] is ANN and found.known["catalog"].id == 7


def test_a_known_row_serves_one_dataset() -> None:
    two = world({"alice": "acme"}, datasets={"one": Dataset(None, "acme"), "two": Dataset(None, "acme")})
    rows = (KnownDataset(7, None, 1), KnownDataset(8, None, 2))
    assert isinstance(feasible(case(two), Accounts((ANN,), rows)), Unarranged)
    assert isinstance(feasible(case(two), Accounts((ANN,), (*rows, KnownDataset(9, None, 1)))), Cast)


@pytest.mark.parametrize(
    "rows, path",
    [
        ({"collections": {"old": Collection("Old", None, "acme")}}, "collections.old.owner"),
        ({"collections": {"old": Collection("Old", "carol", "acme")}}, "collections.old.organization"),
        ({"collections": {"a": Collection("Old", "bob"), "b": Collection("Old", "bob")}}, "collections.b.name"),
        ({"datasets": {"d": Dataset("carol", "acme")}}, "datasets.d.organization"),
        (
            {"collections": {"c": Collection("C", "bob")}, "datasets": {"d": Dataset("alice", collection="c")}},
            "datasets.d.collection",
        ),
        ({"runs": {"r": Run("alice")}}, "runs.r.dataset"),
        ({"datasets": {"d": Dataset("alice")}, "runs": {"r": Run(None, "d")}}, "runs.r.owner"),
        ({"datasets": {"d": Dataset("alice")}, "runs": {"r": Run("bob", "d")}}, "runs.r.owner"),
        ({"datasets": {"d": Dataset("alice", "acme")}, "runs": {"r": Run("bob", "d")}}, "runs.r.organization"),
        (
            {
                "collections": {"c": Collection("C", "bob")},
                "datasets": {"d": Dataset("bob")},
                "runs": {"r": Run("bob", "d", None, "c")},
            },
            "runs.r.collection",
        ),
    ],
)
def test_what_no_documented_operation_arranges_is_named(rows: dict[str, object], path: str) -> None:
    place = world({"alice": "acme", "bob": "acme", "carol": None}, **rows)
    found = feasible(case(place), Accounts((ANN, BEN, CAT), (), runs=True))
    assert found == Unarranged(unsupported=(path,))


def test_runs_are_made_only_where_the_file_allows_them() -> None:
    place = world({"alice": "acme"}, datasets={"d": Dataset("alice")}, runs={"r": Run("alice", "d")})
    found = feasible(case(place), Accounts((ANN,)))
    assert isinstance(found, Unarranged) and "documented_api.runs" in found.untested
    assert isinstance(feasible(case(place), Accounts((ANN,), (), runs=True)), Cast)


# ---------------------------------------------------------------- caution


def send(body: str) -> Request:
    return Request("alice", body, "Bearer ${alice}")


NAME = '"name": "B 7 ${@}"'


@pytest.mark.parametrize(
    "ids",
    [
        "7",
        "${mine}, 7",
        "true",
        "1.5",
        '"12"',
        "9007199254740993",
        "1e3",
        "18446744073709551623",
        "4294967297",
        "[3]",
        '{"id": 3}',
    ],
)
def test_a_body_that_some_parser_could_take_for_a_foreign_id_is_never_sent(ids: str) -> None:
    request = send(f'{{{NAME}, "dataset_ids": [{ids}]}}')
    assert "not the suite's" in withheld(case(world({"alice": None}), request, refused=True))


@pytest.mark.parametrize(
    "ids",
    [
        "",
        "${mine}",
        "${mine}, ${unknown-2}",
        "${mine}.5",
        '"${mine}"',
        "0",
        "-1",
        "2147483648",
        "${mine+4294967296}",
        "null",
        '"x"',
    ],
)
def test_ids_that_the_world_bound_or_that_nobody_has_are_sent(ids: str) -> None:
    request = send(f'{{{NAME}, "dataset_ids": [{ids}]}}')
    assert withheld(case(world({"alice": None}), request, refused=True)) == ""


def test_a_name_without_the_mark_is_sent_only_where_it_must_be_refused() -> None:
    bare = send('{"name": "x", "dataset_ids": "y"}')
    assert withheld(case(world({"alice": None}), bare, refused=True)) == ""
    assert "mark" in withheld(case(world({"alice": None}), bare))


def test_of_the_plan_nothing_is_sent_that_names_an_unbound_dataset() -> None:
    plan = make_plan("standard", 0)
    kept = [each for each in plan.cases if not withheld(each)]
    drawn = {each.id for each in plan.cases if each.id.startswith("gen-")}
    assert drawn and not drawn & {each.id for each in kept}
    assert not any(each.exact_names for each in kept)
    assert len(kept) > 0.8 * len(plan.cases)
    bodies = itertools.chain.from_iterable(step.requests for each in kept for step in each.steps)
    assert not any('"dataset_ids": [1' in each.body or "[true" in each.body for each in bodies)
