"""CRE-2: the 201 body has the documented shape. Fields that the page does not name are welcome."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from conformance.judge.seen import short

Problem = tuple[str, str]
"""Where and what: ("datasets[0].name", "is 7, not a string")."""

_ISO = re.compile(r"\d{4}-?\d{2}-?\d{2}[Tt ]\d{2}(:?\d{2}(:?\d{2}([.,]\d+)?)?)?(?P<zone>[Zz]|[+-]\d{2}(:?\d{2})?)?")


def problems(body: Any) -> Iterator[Problem]:
    """Every breach of the documented shape of a collection."""
    if not isinstance(body, dict):
        yield "the body", f"is {short(body)}, not a JSON object"
        return
    yield from _fields(body, "", {"id": _integer, "name": _string, "org_id": _integer_or_null, "author_email": _string})
    yield from _fields(body, "", {"created_at": _time, "updated_at": _time_or_null})
    yield from _user(body, "", nullable=False)
    for name, each in (("datasets", _dataset), ("runs", _run)):
        rows = body.get(name)
        if not isinstance(rows, list):
            yield name, _missing(body, name) or f"is {short(rows)}, not an array"
            continue
        for index, row in enumerate(rows):
            yield from each(row, f"{name}[{index}]")


def loose_times(body: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What is permitted of times and reported as an advisory: what is so, what the page has there, and which are so."""
    times = {where: match for where, value in _times(body) if (match := _ISO.fullmatch(value))}
    # A blank is no ISO 8601, but RFC 3339 (5.6, note) permits it, and the page names no standard.
    for what, wanted, is_so in (("no zone", "a zone", _zoneless), ("a blank for the T", "T", _spaced)):
        if found := {where: match[0] for where, match in times.items() if is_so(match)}:
            yield what, wanted, f"{', '.join(found)}: {short(next(iter(found.values())))}"


def _times(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    rows = body.get("datasets")
    places = [("", body), *((f"datasets[{at}].", row) for at, row in enumerate(rows if isinstance(rows, list) else []))]
    for prefix, row in places:
        for name in ("created_at", "updated_at") if isinstance(row, dict) else ():
            if isinstance(row.get(name), str):
                yield prefix + name, row[name]


def _zoneless(time: re.Match[str]) -> bool:
    return time["zone"] is None


def _spaced(time: re.Match[str]) -> bool:
    return " " in time[0]


def _dataset(row: Any, at: str) -> Iterator[Problem]:
    if not isinstance(row, dict):
        yield at, f"is {short(row)}, not an object"
        return
    checks = {"id": _integer, "name": _string, "org_id": _integer_or_null}
    yield from _fields(row, f"{at}.", {**checks, "created_at": _time, "updated_at": _time_or_null})
    org_only = row.get("user") is None and row.get("org_id") is not None
    yield from _user(row, f"{at}.", nullable=org_only)
    yield from _fields(row, f"{at}.", {"author_email": _string_or_null if org_only else _string})


def _run(row: Any, at: str) -> Iterator[Problem]:
    if not isinstance(row, dict):
        yield at, f"is {short(row)}, not an object"
        return
    yield from _fields(row, f"{at}.", {"id": _integer})
    optional = {"org_id": _integer_or_null, "dataset_id": _integer_or_null, "data_collection_id": _integer_or_null}
    yield from _fields(row, f"{at}.", {name: check for name, check in optional.items() if name in row})
    if "user" in row:
        # Whose it is, where it has an owner, is compared with what was arranged.
        yield from _user(row, f"{at}.", nullable="org_id" not in row or row["org_id"] is not None)


def _user(row: Mapping[str, Any], at: str, *, nullable: bool) -> Iterator[Problem]:
    user = row.get("user")
    if user is None and "user" in row and nullable:
        return
    if not isinstance(user, dict):
        yield f"{at}user", _missing(row, "user") or f"is {short(user)}, not an object with id and email"
        return
    yield from _fields(user, f"{at}user.", {"id": _integer, "email": _string})


def _fields(row: Mapping[str, Any], at: str, checks: Mapping[str, Callable[[Any], str]]) -> Iterator[Problem]:
    for name, check in checks.items():
        if problem := _missing(row, name) or check(row[name]):
            yield at + name, problem


def _missing(row: Mapping[str, Any], name: str) -> str:
    return "" if name in row else "is missing"


def _integer(value: Any) -> str:
    return "" if type(value) is int else f"is {short(value)}, not an integer"


def _integer_or_null(value: Any) -> str:
    return "" if value is None or type(value) is int else f"is {short(value)}, neither an integer nor null"


def _string(value: Any) -> str:
    return "" if isinstance(value, str) else f"is {short(value)}, not a string"


def _string_or_null(value: Any) -> str:
    return "" if value is None or isinstance(value, str) else f"is {short(value)}, neither a string nor null"


def _time(value: Any) -> str:
    return "" if instant(value) is not None else f"is {short(value)}, not an ISO 8601 date-time"


def _time_or_null(value: Any) -> str:
    return "" if value is None else _time(value)


def instant(value: Any) -> datetime | None:
    """The date-time, without its zone's name; None where the value is not ISO 8601."""
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        return None
    text = re.sub(r"[.,](\d{1,6})\d*", lambda match: "." + match[1].ljust(6, "0"), value.upper())
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
