"""NAM-2 and NAM-3 of what is stored: no created collection has the name of another of its owner, or organization.

A target may trim names, and then those that it stores are what is a duplicate. Names that differ in their Unicode
normal form may be told apart (``name-folding``), however they are stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from unicodedata import is_normalized

from conformance.judge.ground import Ground, meaning_of
from conformance.judge.seen import Seen, items_of
from conformance.model import Finding


def namesakes(ground: Ground) -> Iterator[Finding]:
    """Each name that a created collection shares, in the last list that each user was shown."""
    created = {number for symbol, number in ground.created.items() if not _folds(ground, symbol)}
    lists: dict[str, list[Seen]] = {}
    for at in range(len(ground.case.steps)):
        pages = [each for each in ground.reads(at) if each.exchange.op == "collections" and each.usable]
        for who in dict.fromkeys(each.exchange.who for each in pages):
            lists[who] = [each for each in pages if each.exchange.who == who]
    for who, pages in lists.items() if "collections" in ground.served and created else ():
        yield from _shared(who, pages, created)


def _folds(ground: Ground, symbol: str) -> bool:
    """Whether the name that was sent has another normal form."""
    _, at, index = symbol.split("-")
    sent = meaning_of(ground.posts(int(at))[int(index)]).creations
    return not all(is_normalized("NFC", each.name or "") for each in sent)


def _shared(who: str, pages: Sequence[Seen], created: set[int]) -> Iterator[Finding]:
    for field, rule in (("user", "NAM-2"), ("org_id", "NAM-3")):
        stored: dict[str, int] = {}
        for number, item in items_of(pages).items():
            whose, name = item.get(field), item.get("name")
            if whose is None or not isinstance(name, str):
                continue
            other = stored.setdefault(repr((whose, name)), number)
            if other != number and created & {number, other}:
                what = f"collections of one {field} in {who}'s list with the name {name!r}"
                yield Finding(rule, what, "one", f"{other} and {number}", pages[0].index)
