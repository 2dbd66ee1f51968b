"""A case walked step by step under one reading: what was permitted against what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from conformance.body import Meaning, interpret
from conformance.judge import compare
from conformance.judge.blame import Moment, choose
from conformance.judge.compare import Lens
from conformance.judge.seen import Seen, items_of, short
from conformance.judge.serial import End, Racing, ends
from conformance.model import (
    Binding,
    Case,
    Collection,
    Dataset,
    Effect,
    Expectation,
    Finding,
    Member,
    Outcome,
    ReadOp,
    Request,
    Run,
    Step,
    World,
)
from conformance.oracle import permitted
from conformance.readings import Reading
from conformance.render import FIRST_UNKNOWN


@dataclass(frozen=True, slots=True)
class Ground:
    """What the walk stands on, whatever the reading: the case, what was seen, and what is served."""

    case: Case
    binding: Binding
    seen: Sequence[Seen]
    served: frozenset[ReadOp]
    stored: Mapping[int, Mapping[str, object]]
    created: Mapping[str, int]
    known_before: frozenset[int]
    """Ids of collections that users had before the first request without our arranging them."""

    posted: Mapping[int, Sequence[Seen]]
    """The answers to each step's requests, in the order of the requests."""
    read: Mapping[int, Sequence[Seen]]
    """What was read back after each step; -1 is before the first."""
    ids: Mapping[int, str | None]
    """Dataset ids by number; the suite's unknown ones are None."""

    def posts(self, at: int) -> Sequence[Seen]:
        """The answers to a step's requests."""
        return self.posted.get(at, ())

    def reads(self, at: int) -> Sequence[Seen]:
        """What was read back after a step."""
        return self.read.get(at, ())

    def lens(self, reading: Reading) -> Lens:
        """The comparison's view of this ground."""
        return Lens(self.binding, self.created, self.case.verifies, reading, self.stored)


def ids_of(binding: Binding) -> dict[int, str | None]:
    """Dataset symbols by id; the suite's unknown ids are None."""
    numbers: dict[int, str | None] = {FIRST_UNKNOWN + n: None for n in range(100)}
    numbers.update({number: symbol for symbol, number in binding.datasets.items()})
    return numbers


def by_stage(seen: Iterable[Seen]) -> tuple[dict[int, list[Seen]], dict[int, list[Seen]]]:
    """The POSTs and the reads, each by the step that they belong to."""
    posted: dict[int, list[Seen]] = {}
    read: dict[int, list[Seen]] = {}
    for each in seen:
        (posted if each.exchange.op == "create" else read).setdefault(each.exchange.stage, []).append(each)
    for posts in posted.values():
        posts.sort(key=lambda each: int(each.exchange.about))
    return posted, read


def arranged(ground: Ground) -> World:
    """The case's world with the names that its collections were given."""
    world, binding, case = ground.case.world, ground.binding, ground.case
    named = {
        symbol: replace(row, name=row.name if case.exact_names else f"{row.name} {binding.token}")
        for symbol, row in world.collections.items()
    }
    return replace(world, collections=named)


STATUS = "the status"
"""What a finding about a status that no outcome permits says."""


@dataclass(frozen=True, slots=True)
class Walked:
    """How far a reading explains a case, and the differences where it does not."""

    reached: int
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether the reading explains the whole case."""
        return not any(each.severity == "failed" for each in self.findings)

    @property
    def unanswerable(self) -> bool:
        """Whether the reading does not permit a status that was answered."""
        return any(each.message == STATUS for each in self.findings)


def walk(ground: Ground, reading: Reading) -> Walked:
    """The differences under this reading, up to the first step that it does not explain."""
    return _from_step(ground, reading, 0, arranged(ground))


def _from_step(ground: Ground, reading: Reading, at: int, state: World) -> Walked:
    if at == len(ground.case.steps):
        return Walked(at, ())
    posts = ground.posts(at)
    step = ground.case.steps[at]
    if len(posts) < len(step.requests):
        return Walked(at, ())  # the case was cut off here; its record says why
    if step.races:
        return _race(ground, reading, at, state, posts)
    return _single(ground, reading, at, state, step, posts[0])


def _go_on(
    ground: Ground, reading: Reading, at: int, state: World, found: list[Finding], *, anyway: bool = False
) -> Walked:
    """The rest of the case, when this step is explained (or when what follows can be judged all the same)."""
    if any(each.severity == "failed" for each in found) and not anyway:
        return Walked(at, tuple(found))
    rest = _from_step(ground, reading, at + 1, state)
    return Walked(rest.reached, (*found, *rest.findings))


# ---------------------------------------------------------------- one request


def _single(ground: Ground, reading: Reading, at: int, state: World, step: Step, post: Seen) -> Walked:
    (request,) = step.requests
    status = post.exchange.status
    outcomes = _permitted(ground, reading, state, step, post)
    fitting = [each for each in outcomes if status in each.statuses]
    if not fitting:
        refused = status != 201 and step.only_refusals
        return _go_on(ground, reading, at, state, _wrong_status(ground, outcomes, post), anyway=refused)
    effect = fitting[0].effect if status == 201 else None
    if effect is None:
        moment = Moment(state, request.caller, request.selected)
        found = _refusal_advisories(ground, fitting[0], post)
    else:
        symbol = f"new-{at}-0"
        name, judge_name = _name_of(request, post)
        after = state.after(effect, request.caller, symbol, name)
        moment = Moment(after, request.caller, request.selected, effect, symbol)
        lens = ground.lens(reading)
        found = [
            *compare.collection(post.object, symbol, moment, request.caller, lens, post.index, judge_name=judge_name)
        ]
    found += _read_back(ground, reading, at, moment)
    return _go_on(ground, reading, at, moment.state, found)


def _permitted(ground: Ground, reading: Reading, state: World, step: Step, post: Seen) -> list[Outcome]:
    (request,) = step.requests
    if not step.expect:
        return permitted(reading, state, request.caller, _authenticated(ground, request), _meaning(post), ground.ids)
    return [_outcome(reading, each) for each in step.expect if reading.allows(each.when)]


def _outcome(reading: Reading, expect: Expectation) -> Outcome:
    if 201 not in expect.statuses:
        return Outcome(expect.statuses, advisory=expect.advisory)

    def members(these: Sequence[Member]) -> frozenset[str]:
        return frozenset(each.symbol for each in these if reading.allows(each.when))

    effect = Effect(
        visibility=expect.visibility,
        attached=frozenset(expect.attached),
        promoted=members(expect.promoted),
        moved=members(expect.moved),
        promoted_runs=members(expect.promoted_runs),
    )
    return Outcome(expect.statuses, effect, expect.advisory)


def _authenticated(ground: Ground, request: Request) -> bool:
    valid = request.credentials == f"Bearer ${{{request.caller}}}"
    return valid and ground.case.world.users[request.caller].api_key == "active"


def _meaning(post: Seen) -> Meaning:
    return interpret(post.exchange.request_body, post.exchange.request_headers.get("content-type"))


def _name_of(request: Request, post: Seen) -> tuple[str, bool]:
    """The created collection's name: as sent, or as answered where the page leaves open what becomes of it."""
    creations = _meaning(post).creations
    sent = creations[0].name if creations else None
    if request.judge_name and sent is not None and creations[0].judge_name:
        return sent, True
    answered = post.object.get("name")
    return (answered if isinstance(answered, str) else sent or ""), False


def _wrong_status(ground: Ground, outcomes: Sequence[Outcome], post: Seen) -> list[Finding]:
    statuses = sorted({status for each in outcomes for status in each.statuses})
    expected = "any 4xx" if len(statuses) >= 100 else " or ".join(map(str, statuses)) or "an alternative of the row"
    because = tuple(rule for each in outcomes for rule in each.because)
    requirement = choose(because, ground.case.verifies) if because else ground.case.verifies[0]
    detail = short(post.json if post.json is not None else post.exchange.response_body.decode("utf-8", "replace"))
    observed = f"{post.exchange.status} {detail}" if post.exchange.status else f"no answer ({post.exchange.trouble})"
    # A server error breaks the rule of the row, and BOD-3 whatever was sent.
    broken = [requirement] + ["BOD-3"] * ((post.exchange.status or 0) >= 500)
    return [Finding(each, STATUS, expected, observed, post.index) for each in dict.fromkeys(broken)]


def _refusal_advisories(ground: Ground, outcome: Outcome, post: Seen) -> list[Finding]:
    return [
        Finding(ground.case.verifies[0], "the page prefers another status", "400", str(status), post.index, "advisory")
        for status in outcome.advisory
        if status == post.exchange.status
    ]


# ---------------------------------------------------------------- a race


def _race(ground: Ground, reading: Reading, at: int, state: World, posts: Sequence[Seen]) -> Walked:
    step = ground.case.steps[at]
    broken = [each for each in posts if (each.exchange.status or 500) >= 500]
    if broken:
        first = broken[0].exchange
        text = f"{first.status} {short(broken[0].json)}" if first.status else f"no answer ({first.trouble})"
        return Walked(at, (Finding("CON-3", "the status of a racing request", "201 or a 4xx", text, broken[0].index),))
    accepted = sum(each.exchange.status == 201 for each in posts)
    if step.succeed is not None and accepted != step.succeed:
        verifies = ground.case.verifies[0]
        statuses = [each.exchange.status for each in posts]
        text = f"{accepted} ({', '.join(map(str, statuses))})"
        what = "how many of the racing requests succeed"
        return Walked(at, (Finding(verifies, what, str(step.succeed), text, posts[0].index),))
    pairs = enumerate(zip(step.requests, posts, strict=True))
    racers = [_racing(ground, request, at, index, post) for index, (request, post) in pairs]
    possible = ends(reading, state, racers, ground.ids)
    if not possible:
        answers = ", ".join(str(each.status) for each in racers)
        what = "the answers to racing requests"
        return Walked(at, (Finding("CON-3", what, "those of some serial order", answers, posts[0].index),))
    return furthest(_race_end(ground, reading, at, end, posts) for end in possible)


def furthest(tried: Iterable[Walked]) -> Walked:
    """The walk that explains most. One that permits what was answered explains more than one that does not."""
    return min(tried, key=lambda each: (not each.clean, -each.reached, each.unanswerable, len(each.findings)))


def _racing(ground: Ground, request: Request, at: int, index: int, post: Seen) -> Racing:
    name, _ = _name_of(request, post)
    status = post.exchange.status or 0
    return Racing(request.caller, _authenticated(ground, request), _meaning(post), status, f"new-{at}-{index}", name)


def _race_end(ground: Ground, reading: Reading, at: int, end: End, posts: Sequence[Seen]) -> Walked:
    """The answers and the state against one serial order's end. Nested rows are compared in the end only:
    an answer may show the state before a later racer promoted something."""
    findings: list[Finding] = []
    requests = ground.case.steps[at].requests
    for index, post in enumerate(posts):
        symbol = f"new-{at}-{index}"
        if symbol not in end.effects:
            continue
        request = requests[index]
        moment = Moment(end.state, request.caller, request.selected, end.effects[symbol], symbol)
        own = {key: value for key, value in post.object.items() if key not in ("datasets", "runs")}
        findings += compare.collection(own, symbol, moment, request.caller, ground.lens(reading), post.index)
    last = list(end.effects)[-1] if end.effects else None
    caller = requests[0].caller if last is None else requests[int(last.split("-")[2])].caller
    together = _together(end.effects) if end.effects else None
    findings += _read_back(ground, reading, at, Moment(end.state, caller, effect=together, created=last))
    return _go_on(ground, reading, at, end.state, findings)


def _together(effects: Mapping[str, Effect]) -> Effect:
    """The effects of a race as one, to say what a difference breaks."""
    every = list(effects.values())
    return Effect(
        visibility=next((each.visibility for each in every if each.visibility), None),
        attached=frozenset().union(*(each.attached for each in every)),
        promoted=frozenset().union(*(each.promoted for each in every)),
        moved=frozenset().union(*(each.moved for each in every)),
        promoted_runs=frozenset().union(*(each.promoted_runs for each in every)),
    )


# ---------------------------------------------------------------- reading back


def _read_back(ground: Ground, reading: Reading, at: int, moment: Moment) -> list[Finding]:
    findings: list[Finding] = []
    lens = ground.lens(reading)
    lists: dict[str, list[Seen]] = {}
    for seen in ground.reads(at):
        exchange = seen.exchange
        if exchange.op not in ground.served:
            continue
        if exchange.op == "collections":
            lists.setdefault(exchange.who, []).append(seen)
        else:
            findings += _one(ground, moment, lens, seen)
    for who, pages in lists.items():
        findings += _list(ground, moment, who, pages, lens)
    return findings


def _one(ground: Ground, moment: Moment, lens: Lens, seen: Seen) -> Iterator[Finding]:
    """One row that was read by its id."""
    exchange, state = seen.exchange, moment.state
    rows: Mapping[str, Collection | Dataset | Run]
    rows = {"collection": state.collections, "dataset": state.datasets, "run": state.runs}[exchange.op]  # type: ignore[assignment]
    row = rows.get(exchange.about)
    if row is None:
        return
    readable = state.may_read(exchange.who, row)
    if not readable:
        if exchange.status == 200:
            yield lens.find(("VIS-6",), f"{exchange.who} reads {exchange.about}", "404", 200, seen.index)
        return
    if not seen.usable:
        if not exchange.truncated:
            candidates = ("VIS-6", "CRE-3") if row.owner != exchange.who else ("CRE-3", "VIS-6")
            yield lens.find(candidates, f"{exchange.who} reads {exchange.about}", 200, seen.unusable, seen.index)
        return
    if exchange.op == "collection":
        judge_name = _judges_name(ground, exchange.about)
        yield from compare.collection(
            seen.object, exchange.about, moment, exchange.who, lens, seen.index, judge_name=judge_name
        )
    elif exchange.op == "dataset":
        yield from compare.dataset(seen.object, exchange.about, moment, exchange.who, lens, seen.index)
    else:
        yield from compare.run(seen.object, exchange.about, moment, lens, seen.index)


def _judges_name(ground: Ground, symbol: str) -> bool:
    """Whether a collection's name is fixed: arranged, or sent in a way that the page decides."""
    if not symbol.startswith("new-"):
        return True
    _, at, index = symbol.split("-")
    step = ground.case.steps[int(at)]
    return _name_of(step.requests[int(index)], ground.posts(int(at))[int(index)])[1]


def _list(ground: Ground, moment: Moment, who: str, pages: Sequence[Seen], lens: Lens) -> Iterator[Finding]:
    """A user's list of collections: what they may read is in it, nothing else, and it says what is so."""
    if not all(page.usable for page in pages):
        if not any(page.exchange.truncated for page in pages):
            bad = next(page for page in pages if not page.usable)
            yield lens.find(("CRE-3",), f"{who} lists collections", 200, bad.unusable, bad.index)
        return
    first = pages[0]
    items = items_of(pages)
    for symbol, row in moment.state.collections.items():
        number = lens.id_of(symbol)
        if number is None:
            continue
        if not moment.state.may_read(who, row):
            if number in items:
                yield lens.find(("VIS-6",), f"{who} finds {symbol} in the list", "not listed", "listed", first.index)
        elif number not in items:
            candidates = ("VIS-6", "CRE-3") if row.owner != who else ("CRE-3", "CRE-1", "ATO-1")
            yield lens.find(candidates, f"{who} finds {symbol} in the list", "listed", "not listed", first.index)
        else:
            judge_name = _judges_name(ground, symbol)
            yield from compare.collection(items[number], symbol, moment, who, lens, first.index, judge_name=judge_name)
    yield from _uninvited(ground, moment, who, items, lens, first)


def _uninvited(
    ground: Ground, moment: Moment, who: str, items: Mapping[int, Mapping[str, object]], lens: Lens, first: Seen
) -> Iterator[Finding]:
    """CRE-1 and ATO-1: a collection in the list that neither the set-up nor a 201 made."""
    known = {lens.id_of(symbol) for symbol in moment.state.collections} | ground.known_before
    for number, item in items.items():
        if number in known:
            continue
        name = item.get("name")
        if ground.binding.shared_accounts and not (isinstance(name, str) and ground.binding.token in name):
            continue
        blamed = ("CRE-1",) if moment.effect is not None else ("ATO-1", "AUT-2", "VIS-6")
        yield lens.find(blamed, f"{who}'s list holds a collection that no 201 made", "none", dict(item), first.index)
