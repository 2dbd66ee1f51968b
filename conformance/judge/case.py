"""One record → one verdict: set-up, shape and agreement first, then the walk under every reading that matters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from conformance.answers import TooDeep
from conformance.body import LARGE_BODY
from conformance.judge import compare
from conformance.judge.asked import as_asked
from conformance.judge.blame import Moment
from conformance.judge.choices import choices_of
from conformance.judge.ground import Ground, arranged, by_stage, ids_of
from conformance.judge.leaks import leaks
from conformance.judge.namesakes import namesakes
from conformance.judge.same import disagreements
from conformance.judge.seen import READ_OPS, Seen, items_of, parse, short
from conformance.judge.shape import loose_times, problems
from conformance.judge.walk import Walk, furthest
from conformance.model import (
    Binding,
    Case,
    CaseVerdict,
    Collection,
    Dataset,
    Finding,
    ReadOp,
    Record,
    Run,
    World,
)
from conformance.readings import EVERY, Reading, fork, mask

FIELDS = re.compile(rb'"(id|created_at|updated_at)"')
ROW_KINDS = ("collections", "datasets", "runs")


def judge_case(
    case: Case, record: Record, served: frozenset[ReadOp], within: int = EVERY, *, silent: bool = False
) -> CaseVerdict:
    """The verdict on one case; ``served`` are the read operations that the target ever answered.

    Readings are looked for in the mask ``within`` first, and among all only where none of those explains the case.
    ``silent``: the answer that was lost in every attempt is the target's doing (``judge.silence``).
    """
    if record.unsupported:
        return _unarranged(case, record)
    if record.untested:
        return CaseVerdict(case.id, "not-tested", reason=record.untested)
    if record.binding is None or not record.exchanges:
        return CaseVerdict(case.id, "error", reason=record.trouble or "the world was not arranged")
    if record.trouble and not silent:
        return _cut_off(case, record, served, within)
    if record.trouble and not case.steps[record.exchanges[-1].stage].races:
        return _no_answer(case, record)
    if cut := next((each for each in record.exchanges if each.truncated), None):
        reason = f"{cut.method} {cut.path}: the answer is too large to be kept (limits: docs/targets.md)"
        return CaseVerdict(case.id, "error", reason=reason)
    try:
        return _seen(case, record, record.binding, served, within)
    except TooDeep as unread:
        return CaseVerdict(case.id, "error", reason=f"an answer was not read: {unread}")


def _seen(case: Case, record: Record, binding: Binding, served: frozenset[ReadOp], within: int) -> CaseVerdict:
    seen = parse(record)
    ground = _ground(case, binding, seen, served)
    if problem := _setup_problem(ground):
        return CaseVerdict(case.id, "error", reason=f"the arranged world is not what was asked for: {problem}")
    return _judged(ground, within)


def _judged(ground: Ground, within: int) -> CaseVerdict:
    case = ground.case
    fixed = [*_shape(ground), *_agreement(ground), *_as_asked(ground), *namesakes(ground), *leaks(ground)]
    walk = Walk(ground)
    leaves = fork(walk.under, within)
    if not any(walked.clean for _, walked in leaves):
        every = fork(walk.under)
        # What no reading explains is told as those see it that still explain the rest of the run.
        if any(walked.clean for _, walked in every):
            leaves, within = every, EVERY
    clean = [decided for decided, walked in leaves if walked.clean]
    best = furthest(walked for _, walked in leaves)
    allowed = 0
    for decided in clean:
        allowed |= mask(decided)
    findings = tuple(dict.fromkeys([*best.findings, *fixed]))
    failed = any(each.severity == "failed" for each in findings)
    return CaseVerdict(
        case.id,
        "failed" if failed else "advisory" if findings else "passed",
        findings,
        readings=allowed & within if clean else EVERY,
        unobserved=frozenset({each.exchange.op for each in ground.seen} & set(READ_OPS)) - ground.served,
        choices=choices_of(ground),
    )


# ---------------------------------------------------------------- what was not carried out


def _unarranged(case: Case, record: Record) -> CaseVerdict:
    reason = "the target cannot arrange " + ", ".join(record.unsupported)
    impossible = all(_impossible(case.world, path) for path in record.unsupported)
    return CaseVerdict(case.id, "not-applicable" if impossible else "not-tested", reason=reason)


def _impossible(world: World, path: str) -> bool:
    """Rows that the page's own invariants rule out, by a fixed list; what else is unsupported is not tested."""
    kind, _, rest = path.partition(".")
    rows: Mapping[str, Collection | Dataset | Run] = getattr(world, kind, {}) if kind in ROW_KINDS else {}
    row = rows.get(rest.partition(".")[0])
    if row is None:
        return False
    if row.owner is not None and row.organization not in (None, world.users[row.owner].organization):
        return True  # an organization that its owner is not in
    if isinstance(row, Dataset):
        return row.proprietary and (row.organization is not None or row.collection is not None)
    if isinstance(row, Collection):
        return any(_same_place(row, each) for each in world.collections.values() if each is not row)
    if isinstance(row, Run):
        home = world.datasets[row.dataset].collection if row.dataset else None
        return row.collection is not None and row.collection != home
    return False


def _same_place(one: Collection, other: Collection) -> bool:
    """Whether the second of the two would have been refused as a duplicate."""
    owner = one.owner is not None and one.owner == other.owner
    organization = one.organization is not None and one.organization == other.organization
    return one.name == other.name and (owner or organization)


def _cut_off(case: Case, record: Record, served: frozenset[ReadOp], within: int) -> CaseVerdict:
    """What was seen before the answer that was lost can be wrong already; that it was right is not enough."""
    lost = record.exchanges[-1]
    whole = tuple(
        each
        for each in record.exchanges
        if each.stage < lost.stage or (each.stage == lost.stage and each.op == "create" != lost.op)
    )
    verdict = judge_case(case, replace(record, exchanges=whole, trouble=""), served, within)
    if verdict.outcome == "failed":
        return replace(verdict, reason=record.trouble)
    return CaseVerdict(case.id, "error", reason=record.trouble)


def _no_answer(case: Case, record: Record) -> CaseVerdict:
    post = record.exchanges[-1]
    if len(post.request_body) > LARGE_BODY:
        return CaseVerdict(case.id, "advisory", reason="the connection was closed instead of an answer to a large body")
    index = len(record.exchanges) - 1
    finding = Finding(case.verifies[0], "an answer", "one", f"none: {record.trouble}", index)
    return CaseVerdict(case.id, "failed", (finding,), readings=EVERY)


# ---------------------------------------------------------------- whatever the reading


def _ground(case: Case, binding: Binding, seen: tuple[Seen, ...], served: frozenset[ReadOp]) -> Ground:
    before = [each for each in seen if each.exchange.stage == -1]
    stored: dict[tuple[str, str], dict[str, Mapping[str, object]]] = {}
    for each in before:
        if each.usable:
            stored.setdefault((each.exchange.op, each.exchange.about), {})[each.exchange.who] = each.object
    listed: set[int] = set()
    symbols = {number: symbol for symbol, number in binding.collections.items()}
    for each in (each for each in before if each.exchange.op == "collections"):
        for number, item in items_of([each]).items():
            listed.add(number)
            if number in symbols:
                stored.setdefault(("collections", symbols[number]), {})[each.exchange.who] = item
    created = {
        f"new-{each.exchange.stage}-{each.exchange.about}": each.object["id"]
        for each in seen
        if each.exchange.op == "create" and each.exchange.status == 201 and type(each.object.get("id")) is int
    }
    posted, read = by_stage(seen)
    return Ground(case, binding, seen, served, stored, created, frozenset(listed), posted, read, ids_of(binding))


def _setup_problem(ground: Ground) -> str:
    """What the owners' first look shows to be other than arranged; nothing when some reading explains it."""
    leaves = fork(lambda reading: list(_before(ground, reading)))
    if any(not found for _, found in leaves):
        return ""
    first = leaves[0][1][0]
    return f"{first.message} is {first.observed}, not {first.expected}"


def _before(ground: Ground, reading: Reading) -> Iterator[Finding]:
    world = arranged(ground)
    lens = ground.lens(reading)
    lists: dict[str, list[Seen]] = {}
    for seen in ground.reads(-1):
        exchange = seen.exchange
        if exchange.op not in ground.served or exchange.truncated:
            continue
        if exchange.op == "collections":
            lists.setdefault(exchange.who, []).append(seen)
            continue
        rows = world.datasets if exchange.op == "dataset" else world.runs
        garbled = exchange.status == 200 and not seen.usable
        if rows[exchange.about].owner != exchange.who and not garbled:
            continue
        moment = Moment(world, exchange.who)
        if not seen.usable:
            yield lens.find(("ATO-1",), f"{exchange.who} reads {exchange.about}, which", 200, seen.unusable, seen.index)
        elif exchange.op == "dataset":
            yield from compare.dataset(seen.object, exchange.about, moment, exchange.who, lens, seen.index)
        else:
            yield from compare.run(seen.object, exchange.about, moment, exchange.who, lens, seen.index)
    for who, pages in lists.items():
        items = items_of(pages)
        for symbol, row in world.collections.items():
            if row.owner != who or not all(page.usable for page in pages):
                continue
            view = items.get(ground.binding.collections[symbol])
            if view is None:
                yield lens.find(("ATO-1",), f"{symbol} in {who}'s list", "listed", "not listed", pages[0].index)
            else:
                yield from compare.collection(view, symbol, Moment(world, who), who, lens, pages[0].index)


def _shape(ground: Ground) -> Iterator[Finding]:
    for seen in ground.seen:
        if seen.exchange.op != "create" or seen.exchange.status != 201:
            continue
        if seen.json is None and (body := seen.exchange.response_body).strip() != b"null":
            text = short(body[:200].decode("utf-8", "backslashreplace")) + ", which cannot be read as JSON"
            yield Finding("CRE-2", "the 201 body", "the documented shape", text, seen.index)
            continue
        for where, what in problems(seen.json):
            yield Finding("CRE-2", f"the 201 body: {where}", "the documented shape", f"{where} {what}", seen.index)
        for what, wanted, text in loose_times(seen.object):
            yield Finding("CRE-2", f"times have {what}", wanted, text, seen.index, "advisory")


def _as_asked(ground: Ground) -> Iterator[Finding]:
    for seen in ground.seen:
        # Parsing every body would cost more than all other checks: few of them name one of these.
        if seen.exchange.op == "create" and seen.exchange.status == 201 and FIELDS.search(seen.exchange.request_body):
            yield from as_asked(seen)


def _agreement(ground: Ground) -> Iterator[Finding]:
    for at, step in enumerate(ground.case.steps):
        reads = [each for each in ground.reads(at) if each.exchange.op in ground.served]
        yield from disagreements(step, at, ground.posts(at), reads)
