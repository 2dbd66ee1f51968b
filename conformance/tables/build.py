"""A filled-in row becomes a Case: symbols resolved, worlds pruned to who is needed, expectations typed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from conformance.model import (
    Case,
    Collection,
    Dataset,
    Expectation,
    Member,
    Request,
    Run,
    Source,
    Step,
    User,
    World,
)
from conformance.readings import DIMENSIONS
from conformance.tables.expand import Expansion

UNKNOWN = re.compile(r"unknown(-[0-9]+)?")
"""Symbols of ids that never existed."""
DEFAULT_NAME = "Bundle"


class RowError(ValueError):
    """A mistake in a row, with the path to it."""

    def __init__(self, message: str, *path: str | int) -> None:
        super().__init__(message)
        self.path = path


def build_case(expansion: Expansion, family: str, cast: Mapping[str, User], source: Source) -> Case:
    """The planned case of one expansion; RowError where a symbol or a condition is unknown."""
    row = expansion.row
    groups = _groups(row.get("world", {}))
    exact = bool(row.get("exact_names"))
    steps = tuple(_step(raw, at, groups, cast, exact) for at, raw in enumerate(row["steps"]))
    world = _world(row.get("world", {}), steps, cast)
    case = Case(
        id=expansion.id,
        row=row["id"],
        family=family,
        title=row["title"] + (" (accepted twin)" if expansion.twin_of else ""),
        verifies=tuple(row["verifies"]),
        world=world,
        steps=steps,
        source=source,
        twin_of=expansion.twin_of,
        everyone_reads=bool(row.get("everyone_reads")),
        exact_names=exact,
        sparing=expansion.again,
    )
    _check_symbols(case)
    _check_expectations(case)
    return case


# ---------------------------------------------------------------- the world


def _groups(world: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """``many`` with ``count: 12`` stands for many-1 … many-12."""
    groups: dict[str, tuple[str, ...]] = {}
    for kind in ("datasets", "runs"):
        for symbol, fields in world.get(kind, {}).items():
            groups[symbol] = _numbered(symbol, fields)
    return groups


def _world(raw: Mapping[str, Any], steps: Iterable[Step], cast: Mapping[str, User]) -> World:
    datasets: dict[str, Dataset] = {}
    for symbol, fields in raw.get("datasets", {}).items():
        row = Dataset(**_uncounted(fields))
        datasets.update(dict.fromkeys(_numbered(symbol, fields), row))
    runs: dict[str, Run] = {}
    for symbol, fields in raw.get("runs", {}).items():
        run = Run(**_uncounted(fields))
        runs.update(dict.fromkeys(_numbered(symbol, fields), run))
    collections = dict(
        each for symbol, fields in raw.get("collections", {}).items() for each in _collections(symbol, fields)
    )
    rows: list[Collection | Dataset | Run] = [*datasets.values(), *runs.values(), *collections.values()]
    needed = {row.owner for row in rows} | {request.caller for step in steps for request in step.requests}
    needed |= set(raw.get("users", ())) | set(_readers_of_unowned(rows, needed, cast))
    users = {symbol: user for symbol, user in cast.items() if symbol in needed}
    if unknown := needed - set(cast) - {None}:
        asking = [at for at, step in enumerate(steps) if any(request.caller in unknown for request in step.requests)]
        place = ("steps", asking[0]) if asking else ("world",)
        raise RowError(f"nobody in cast.yaml is called {min(map(str, unknown))}", *place)
    organizations = {user.organization for user in users.values()} | {row.organization for row in rows}
    return World(tuple(sorted(each for each in organizations if each)), users, collections, datasets, runs)


def _collections(symbol: str, fields: Mapping[str, Any]) -> Iterable[tuple[str, Collection]]:
    """As other rows are counted, and each has the number in its name too: names decide here."""
    row = Collection(**_uncounted(fields))
    for number, each in enumerate(_numbered(symbol, fields), 1):
        yield each, replace(row, name=f"{row.name} {number}") if "count" in fields else row


def _uncounted(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != "count"}


def _numbered(symbol: str, fields: Mapping[str, Any]) -> tuple[str, ...]:
    count = fields.get("count")
    return tuple(f"{symbol}-{n}" for n in range(1, count + 1)) if count else (symbol,)


def _readers_of_unowned(
    rows: Iterable[Collection | Dataset | Run], needed: set[str | None], cast: Mapping[str, User]
) -> Iterable[str]:
    """A member for every organization whose rows nobody present may read: org-only ones, or a revoked user's."""
    for row in rows:
        owner = cast.get(row.owner) if row.owner else None
        if (owner is not None and owner.api_key == "active") or row.organization is None:
            continue
        members = [s for s, u in cast.items() if u.organization == row.organization and u.api_key == "active"]
        if not set(members) & needed and members:
            needed.add(members[0])
            yield members[0]


def _check_symbols(case: Case) -> None:
    world = case.world
    for symbol, dataset in world.datasets.items():
        if dataset.collection is not None and dataset.collection not in world.collections:
            raise RowError(f"there is no collection {dataset.collection}", "world", "datasets", symbol)
    for symbol, run in world.runs.items():
        if run.dataset is not None and run.dataset not in world.datasets:
            raise RowError(f"there is no dataset {run.dataset}", "world", "runs", symbol)
        if run.collection is not None and run.collection not in world.collections:
            raise RowError(f"there is no collection {run.collection}", "world", "runs", symbol)
    for at, step in enumerate(case.steps):
        for request in step.requests:
            for symbol in request.selected:
                if symbol not in world.datasets and not UNKNOWN.fullmatch(symbol):
                    raise RowError(f"there is no dataset {symbol}", "steps", at)
        for expect in step.expect:
            for symbol in expect.attached + tuple(m.symbol for m in expect.promoted):
                if symbol not in world.datasets:
                    raise RowError(f"there is no dataset {symbol}", "steps", at, "expect")
            for member in expect.moved + expect.promoted_runs:
                if member.symbol not in world.runs:
                    raise RowError(f"there is no run {member.symbol}", "steps", at, "expect")
            if expect.visibility is not None and expect.visibility not in world.organizations:
                raise RowError(f"there is no organization {expect.visibility}", "steps", at, "expect")


def _check_expectations(case: Case) -> None:
    """What follows a race, which has more than one end, is left to the oracle; shared datasets make nothing private."""
    for at, step in enumerate(case.steps):
        for each in step.expect:
            shared = _of_their_organization(case, step.requests[0].caller, each.attached)
            if 201 in each.statuses and each.visibility is None and shared:
                words = f"a collection of {shared}, which is the organization's, is not private"
                raise RowError(words + ("; a twin says so in twin.expect" if case.twin_of else ""), "steps", at)
        if not step.races and not step.expect and not any(each.races for each in case.steps[:at]):
            raise RowError("a step says what it expects, unless a race comes before it", "steps", at)


def _of_their_organization(case: Case, caller: str, attached: Iterable[str]) -> str | None:
    own = case.world.users[caller].organization
    rows = ((symbol, case.world.datasets.get(symbol)) for symbol in attached)
    return next((symbol for symbol, row in rows if own and row and row.organization == own), None)


# ---------------------------------------------------------------- steps


def _step(
    raw: Mapping[str, Any], at: int, groups: Mapping[str, tuple[str, ...]], cast: Mapping[str, User], exact: bool
) -> Step:
    if "race" in raw:
        requests = tuple(
            _request(each, f"{DEFAULT_NAME} {at + 1}.{n}", groups, exact) for n, each in enumerate(raw["race"], 1)
        )
        return Step(requests, succeed=raw.get("succeed"))
    request = _request(raw, DEFAULT_NAME if at == 0 else f"{DEFAULT_NAME} {at + 1}", groups, exact)
    wanted = raw.get("expect", [])
    alternatives = wanted if isinstance(wanted, list) else [wanted]
    selected = tuple(s for s in dict.fromkeys(request.selected) if not UNKNOWN.fullmatch(s))
    expect = tuple(_expectation(each, selected, groups, at) for each in alternatives)
    return Step((request,), expect, open_point=raw.get("open"))


def _request(raw: Mapping[str, Any], default_name: str, groups: Mapping[str, tuple[str, ...]], exact: bool) -> Request:
    if "body" in raw:
        body = raw["body"]
        selected = tuple(s for s in re.findall(r"\$\{([a-z][a-z0-9-]*)(?:\.0)?\}", body))
    else:
        name = raw.get("name", default_name)
        wanted = raw.get("datasets")
        selected = () if wanted is None else expand_selection(wanted, groups)
        body = request_body(name, None if wanted is None else selected, with_ids="datasets" in raw, exact=exact)
    return Request(
        caller=raw["caller"],
        body=body,
        credentials=raw.get("credentials", f"Bearer ${{{raw['caller']}}}"),
        content_type=raw.get("content_type", "application/json"),
        encoding=raw.get("encoding", "utf-8"),
        selected=selected,
        judge_name=raw.get("judge_name", True),
        query=raw.get("query", ""),
    )


def request_body(name: str, selected: tuple[str, ...] | None, *, with_ids: bool, exact: bool = False) -> str:
    """The body's template; the name gets the case's token unless it is exact (or empty)."""
    sent = name if exact or name == "" else f"{name} ${{@}}"
    parts = [f'"name": {json.dumps(sent, ensure_ascii=False)}']
    if with_ids:
        ids = "null" if selected is None else "[" + ", ".join(f"${{{each}}}" for each in selected) + "]"
        parts.append(f'"dataset_ids": {ids}')
    return "{" + ", ".join(parts) + "}"


def expand_selection(selection: Iterable[str], groups: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """``many*`` stands for every row of the group, in order."""
    found: list[str] = []
    for each in selection:
        found += groups.get(each[:-1], (each[:-1],)) if each.endswith("*") else (each,)
    return tuple(found)


def _expectation(
    raw: Mapping[str, Any], selected: tuple[str, ...], groups: Mapping[str, tuple[str, ...]], at: int
) -> Expectation:
    statuses: set[int] = set()
    given = raw["status"] if isinstance(raw["status"], list) else [raw["status"]]
    for status in given:
        statuses |= set(range(400, 500)) if status == "4xx" else {status}
    if 201 in statuses and "visibility" not in raw:
        raise RowError("an expectation with 201 says which visibility follows", "steps", at, "expect")
    attached = raw.get("attached")
    return Expectation(
        statuses=frozenset(statuses),
        when=_when(raw.get("when", {}), at),
        advisory=frozenset(raw.get("advisory", ())),
        visibility=None if raw.get("visibility", "private") == "private" else raw["visibility"],
        attached=selected if attached is None else expand_selection(attached, groups),
        promoted=_members(raw.get("promoted", ()), groups, at),
        moved=_members(raw.get("moved", ()), groups, at),
        promoted_runs=_members(raw.get("promoted_runs", ()), groups, at),
    )


def _members(raw: Iterable[Any], groups: Mapping[str, tuple[str, ...]], at: int) -> tuple[Member, ...]:
    found: list[Member] = []
    for each in raw:
        pattern, when = (each, {}) if isinstance(each, str) else next(iter(each.items()))
        found += [Member(symbol, _when(when, at)) for symbol in expand_selection([pattern], groups)]
    return tuple(found)


def _when(raw: Mapping[str, list[str]], at: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
    for dimension, values in raw.items():
        for value in values:
            if value not in DIMENSIONS[dimension]:
                raise RowError(f"{dimension} has no value {value!r}", "steps", at, "expect")
    return tuple((dimension, tuple(values)) for dimension, values in raw.items())
