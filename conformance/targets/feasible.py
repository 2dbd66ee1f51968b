"""Which worlds stand in reach of a target's accounts, and who plays whom in them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, permutations

from conformance.model import Case, Dataset, World
from conformance.targets.accounts import Accounts, KnownDataset, Persona
from conformance.targets.arranging import Unarranged
from conformance.targets.caution import withheld

MOST_MATCHES = 500
"""Ways to give the parts that are tried for one world."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays whom: personas by user, ids by organization, known datasets by dataset."""

    users: Mapping[str, Persona]
    organizations: Mapping[str, int]
    known: Mapping[str, KnownDataset]


def feasible(case: Case, accounts: Accounts) -> Cast | Unarranged:
    """Who plays whom in the case's world, or why it is not tested with these accounts."""
    if why := withheld(case):
        return Unarranged(untested=why)
    if unsupported := tuple(_out_of_reach(case.world)):
        return Unarranged(unsupported=unsupported)
    if case.world.runs and not accounts.runs:
        return Unarranged(untested="it needs runs, which cost credit: documented_api.runs is not true")
    missing = ""
    for cast in islice(matches(case.world, accounts.personas), MOST_MATCHES):
        known = _known_rows(case.world, cast, accounts.datasets)
        if not isinstance(known, str):
            return Cast(cast.users, cast.organizations, known)
        missing = missing or known
    return Unarranged(untested=missing or _shortage(case.world, accounts.personas))


def matches(world: World, personas: Sequence[Persona]) -> Iterator[Cast]:
    """Every way to give the users' parts to personas: who shares an organization there shares one here.

    Different organizations stay different, a user of none has a persona of none, a revoked key is a revoked one.
    """
    symbols = [*world.organizations]
    ours = list(dict.fromkeys(each.organization for each in personas if each.known and each.organization is not None))
    for chosen in permutations(ours, len(symbols)):
        organizations = dict(zip(symbols, chosen, strict=True))
        yield from (Cast(users, organizations, {}) for users in _parts(world, organizations, personas))


def _parts(
    world: World, organizations: Mapping[str, int], personas: Sequence[Persona]
) -> Iterator[Mapping[str, Persona]]:
    def fits(symbol: str, persona: Persona) -> bool:
        user = world.users[symbol]
        home = None if user.organization is None else organizations[user.organization]
        return persona.known and persona.organization == home and persona.revoked == (user.api_key == "revoked")

    def give(left: Sequence[str], given: Mapping[str, Persona]) -> Iterator[Mapping[str, Persona]]:
        if not left:
            yield given
            return
        for persona in personas:
            if persona not in given.values() and fits(left[0], persona):
                yield from give(left[1:], {**given, left[0]: persona})

    yield from give(list(world.users), {})


def _shortage(world: World, personas: Sequence[Persona]) -> str:
    """What the personas lack for a world that none of their combinations fits."""
    able = [each for each in personas if not each.revoked]
    gone = [symbol for symbol, user in world.users.items() if user.api_key == "revoked"]
    if len(gone) > sum(each.revoked for each in personas):
        return "it needs a revoked key (known.revoked)"
    alone = sum(user.organization is None and user.api_key == "active" for user in world.users.values())
    if alone > (have := sum(each.known and each.organization is None for each in able)):
        return f"it needs {alone} personas of no organization, and there are {have}"
    sizes = [
        sum(user.organization == each and user.api_key == "active" for user in world.users.values())
        for each in world.organizations
    ]
    there = [each.organization for each in able if each.organization is not None]
    have_sizes = sorted((there.count(each) for each in set(there)), reverse=True)
    return f"it needs organizations with {_sizes(sizes)} personas, and there are {_sizes(have_sizes) or 'none'}"


def _sizes(sizes: Sequence[int]) -> str:
    return " and ".join(str(each) for each in sorted(sizes, reverse=True))


# ---------------------------------------------------------------- rows that no documented operation makes


def is_known(world: World, row: Dataset) -> bool:
    """Whether the dataset must stand on the target already: org-only, proprietary, or a revoked user's."""
    return row.owner is None or row.proprietary or world.users[row.owner].api_key == "revoked"


def _known_rows(world: World, cast: Cast, datasets: Sequence[KnownDataset]) -> Mapping[str, KnownDataset] | str:
    """A known dataset for each row that needs one, each used once; or what is missing."""
    left = list(datasets)
    found: dict[str, KnownDataset] = {}
    for symbol, row in world.datasets.items():
        if not is_known(world, row):
            continue
        owner = None if row.owner is None else cast.users[row.owner].name
        home = None if row.organization is None else cast.organizations[row.organization]
        for each in left:
            if (each.owner, each.organization, each.proprietary) == (owner, home, row.proprietary):
                found[symbol] = each
                left.remove(each)
                break
        else:
            return f"it needs {_kind(world, row)}, and known.datasets has none (left)"
    return found


def _kind(world: World, row: Dataset) -> str:
    words = ["a proprietary" if row.proprietary else "a", "dataset"]
    if row.owner is None:
        words = ["an org-only", "dataset"]
    elif world.users[row.owner].api_key == "revoked":
        words += ["of a revoked user"]
    return " ".join([*words, *([] if row.organization is None or row.owner is None else ["that is shared"])])


def _out_of_reach(world: World) -> Iterator[str]:
    """Paths into the world that no documented operation arranges, whoever plays in it."""
    names = set()
    for symbol, row in world.collections.items():
        if row.owner is None or world.users[row.owner].api_key == "revoked":
            yield f"collections.{symbol}.owner"
        elif row.organization not in (None, world.users[row.owner].organization):
            yield f"collections.{symbol}.organization"
        elif (row.owner, row.name) in names:
            yield f"collections.{symbol}.name"
        names.add((row.owner, row.name))
    yield from _datasets_out_of_reach(world)
    yield from _runs_out_of_reach(world)


def _datasets_out_of_reach(world: World) -> Iterator[str]:
    names = set()
    for symbol, row in world.datasets.items():
        if row.owner is not None and row.organization not in (None, world.users[row.owner].organization):
            yield f"datasets.{symbol}.organization"
        elif (row.collection is not None and is_known(world, row)) or (
            row.collection is not None and not world.may_read(str(row.owner), world.collections[row.collection])
        ):
            yield f"datasets.{symbol}.collection"
        elif row.name is not None and (row.owner, row.name) in names:
            yield f"datasets.{symbol}.name"
        names.add((row.owner, row.name))


def _runs_out_of_reach(world: World) -> Iterator[str]:
    """A run is made by who reads its dataset, and inherits the dataset's organization and collection."""
    for symbol, run in world.runs.items():
        dataset = world.datasets[run.dataset] if run.dataset else None
        if dataset is None:
            yield f"runs.{symbol}.dataset"
        elif run.owner is None or world.users[run.owner].api_key == "revoked":
            yield f"runs.{symbol}.owner"
        elif run.collection != dataset.collection:
            yield f"runs.{symbol}.collection"
        elif run.organization is None and (run.owner != dataset.owner or is_known(world, dataset)):
            yield f"runs.{symbol}.{'organization' if dataset.organization else 'owner'}"
        elif run.organization is not None and (
            run.organization != dataset.organization or not world.may_read(run.owner, dataset)
        ):
            yield f"runs.{symbol}.organization"
