"""CRE-3: for the same reader, the answer, the stored collection and its element in the list say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.judge.seen import Seen, elements, items_of, short
from conformance.judge.shape import instant
from conformance.model import Finding, Step

TOLERANCE = 1.0
"""Seconds by which a stored time may differ: stores round."""


def disagreements(step: Step, at: int, posts: Sequence[Seen], reads: Sequence[Seen]) -> Iterator[Finding]:
    """Each field in which a created collection, read by its creator, is not what the 201 said."""
    for index, (request, post) in enumerate(zip(step.requests, posts, strict=False)):
        if post.exchange.status != 201 or not post.object:
            continue
        for read in reads:
            if read.exchange.who != request.caller or not read.usable:
                continue
            if read.exchange.op == "collection" and read.exchange.about == f"new-{at}-{index}":
                yield from _differences(post, read.object, read.index, "GET by id", nested=not step.races)
        pages = [each for each in reads if each.exchange.op == "collections" and each.exchange.who == request.caller]
        item = items_of(pages).get(post.object.get("id", 0)) if pages and type(post.object.get("id")) is int else None
        if item is not None:
            yield from _differences(post, item, pages[0].index, "the list", nested=not step.races)
            yield from _repeated(item["id"], pages)


def _repeated(number: int, pages: Sequence[Seen]) -> Iterator[Finding]:
    """More than one element of one page: between two pages a new collection may have moved it."""
    for page in pages:
        times = sum(each.get("id") == number for each in elements(page))
        if times > 1:
            yield Finding("CRE-3", f"elements of the list with the id {number}", "1", str(times), page.index)


def _differences(post: Seen, other: Mapping[str, Any], at: int, where: str, *, nested: bool) -> Iterator[Finding]:
    yield from _row(post.object, other, ("id", "name", "org_id", "author_email"), "", at, where)
    for field in ("datasets", "runs") if nested else ():
        mine, theirs = _by_id(post.object.get(field)), _by_id(other.get(field))
        if mine is None or theirs is None:
            if mine is not theirs:
                yield _finding(field, post.object.get(field), other.get(field), at, where)
            continue
        if sorted(mine) != sorted(theirs):
            yield _finding(f"the ids of {field}", sorted(mine), sorted(theirs), at, where)
        names = (
            ("name", "org_id", "author_email")
            if field == "datasets"
            else ("org_id", "dataset_id", "data_collection_id")
        )
        for number in mine.keys() & theirs.keys():
            yield from _row(mine[number], theirs[number], names, f"{field} {number}: ", at, where)


def _row(
    mine: Mapping[str, Any], theirs: Mapping[str, Any], names: tuple[str, ...], prefix: str, at: int, where: str
) -> Iterator[Finding]:
    for name in names:
        if name in mine and name in theirs and mine[name] != theirs[name]:
            yield _finding(prefix + name, mine[name], theirs[name], at, where)
        elif (name in mine) != (name in theirs) and name != "author_email" and not prefix.startswith("runs"):
            yield _finding(prefix + name, mine.get(name, "(absent)"), theirs.get(name, "(absent)"), at, where)
    users = [row["user"].get("id") if isinstance(row.get("user"), dict) else row.get("user") for row in (mine, theirs)]
    if users[0] != users[1] and "user" in mine and "user" in theirs:
        yield _finding(f"{prefix}user", mine.get("user"), theirs.get("user"), at, where)
    # When a nested row was touched may be told later; the collection's own times are what the answer is about.
    for name in ("created_at",) if prefix else ("created_at", "updated_at"):
        if name in mine and name in theirs and not same_time(mine[name], theirs[name]):
            yield _finding(prefix + name, mine[name], theirs[name], at, where)


def same_time(mine: Any, theirs: Any) -> bool:
    """Both null or near each other; what is no time in the answer is the shape's affair."""
    one, other = instant(mine), instant(theirs)
    if one is None:
        return (mine is None) == (theirs is None)
    if other is None:
        return False
    if (one.tzinfo is None) != (other.tzinfo is None):
        one, other = one.replace(tzinfo=None), other.replace(tzinfo=None)
    return abs((one - other).total_seconds()) <= TOLERANCE


def _by_id(rows: Any) -> dict[int, Mapping[str, Any]] | None:
    if not isinstance(rows, list):
        return None
    return {row["id"]: row for row in rows if isinstance(row, dict) and type(row.get("id")) is int}


def _finding(what: str, mine: Any, theirs: Any, at: int, where: str) -> Finding:
    return Finding("CRE-3", f"{what} in the answer and in {where}", short(mine), short(theirs), at)
