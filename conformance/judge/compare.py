"""A view of a row against the state that must hold: what differs, and which requirement that breaks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.judge import blame
from conformance.judge.blame import Moment
from conformance.judge.same import same_time
from conformance.judge.seen import short
from conformance.judge.shape import instant
from conformance.model import Binding, Collection, Dataset, Finding, Run
from conformance.readings import Reading


@dataclass(frozen=True, slots=True)
class Lens:
    """What a comparison needs to know besides the view: who looks, under which reading, and how symbols are bound."""

    binding: Binding
    created: Mapping[str, int]
    verifies: Sequence[str]
    reading: Reading
    stored: Mapping[tuple[str, str], Mapping[str, Mapping[str, Any]]]
    """Rows as read, collections as listed, before the first request, by operation and symbol, then by reader; the
    first reader is who the row belongs to."""

    def id_of(self, symbol: str) -> int | None:
        """A collection's id."""
        return self.binding.collections.get(symbol, self.created.get(symbol))

    def find(self, candidates: blame.Candidates, message: str, expected: Any, observed: Any, exchange: int) -> Finding:
        """A finding under the candidate that the row is about."""
        requirement = blame.choose(candidates, self.verifies)
        return Finding(requirement, message, short(expected), short(observed), exchange)


def collection(
    view: Mapping[str, Any],
    symbol: str,
    moment: Moment,
    who: str,
    lens: Lens,
    at: int,
    *,
    judge_name: bool = True,
    fields: bool = True,
) -> Iterator[Finding]:
    """A collection as answered, read or listed, against the state; ``who`` looks.

    ``fields``: of nested rows not only which they are is compared, but what is said of them.
    """
    row = moment.state.collections[symbol]
    organization = None if row.organization is None else lens.binding.organizations[row.organization]
    if view.get("org_id") != organization and "org_id" in view:
        blamed = blame.collection_org(moment, symbol)
        yield lens.find(blamed, "the collection's org_id", organization, view["org_id"], at)
    if judge_name and "name" in view and view["name"] != row.name:
        blamed = ("CRE-4",) if symbol == moment.created else ("ATO-1", "CRE-4")
        yield lens.find(blamed, "the collection's name", row.name, view["name"], at)
    yield from _owner(view, row, symbol, moment, lens, at)
    yield from _datasets(view, symbol, moment, who, lens, at, fields=fields)
    yield from _runs(view, symbol, moment, who, lens, at, fields=fields)


def _owner(
    view: Mapping[str, Any], row: Collection, symbol: str, moment: Moment, lens: Lens, at: int
) -> Iterator[Finding]:
    user = view.get("user")
    expected = None if row.owner is None else lens.binding.users[row.owner]
    observed = user.get("id") if isinstance(user, dict) else None
    if "user" in view and observed != expected:
        blamed = blame.collection_user(moment, observed is None) if symbol.startswith("new-") else ("OWN-3", "ATO-1")
        yield lens.find(blamed, "the collection's user.id", expected, user, at)
    if not symbol.startswith("new-") or row.owner is None:
        return
    email = lens.binding.emails[row.owner]
    if isinstance(user, dict) and "email" in user and user["email"] != email:
        yield lens.find(("OWN-1",), "the collection's user.email", email, user["email"], at)
    if "author_email" in view and view["author_email"] != email:
        yield lens.find(("OWN-1",), "the collection's author_email", email, view["author_email"], at)


def _listed(
    rows: Mapping[str, Dataset | Run],
    ids: Mapping[str, int],
    symbol: str,
    moment: Moment,
    who: str,
    lens: Lens,
    by: str,
) -> dict[int, str]:
    """The nested rows that this reader must see, by id."""
    inside = {ids[each]: each for each, row in rows.items() if row.collection == symbol}
    hidden = [number for number, each in inside.items() if not moment.state.may_read(who, rows[each])]
    if hidden and lens.reading[by] == "readable":
        return {number: each for number, each in inside.items() if number not in hidden}
    return inside


def _identified(nested: list[Any]) -> list[Mapping[str, Any]]:
    return [row for row in nested if isinstance(row, dict) and type(row.get("id")) is int]


def _datasets(
    view: Mapping[str, Any], symbol: str, moment: Moment, who: str, lens: Lens, at: int, *, fields: bool
) -> Iterator[Finding]:
    nested = view.get("datasets")
    if not isinstance(nested, list):
        return
    rows = _identified(nested)
    found = [row["id"] for row in rows]
    expected = _listed(moment.state.datasets, lens.binding.datasets, symbol, moment, who, lens, "listed_datasets")
    if sorted(found) != sorted(expected):
        attached = next((ids_symbol for number, ids_symbol in expected.items() if number not in found), "")
        blamed = blame.attachment(moment, attached) if symbol == moment.created else ("ATO-1", "ATT-3")
        if moment.effect is not None and symbol != moment.created:
            blamed = ("ATT-3", "ATT-1", "CON-1")
        yield lens.find(blamed, "the ids of the collection's datasets", sorted(expected), found, at)
    for row in rows if fields else ():
        each = expected.get(row["id"])
        if each is None:
            continue
        yield from _dataset_fields(row, each, moment, lens, at, f"datasets: {each}")
        before: Mapping[str, Any] = next(iter(lens.stored.get(("dataset", each), {}).values()), {})
        for field in ("name", "author_email"):
            if field in before and field in row and row[field] != before[field]:
                yield lens.find(("CRE-3",), f"datasets: {each}'s {field}", before[field], row[field], at)
        made = before.get("created_at")
        if instant(made) is not None and "created_at" in row and not same_time(row["created_at"], made):
            yield lens.find(("CRE-3",), f"datasets: {each}'s created_at", made, row["created_at"], at)


def _dataset_fields(
    row: Mapping[str, Any], symbol: str, moment: Moment, lens: Lens, at: int, what: str
) -> Iterator[Finding]:
    dataset = moment.state.datasets[symbol]
    organization = None if dataset.organization is None else lens.binding.organizations[dataset.organization]
    if "org_id" in row and row["org_id"] != organization:
        yield lens.find(blame.dataset_org(moment, symbol), f"{what}'s org_id", organization, row["org_id"], at)
    owner = None if dataset.owner is None else lens.binding.users[dataset.owner]
    user = row.get("user")
    if "user" in row and (user.get("id") if isinstance(user, dict) else None) != owner:
        # A nested null is a matter of the shape: only an org-only row has it.
        blamed = ("CRE-2",) if user is None and what != symbol else ("OWN-3", "PRO-6", "ATO-1")
        yield lens.find(blamed, f"{what}'s user.id", owner, user, at)
    yield from _email(user, dataset.owner, lens, at, what)


def _email(user: Any, owner: str | None, lens: Lens, at: int, what: str) -> Iterator[Finding]:
    """The e-mail beside a nested user's id is that user's, not the caller's."""
    if owner is None or not isinstance(user, dict) or user.get("id") != lens.binding.users[owner]:
        return
    if "email" in user and user["email"] != lens.binding.emails[owner]:
        yield lens.find(("CRE-2",), f"{what}'s user.email", lens.binding.emails[owner], user["email"], at)


def _runs(
    view: Mapping[str, Any], symbol: str, moment: Moment, who: str, lens: Lens, at: int, *, fields: bool
) -> Iterator[Finding]:
    nested = view.get("runs")
    if not isinstance(nested, list):
        return
    rows = _identified(nested)
    found = [row["id"] for row in rows]
    ids = lens.binding.runs
    expected = _listed(moment.state.runs, ids, symbol, moment, who, lens, "listed_runs")
    if sorted(found) != sorted(expected):
        symbols = {number: each for each, number in ids.items()}
        missing = [each for number, each in expected.items() if number not in found]
        extra = [symbols.get(each, "") for each in found if each not in expected]
        blamed = blame.run_place(moment, (missing or extra or [""])[0], missing=bool(missing))
        yield lens.find(blamed, "the ids of the collection's runs", sorted(expected), found, at)
    for row in rows if fields else ():
        each = expected.get(row["id"])
        if each is not None:
            yield from _run_fields(row, each, symbol, moment, who, lens, at)


def _run_fields(
    row: Mapping[str, Any], symbol: str, collection_symbol: str, moment: Moment, who: str, lens: Lens, at: int
) -> Iterator[Finding]:
    run = moment.state.runs[symbol]
    organization = None if run.organization is None else lens.binding.organizations[run.organization]
    if "org_id" in row and row["org_id"] != organization:
        yield lens.find(blame.run_org(moment, symbol), f"runs: {symbol}'s org_id", organization, row["org_id"], at)
    dataset = None if run.dataset is None else lens.binding.datasets[run.dataset]
    if "dataset_id" in row and row["dataset_id"] != dataset:
        yield lens.find(("CRE-2",), f"runs: {symbol}'s dataset_id", dataset, row["dataset_id"], at)
    place = lens.id_of(collection_symbol)
    if "data_collection_id" in row and row["data_collection_id"] != place:
        yield lens.find(
            ("CRE-2", "RUN-1"), f"runs: {symbol}'s data_collection_id", place, row["data_collection_id"], at
        )
    user = row.get("user")
    owner = None if run.owner is None else lens.binding.users[run.owner]
    # Whose run it is may be kept from who may not read it.
    hidden = user is None and ("user" not in row or not moment.state.may_read(who, run))
    if not hidden and (user.get("id") if isinstance(user, dict) else None) != owner:
        yield lens.find(("CRE-2", "OWN-3"), f"runs: {symbol}'s user.id", owner, user, at)
    yield from _email(user, run.owner, lens, at, f"runs: {symbol}")


def dataset(view: Mapping[str, Any], symbol: str, moment: Moment, who: str, lens: Lens, at: int) -> Iterator[Finding]:
    """A dataset as read by itself."""
    yield from _dataset_fields(view, symbol, moment, lens, at, symbol)
    row = moment.state.datasets[symbol]
    if "data_collection_id" not in view:
        return
    place = None if row.collection is None else lens.id_of(row.collection)
    hidden = row.collection is not None and not moment.state.may_read(who, moment.state.collections[row.collection])
    if view["data_collection_id"] != place and not (hidden and view["data_collection_id"] is None):
        blamed = blame.attachment(moment, symbol)
        yield lens.find(blamed, f"{symbol}'s data_collection_id", place, view["data_collection_id"], at)
    before = lens.stored.get(("dataset", symbol), {}).get(who, {})
    if _is_arranged(row.collection, lens) and differs(before, view, "updated_at"):
        blamed = ("ATO-1", "PRO-5") if moment.effect is None else ("PRO-5",)
        yield lens.find(blamed, f"{symbol}'s updated_at", before["updated_at"], view["updated_at"], at)


def _is_arranged(place: str | None, lens: Lens) -> bool:
    """Whether a row lies where it was arranged."""
    return place is None or place in lens.binding.collections


def differs(before: Mapping[str, Any], view: Mapping[str, Any], field: str) -> bool:
    """Whether a text, or null, is another than at first."""
    both = [each[field] for each in (before, view) if isinstance(each.get(field, 0), str | None)]
    return len(both) == 2 and both[0] != both[1]


def run(view: Mapping[str, Any], symbol: str, moment: Moment, who: str, lens: Lens, at: int) -> Iterator[Finding]:
    """A run as read by itself: its collection's name only tells when the run should not have moved.

    Its ``user`` is a plain e-mail there, which only tells when it is somebody else's.
    """
    row = moment.state.runs[symbol]
    before = lens.stored.get(("run", symbol), {}).get(who, {})
    owner = row.owner and lens.binding.emails[row.owner]
    if view.get("user") != owner and (
        view.get("user") in lens.binding.emails.values() or differs(before, view, "user")
    ):
        yield lens.find(("OWN-3", "PRO-6", "ATO-1"), f"{symbol}'s user", owner, view["user"], at)
    if differs(before, view, "author_email"):
        observed = view["author_email"]
        yield lens.find(("OWN-3", "RUN-1", "ATO-1"), f"{symbol}'s author_email", before["author_email"], observed, at)
    organization = None if row.organization is None else lens.binding.organizations[row.organization]
    if "org_id" in view and view["org_id"] != organization:
        yield lens.find(blame.run_org(moment, symbol), f"{symbol}'s org_id", organization, view["org_id"], at)
    if differs(before, view, "dataset"):
        yield lens.find(("RUN-1", "ATO-1"), f"{symbol}'s dataset", before["dataset"], view["dataset"], at)
    if _is_arranged(row.collection, lens) and _lies_elsewhere(before, view, moment):
        blamed = blame.run_place(moment, symbol, missing=False)
        yield lens.find(blamed, f"{symbol}'s data_collection", row.collection, view["data_collection"], at)


def _lies_elsewhere(before: Mapping[str, Any], view: Mapping[str, Any], moment: Moment) -> bool:
    """Whether a run names another collection than at first, or, where it was not read then, the new one."""
    if "data_collection" in before:
        return differs(before, view, "data_collection")
    collections = moment.state.collections
    named = [each for each, row in collections.items() if row.name == view.get("data_collection")]
    return named == [moment.created]
