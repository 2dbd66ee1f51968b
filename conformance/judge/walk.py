"""A case walked step by step under one reading after another: what was permitted against what was seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.judge import compare
from conformance.judge.blame import Moment, choose
from conformance.judge.ground import Ground, arranged, meaning_of, name_of
from conformance.judge.readback import read_back
from conformance.judge.seen import Seen, short
from conformance.judge.serial import End, Racing, ends
from conformance.model import (
    Effect,
    Expectation,
    Finding,
    Member,
    Outcome,
    Request,
    Step,
    World,
)
from conformance.oracle import permitted
from conformance.readings import Reading

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


def furthest(tried: Iterable[Walked]) -> Walked:
    """The walk that explains most. One that permits what was answered explains more than one that does not."""
    return min(tried, key=lambda each: (not each.clean, -each.reached, each.unanswerable, len(each.findings)))


@dataclass(frozen=True, slots=True)
class _End:
    """What a step may have come to: the differences, and the state after it."""

    found: tuple[Finding, ...]
    state: World
    last: bool
    """Whether the rest of the case cannot be judged."""


def _end(found: Iterable[Finding], state: World, *, anyway: bool = False) -> _End:
    """``anyway``: what follows can be judged although there are differences."""
    found = tuple(found)
    return _End(found, state, not anyway and any(each.severity == "failed" for each in found))


Asked = tuple[tuple[str, str], ...]
"""The dimensions that a step asked a reading for, and what the reading said."""


class Walk:
    """A case under any number of readings: a step is worked out once for those that agree on all that it asks."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._start = arranged(ground)
        self._known: dict[tuple[int, int], list[tuple[Asked, tuple[_End, ...]]]] = {}
        """By step and by the identity of the state before it, which lives as long as the end that led to it."""

    def under(self, reading: Reading) -> Walked:
        """The differences under this reading, up to the first step that it does not explain."""
        return self._from_step(reading, 0, self._start)

    def _from_step(self, reading: Reading, at: int, state: World) -> Walked:
        steps = self._ground.case.steps
        found: list[Finding] = []
        while at < len(steps) and len(self._ground.posts(at)) >= len(steps[at].requests):  # or it was cut off
            ends = self._ends(reading, at, state)
            if len(ends) > 1:
                best = furthest(self._after(reading, at, end) for end in ends)
                return Walked(best.reached, (*found, *best.findings))
            (end,) = ends
            found += end.found
            if end.last:
                break
            at, state = at + 1, end.state
        return Walked(at, tuple(found))

    def _after(self, reading: Reading, at: int, end: _End) -> Walked:
        """One of a race's ends, and the rest of the case where that end is explained."""
        if end.last:
            return Walked(at, end.found)
        rest = self._from_step(reading, at + 1, end.state)
        return Walked(rest.reached, (*end.found, *rest.findings))

    def _ends(self, reading: Reading, at: int, state: World) -> tuple[_End, ...]:
        known = self._known.setdefault((at, id(state)), [])
        for asked, before in known:
            if not asked or all(reading.decided.get(dimension) == value for dimension, value in asked):
                return before
        reading.asked.clear()
        found = _step(self._ground, reading, at, state)
        known.append((tuple((each, reading[each]) for each in reading.asked), found))
        return found


def _step(ground: Ground, reading: Reading, at: int, state: World) -> tuple[_End, ...]:
    posts = ground.posts(at)
    step = ground.case.steps[at]
    return _race(ground, reading, at, state, posts) if step.races else (_single(ground, reading, at, state, posts[0]),)


# ---------------------------------------------------------------- one request


def _single(ground: Ground, reading: Reading, at: int, state: World, post: Seen) -> _End:
    step = ground.case.steps[at]
    (request,) = step.requests
    status = post.exchange.status
    outcomes = _permitted(ground, reading, state, step, post)
    fitting = [each for each in outcomes if status in each.statuses]
    if not fitting:
        refused = status != 201 and step.only_refusals
        broken = _broken_by_status(ground, reading, state, step, post, outcomes)
        return _end(_wrong_status(broken, outcomes, post), state, anyway=refused)
    effect = fitting[0].effect if status == 201 else None
    if effect is None:
        moment = Moment(state, request.caller, request.selected)
        found = _refusal_advisories(ground, fitting[0], post)
    else:
        symbol = f"new-{at}-0"
        name, judge_name = name_of(request, post)
        after = state.after(effect, request.caller, symbol, name)
        moment = Moment(after, request.caller, request.selected, effect, symbol)
        lens = ground.lens(reading)
        found = [
            *compare.collection(post.object, symbol, moment, request.caller, lens, post.index, judge_name=judge_name)
        ]
    return _end((*found, *read_back(ground, reading, at, moment)), moment.state)


def _permitted(ground: Ground, reading: Reading, state: World, step: Step, post: Seen) -> list[Outcome]:
    (request,) = step.requests
    if not step.expect:
        return permitted(reading, state, request.caller, _authenticated(ground, request), meaning_of(post), ground.ids)
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


def _broken_by_status(
    ground: Ground, reading: Reading, state: World, step: Step, post: Seen, outcomes: Sequence[Outcome]
) -> str:
    """The rule that a wrong status breaks."""
    verifies = ground.case.verifies
    if step.expect:
        because = _refused_for(ground, reading, state, step, post)
        accepted = "CRE-1" if ground.case.twin_of else verifies[0]  # a twin lacks what its row is about
        return choose(because, verifies) if because else accepted
    because = _reasons(outcomes)
    # After a race the oracle says what is expected, and the row what it is asked for.
    about = ground.case.family == "generated" or set(because) & set(verifies)
    return choose(because, verifies) if because and about else verifies[0]


def _refused_for(ground: Ground, reading: Reading, state: World, step: Step, post: Seen) -> tuple[str, ...]:
    """The rules for which a row's request is to be refused, whatever the row is about; none where its body says why."""
    (request,) = step.requests
    if not _authenticated(ground, request):
        return ("AUT-2", "AUT-1") if request.credentials == f"Bearer ${{{request.caller}}}" else ("AUT-1", "AUT-2")
    meaning = meaning_of(post)
    outcomes = permitted(reading, state, request.caller, True, meaning, ground.ids)
    return _reasons(outcomes) if meaning.creations and not any(each.effect for each in outcomes) else ()


def _reasons(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Why the outcomes are what they are: the form of the body where nothing else says so."""
    because = tuple(rule for each in outcomes for rule in each.because)
    return tuple(rule for rule in because if not rule.startswith("BOD-")) or because


def _wrong_status(broken: str, outcomes: Sequence[Outcome], post: Seen) -> list[Finding]:
    statuses = sorted({status for each in outcomes for status in each.statuses})
    expected = "any 4xx" if len(statuses) >= 100 else " or ".join(map(str, statuses)) or "an alternative of the row"
    detail = short(post.json if post.json is not None else post.exchange.response_body.decode("utf-8", "replace"))
    observed = f"{post.exchange.status} {detail}" if post.exchange.status else f"no answer ({post.exchange.trouble})"
    # A server error breaks the rule of the row, and BOD-3 whatever was sent.
    rules = [broken] + ["BOD-3"] * ((post.exchange.status or 0) >= 500)
    return [Finding(each, STATUS, expected, observed, post.index) for each in dict.fromkeys(rules)]


def _refusal_advisories(ground: Ground, outcome: Outcome, post: Seen) -> list[Finding]:
    return [
        Finding(ground.case.verifies[0], "the page prefers another status", "400", str(status), post.index, "advisory")
        for status in outcome.advisory
        if status == post.exchange.status
    ]


# ---------------------------------------------------------------- a race


def _race(ground: Ground, reading: Reading, at: int, state: World, posts: Sequence[Seen]) -> tuple[_End, ...]:
    step = ground.case.steps[at]
    broken = [each for each in posts if (each.exchange.status or 500) >= 500]
    if broken:
        first = broken[0].exchange
        text = f"{first.status} {short(broken[0].json)}" if first.status else f"no answer ({first.trouble})"
        return _unexplained(
            Finding("CON-3", "the status of a racing request", "201 or a 4xx", text, broken[0].index), state
        )
    accepted = sum(each.exchange.status == 201 for each in posts)
    if step.succeed is not None and accepted != step.succeed:
        verifies = ground.case.verifies[0]
        statuses = [each.exchange.status for each in posts]
        text = f"{accepted} ({', '.join(map(str, statuses))})"
        what = "how many of the racing requests succeed"
        return _unexplained(Finding(verifies, what, str(step.succeed), text, posts[0].index), state)
    pairs = enumerate(zip(step.requests, posts, strict=True))
    racers = [_racing(ground, request, at, index, post) for index, (request, post) in pairs]
    possible = ends(reading, state, racers, ground.ids)
    if not possible:
        answers = ", ".join(str(each.status) for each in racers)
        what = "the answers to racing requests"
        return _unexplained(Finding("CON-3", what, "those of some serial order", answers, posts[0].index), state)
    return tuple(_race_end(ground, reading, at, end, posts) for end in possible)


def _unexplained(finding: Finding, state: World) -> tuple[_End, ...]:
    return (_end((finding,), state),)


def _racing(ground: Ground, request: Request, at: int, index: int, post: Seen) -> Racing:
    name, _ = name_of(request, post)
    status = post.exchange.status or 0
    return Racing(request.caller, _authenticated(ground, request), meaning_of(post), status, f"new-{at}-{index}", name)


def _race_end(ground: Ground, reading: Reading, at: int, end: End, posts: Sequence[Seen]) -> _End:
    """The answers and the state against one serial order's end. What answers say of nested rows is compared in the end
    only: it may be the state before a later racer promoted something."""
    findings: list[Finding] = []
    requests = ground.case.steps[at].requests
    for index, post in enumerate(posts):
        symbol = f"new-{at}-{index}"
        if symbol not in end.effects:
            continue
        request = requests[index]
        moment = Moment(end.state, request.caller, request.selected, end.effects[symbol], symbol)
        lens = ground.lens(reading)
        findings += compare.collection(post.object, symbol, moment, request.caller, lens, post.index, fields=False)
    last = list(end.effects)[-1] if end.effects else None
    caller = requests[0].caller if last is None else requests[int(last.split("-")[2])].caller
    together = _together(end.effects) if end.effects else None
    findings += read_back(ground, reading, at, Moment(end.state, caller, effect=together, created=last))
    return _end(findings, end.state)


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
