"""The frozen values that one stage hands to the next.

World, Case and Step are planned; Exchange and Record are executed; Finding and CaseVerdict are judged.
Rows are named by symbols; ids exist only in a Binding, made when a world is arranged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

JsonValue = Any
ReadOp = Literal["collection", "collections", "dataset", "run"]


# ---------------------------------------------------------------- worlds (contract: provider states)


@dataclass(frozen=True, slots=True)
class User:
    """An account: in one organization or in none; its key works or is revoked."""

    organization: str | None = None
    api_key: Literal["active", "revoked"] = "active"


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection; ``owner`` null means org-only."""

    name: str
    owner: str | None
    organization: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset; ``organization`` is whose members see it, ``collection`` where it is attached."""

    owner: str | None
    organization: str | None = None
    collection: str | None = None
    proprietary: bool = False
    name: str | None = None
    """What it is called where a scenario is about names; None: its symbol."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a dataset (or of none), in a collection (or in none)."""

    owner: str | None
    dataset: str | None = None
    organization: str | None = None
    collection: str | None = None


@dataclass(frozen=True, slots=True)
class World:
    """Everything that exists, by symbol. A successful request yields a new World."""

    organizations: tuple[str, ...] = ()
    users: Mapping[str, User] = field(default_factory=dict)
    collections: Mapping[str, Collection] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    runs: Mapping[str, Run] = field(default_factory=dict)

    def organization_of(self, user: str | None) -> str | None:
        """The organization that the user belongs to, or None."""
        return self.users[user].organization if user is not None else None

    def may_read(self, user: str, row: Collection | Dataset | Run) -> bool:
        """Whether the user sees the row: the owner does, and members of the row's organization."""
        mine = self.users[user].organization
        return row.owner == user or (mine is not None and row.organization == mine)

    def after(self, effect: Effect, caller: str, symbol: str, name: str) -> World:
        """The world once ``effect`` has happened; the new collection is called ``symbol``."""
        organization = self.organization_of(caller)
        datasets = dict(self.datasets)
        for each in effect.attached:
            datasets[each] = replace(datasets[each], collection=symbol)
        for each in effect.promoted:
            datasets[each] = replace(datasets[each], organization=organization)
        runs = dict(self.runs)
        for each in effect.moved:
            runs[each] = replace(runs[each], collection=symbol)
        for each in effect.promoted_runs:
            runs[each] = replace(runs[each], organization=organization)
        created = Collection(name=name, owner=caller, organization=effect.visibility)
        return replace(self, collections={**self.collections, symbol: created}, datasets=datasets, runs=runs)


# ---------------------------------------------------------------- expectations


@dataclass(frozen=True, slots=True)
class Effect:
    """What a 201 did: the collection's ``org_id`` (a symbol or None) and the rows it touched."""

    visibility: str | None
    attached: frozenset[str] = frozenset()
    promoted: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    promoted_runs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """Permitted statuses with what follows from each: ``effect`` after a 201, no change after a refusal."""

    statuses: frozenset[int]
    effect: Effect | None = None
    advisory: frozenset[int] = frozenset()
    """Statuses that are permitted and reported as an advisory (the page prefers another)."""
    because: tuple[str, ...] = ()
    """The requirements that decide this outcome, where the oracle gives it."""


@dataclass(frozen=True, slots=True)
class Member:
    """A symbol in an effect, under every reading or under those that ``when`` allows."""

    symbol: str
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Expectation:
    """One alternative of a table row: permitted statuses and, for 201, the effect, each under ``when``."""

    statuses: frozenset[int]
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    advisory: frozenset[int] = frozenset()
    visibility: str | None = None
    attached: tuple[str, ...] = ()
    promoted: tuple[Member, ...] = ()
    moved: tuple[Member, ...] = ()
    promoted_runs: tuple[Member, ...] = ()

    @property
    def depends(self) -> bool:
        """Whether it is not the same under every reading."""
        return bool(self.when) or any(each.when for each in (*self.promoted, *self.moved, *self.promoted_runs))


# ---------------------------------------------------------------- cases


@dataclass(frozen=True, slots=True)
class Source:
    """Where a row stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Request:
    """One POST as planned: templates, in which ``${symbol}`` is a dataset's id and ``${@}`` the case's token."""

    caller: str
    body: str
    """JSON text template."""
    credentials: str | None
    """Authorization header template: ``${alice}`` is her key, ``${alice|chopped}`` a near miss; None sends none."""
    content_type: str | None = "application/json"
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    selected: tuple[str, ...] = ()
    """The dataset symbols that the body names, for the reader of a report."""
    judge_name: bool = True
    """False where the page leaves open what becomes of the name."""
    query: str = ""
    """What follows the path's ``?``, a template as the body is; the page names none."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request, or several that race, and what may come back; no expectation means: the oracle decides."""

    requests: tuple[Request, ...]
    expect: tuple[Expectation, ...] = ()
    succeed: int | None = None
    """Race: how many of the requests answer 201, where the table says so."""
    open_point: str | None = None
    """The open point that the answer decides (ledger)."""

    @property
    def races(self) -> bool:
        """Whether the requests are released together."""
        return len(self.requests) > 1

    @property
    def only_refusals(self) -> bool:
        """Whether every permitted answer is a refusal."""
        return bool(self.expect) and all(201 not in each.statuses for each in self.expect)


@dataclass(frozen=True, slots=True)
class Case:
    """A planned case: one world, one or more steps; ``row`` is the stable id of the table row behind it."""

    id: str
    row: str
    family: str
    title: str
    verifies: tuple[str, ...]
    world: World
    steps: tuple[Step, ...]
    source: Source
    twin_of: str | None = None
    everyone_reads: bool = False
    """Read every collection by id with every key (VIS-6)."""
    exact_names: bool = False
    """Names go out as written, without the case's token."""
    sparing: bool = False
    """Read back only once, at the end: cases of many requests that the oracle judges."""


def in_turn(plan: Sequence[Case]) -> list[Case]:
    """The cases as they are carried out and judged.

    First the few rows that tell the readings apart: the rest is judged under one or two readings then, not under ten.
    Of the rest those of many steps, for the last have nobody beside them.
    """

    def turn(case: Case) -> tuple[bool, int]:
        return not any(each.depends for step in case.steps for each in step.expect), -len(case.steps)

    return sorted(plan, key=turn)


# ---------------------------------------------------------------- the record


@dataclass(frozen=True, slots=True)
class Binding:
    """Which ids, e-mails and names a world's symbols got. Keys are kept apart and never recorded."""

    token: str
    organizations: Mapping[str, int] = field(default_factory=dict)
    users: Mapping[str, int] = field(default_factory=dict)
    emails: Mapping[str, str] = field(default_factory=dict)
    collections: Mapping[str, int] = field(default_factory=dict)
    datasets: Mapping[str, int] = field(default_factory=dict)
    runs: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    """Arranged dataset names, by symbol."""
    shared_accounts: bool = False
    """Whether the accounts hold rows that the suite did not arrange."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, redacted. ``stage`` is -1 before the first step, else the step's index."""

    stage: int
    op: Literal["create", "collection", "collections", "dataset", "run"]
    who: str
    about: str
    """The symbol that is read, the new collection's symbol, or the request's index in its step."""
    method: str
    path: str
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int | None
    """None when no answer came; ``trouble`` then says why."""
    response_headers: Mapping[str, str]
    response_body: bytes
    truncated: bool = False
    trouble: str = ""
    started: float = 0.0
    """Seconds since the run began."""
    elapsed: float = 0.0


@dataclass(frozen=True, slots=True)
class Record:
    """All that happened to one case: arranged and executed, or why not."""

    case: str
    binding: Binding | None
    exchanges: tuple[Exchange, ...] = ()
    unsupported: tuple[str, ...] = ()
    """Paths into the world that the target cannot arrange."""
    trouble: str = ""
    """Why the case could not be carried out: the harness's or the network's fault."""
    untested: str = ""
    """Why the case was not carried out on this target: too few accounts, or other people's rows at stake."""
    attempts: int = 1
    lost: int = 0
    """Answers that were lost, in all attempts; the request of one was sent again."""
    steady: bool = False
    """Whether every attempt ended at the same request in the same way: then it may be the target's doing."""
    repeat: int = 0
    """Which repetition of a case that had failed this is; 0 for the case itself."""


# ---------------------------------------------------------------- verdicts


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference between what was permitted and what was seen."""

    requirement: str
    message: str
    expected: str = ""
    observed: str = ""
    exchange: int | None = None
    """Index into the record's exchanges."""
    severity: Literal["failed", "advisory", "error"] = "failed"


CaseOutcome = Literal["passed", "failed", "flaky", "advisory", "not-applicable", "not-tested", "error"]
"""*flaky*: it failed, and did not when it was repeated in a fresh world."""


@dataclass(frozen=True, slots=True)
class CaseVerdict:
    """The verdict on one case: its findings, and the readings that it leaves standing (a bit mask)."""

    case: str
    outcome: CaseOutcome
    findings: tuple[Finding, ...] = ()
    readings: int = -1
    reason: str = ""
    unobserved: frozenset[str] = frozenset()
    """Read operations that would have shown more, and are not served."""
    choices: tuple[tuple[str, str], ...] = ()
    """Open points and what the target chose."""
