"""Worlds, requests and outcomes in words; `symbols` stand between backticks, which the templates turn into code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from conformance.body import CLIENT_ERRORS
from conformance.model import Collection, Dataset, Expectation, Member, Request, Run, User, World
from conformance.report.text import safe
from conformance.spec import Dimension
from conformance.tables.build import DEFAULT_NAME

BODY_SHOWN = 240
When = tuple[tuple[str, tuple[str, ...]], ...]
Meanings = Mapping[str, Dimension]
"""The readings' dimensions by id, for the meaning of their values."""


def listed(parts: Iterable[str], last: str = "and") -> str:
    """``a, b and c``."""
    found = list(parts)
    return f"{', '.join(found[:-1])} {last} {found[-1]}" if len(found) > 1 else "".join(found)


def symbols(names: Iterable[str]) -> str:
    """Symbols as a list; three or more that are numbered in a row become ``mine-1 … mine-12``."""
    runs: list[list[str]] = []
    for name in names:
        stem, _, number = name.rpartition("-")
        before, _, previous = runs[-1][-1].rpartition("-") if runs else ("", "", "")
        follows = stem and stem == before and number.isdigit() and previous.isdigit()
        if follows and int(number) == int(previous) + 1:
            runs[-1].append(name)
        else:
            runs.append([name])
    parts: list[str] = []
    for run in runs:
        parts += [f"`{run[0]}` … `{run[-1]}`"] if len(run) > 2 else [f"`{each}`" for each in run]
    return ", ".join(parts)


# ---------------------------------------------------------------- worlds


def world_words(world: World, unlike: World | None = None) -> tuple[str, ...]:
    """A line for each kind of row, rows that are alike together; only what is not so in ``unlike``."""
    known = _each(unlike) if unlike else {}
    lines: dict[str, list[str]] = {}
    for symbol, words in _each(world).items():
        if known.get(symbol) != words:
            lines.setdefault(words, []).append(symbol)
    return tuple(f"{symbols(names)}: {words}" for words, names in lines.items())


def _each(world: World) -> dict[str, str]:
    return {
        **{symbol: _user(user) for symbol, user in world.users.items()},
        **{symbol: _collection(collection) for symbol, collection in world.collections.items()},
        **{symbol: dataset_words(dataset) for symbol, dataset in world.datasets.items()},
        **{symbol: _run(run) for symbol, run in world.runs.items()},
    }


def _user(user: User) -> str:
    where = f"member of `{user.organization}`" if user.organization else "in no organization"
    return where + (", the key revoked" if user.api_key == "revoked" else "")


def _owned(owner: str | None, organization: str | None, what: str) -> str:
    """``bob's private dataset``, ``bob's dataset, shared with acme``, ``org-only dataset of acme``."""
    if owner is None:
        return f"org-only {what} of `{organization}`"
    return (
        f"`{owner}`'s private {what}" if organization is None else f"`{owner}`'s {what}, shared with `{organization}`"
    )


def _collection(collection: Collection) -> str:
    return f"{_owned(collection.owner, collection.organization, 'collection')}, called “{collection.name}”"


def dataset_words(dataset: Dataset) -> str:
    """What a dataset is."""
    words = _owned(dataset.owner, dataset.organization, "dataset")
    words += ", proprietary" if dataset.proprietary else ""
    words += f", in the collection `{dataset.collection}`" if dataset.collection else ""
    return words + (f", called “{dataset.name}”" if dataset.name else "")


def _run(run: Run) -> str:
    words = _owned(run.owner, run.organization, f"run on `{run.dataset}`" if run.dataset else "run on no dataset")
    return words + (f", in the collection `{run.collection}`" if run.collection else "")


# ---------------------------------------------------------------- requests

_PLAIN = re.compile(r'\{"name": "([^"\\\x00-\x1f]*)"(?:, "dataset_ids": (null|\[.*\]))?\}')


def request_words(request: Request) -> tuple[str, str]:
    """Who asks for what, in words, and the body where words would not show it."""
    plain = _PLAIN.fullmatch(request.body)
    if plain and "${" not in plain[1].removesuffix(" ${@}") and _all_named(plain[2], request.selected):
        return f"`{request.caller}`: {_plain(plain[1], plain[2], request.selected)}{_how(request)}", ""
    return f"`{request.caller}` sends{_how(request)}", _shown(request.body)


def _all_named(ids: str | None, selected: tuple[str, ...]) -> bool:
    """Whether the ids are the selected symbols and nothing else."""
    return ids in (None, "null") or ids == "[" + ", ".join(f"${{{each}}}" for each in selected) + "]"


def _plain(name: str, ids: str | None, selected: tuple[str, ...]) -> str:
    sent = name.removesuffix(" ${@}")
    parts = [] if re.fullmatch(rf"{DEFAULT_NAME}( [0-9.]+)?", sent) else [f"name “{safe(sent)}”"]
    if ids is None:
        parts.append("no `dataset_ids`")
    elif not selected:
        parts.append(f"`dataset_ids` {'null' if ids == 'null' else 'an empty list'}")
    else:
        parts.append(f"dataset{'s' if len(selected) > 1 else ''} {symbols(selected)}")
    return ", ".join(parts)


def _how(request: Request) -> str:
    """What is unusual about the request: its credentials, its content type, its encoding."""
    words = ""
    if request.credentials is None:
        words += ", without credentials"
    elif request.credentials != f"Bearer ${{{request.caller}}}":
        words += f", with the credentials “{safe(_keys(request.credentials))}”"
    if request.content_type is None:
        words += ", without a content type"
    elif request.content_type != "application/json":
        words += f", as “{safe(request.content_type)}”"
    if request.query:
        words += f", with the query “{_shown(request.query)}”"
    return words + (f", encoded as {request.encoding}" if request.encoding != "utf-8" else "")


def _keys(template: str) -> str:
    def key(match: re.Match[str]) -> str:
        owner, _, change = match[1].partition("|")
        return f"‹{owner}'s key{', ' + change.replace('-', ' ') if change else ''}›"

    return re.sub(r"\$\{([^}]*)\}", key, template)


def _shown(body: str) -> str:
    """A body's template for people: ids as ‹mine›, repetitions as ‹x × 5000›."""
    text = re.sub(r" ?\$\{@\}", "", body)
    text = re.sub(r"\$\{(.+?)\*(\d+)\}", r"‹\1 × \2›", text, flags=re.DOTALL)
    text = re.sub(r"\$\{([^}]*)\}", r"‹\1›", text)
    return safe(text, BODY_SHOWN)


# ---------------------------------------------------------------- outcomes


def statuses_words(statuses: Iterable[int], advisory: Iterable[int] = ()) -> str:
    """``400 or 404``, ``201 or any 4xx``, ``400 (404: advisory)``."""
    found, second = set(statuses), set(advisory)
    plain = sorted(found - second)
    if found >= CLIENT_ERRORS:
        text = listed([*(str(each) for each in plain if each not in CLIENT_ERRORS), "any 4xx"], "or")
    else:
        text = listed((str(each) for each in plain), "or")
    return text + (f" ({listed((str(each) for each in sorted(second)), 'or')}: advisory)" if second else "")


def expectation_words(expect: Expectation, selected: tuple[str, ...], meanings: Meanings) -> tuple[str, ...]:
    """The status line, then what a 201 does; nothing else changes."""
    lines = [statuses_words(expect.statuses, expect.advisory)]
    if 201 not in expect.statuses:
        return tuple(lines)
    visibility = "private" if expect.visibility is None else f"shared with `{expect.visibility}`"
    lines[0] = f"201, {visibility}" if expect.statuses == {201} else lines[0].replace("201", f"201 ({visibility})", 1)
    if set(expect.attached) != set(selected):
        lines.append(f"attached: {symbols(expect.attached) or 'nothing'}")
    lines += _members("promoted", expect.promoted, meanings)
    lines += _members("runs that move", expect.moved, meanings)
    lines += _members("runs promoted", expect.promoted_runs, meanings)
    return tuple(lines)


def _members(what: str, members: tuple[Member, ...], meanings: Meanings) -> list[str]:
    grouped: dict[When, list[str]] = {}
    for each in members:
        grouped.setdefault(each.when, []).append(each.symbol)
    return [
        f"{what}{f', if {when_words(when, meanings)}' if when else ''}: {symbols(names)}"
        for when, names in grouped.items()
    ]


def when_words(when: When, meanings: Meanings) -> str:
    """``moved_runs is all (everybody's) or mine (the caller's alone)``; without meanings, the ids alone."""

    def shown(name: str, value: str) -> str:
        return f"`{value}` ({meanings[name].values[value]})" if meanings else f"`{value}`"

    return listed(f"`{name}` is {listed((shown(name, value) for value in values), 'or')}" for name, values in when)
