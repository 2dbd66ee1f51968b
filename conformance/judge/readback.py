"""What was read back after a step against the state that must hold then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from conformance.judge import compare, others
from conformance.judge.blame import Moment
from conformance.judge.compare import Lens
from conformance.judge.ground import Ground, name_of
from conformance.judge.seen import Seen, items_of
from conformance.model import (
    Collection,
    Dataset,
    Finding,
    Run,
)
from conformance.observe import reader_of
from conformance.readings import Reading


def read_back(ground: Ground, reading: Reading, at: int, moment: Moment) -> list[Finding]:
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
    if exchange.op != "collection" and exchange.who != reader_of(state, row):
        yield from others.see(ground, moment, lens, seen)
        return
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
        yield from compare.run(seen.object, exchange.about, moment, exchange.who, lens, seen.index)


def _judges_name(ground: Ground, symbol: str) -> bool:
    """Whether a collection's name is fixed: arranged, or sent in a way that the page decides."""
    if not symbol.startswith("new-"):
        return True
    _, at, index = symbol.split("-")
    step = ground.case.steps[int(at)]
    return name_of(step.requests[int(index)], ground.posts(int(at))[int(index)])[1]


def _list(ground: Ground, moment: Moment, who: str, pages: Sequence[Seen], lens: Lens) -> Iterator[Finding]:
    """A user's list of collections: what they may read is in it, nothing else, and it says what is so."""
    if len(pages) > 1 and pages[-1].exchange.status in range(400, 500) and not _says_more(pages[-2]):
        pages = pages[:-1]  # that there is no such page is another way to say that the list has ended
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
            before = ground.stored.get(("collections", symbol), {}).get(who, {})
            if moment.untouched and compare.differs(before, items[number], "updated_at"):
                stood, stands = before["updated_at"], items[number]["updated_at"]
                yield lens.find(("ATO-1",), f"{symbol}'s updated_at", stood, stands, first.index)
    yield from _uninvited(ground, moment, who, items, lens, first)


def _says_more(page: Seen) -> bool:
    meta = page.object.get("meta")
    return isinstance(meta, dict) and bool(meta.get("has_next"))


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
        owner = item.get("user")
        if isinstance(owner, dict) and owner.get("id") not in ground.binding.users.values():
            blamed = ("VIS-6",)  # a stranger's
        yield lens.find(blamed, f"{who}'s list holds a collection that no 201 made", "none", dict(item), first.index)
