"""Worlds arranged through the provider-state call-back (``docs/provider-states.md``).

Many cases' worlds go into one set-up: their symbols get a prefix each, so that they share no row. What the
target declares ``unsupported`` is taken out with its whole case, and the rest is sent again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.model import Binding, Case, World
from conformance.redact import Redactor
from conformance.transport import Answer, NetworkTrouble, Transport

CONSUMER = "data-collections-conformance"
KINDS = ("organizations", "users", "collections", "datasets", "runs")


@dataclass(frozen=True, slots=True)
class Arranged:
    """A world that stands on the target; ``keys`` are secret."""

    binding: Binding
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unarranged:
    """A world that does not: ``unsupported`` paths (symbols as in the case), or the trouble."""

    unsupported: tuple[str, ...] = ()
    trouble: str = ""


class ProviderStates:
    """Arranges and removes worlds on one target."""

    def __init__(self, transport: Transport, url: str, headers: Mapping[str, str], redactor: Redactor) -> None:
        self._transport = transport
        self.url = url
        self._headers = {"content-type": "application/json", **headers}
        self._redactor = redactor

    def arrange(self, cases: Sequence[tuple[Case, str]]) -> dict[str, Arranged | Unarranged]:
        """Arrange each case's world, given with its token; the result has one entry a case."""
        results: dict[str, Arranged | Unarranged] = {}
        pending = list(cases)
        while pending:
            params, names = _merge(pending)
            try:
                answer = self._transport.send("POST", self.url, self._headers, _message("setup", params))
            except NetworkTrouble as trouble:
                self._all(results, pending, f"the provider-state URL {self.url} did not answer: {trouble}")
                break
            if answer.status == 422 and (refused := self._refused(answer, pending, results)):
                pending = [each for each in pending if each[0].id not in refused]
                continue
            if answer.status != 200 and len(pending) > 1:
                half = len(pending) // 2
                return {**results, **self.arrange(pending[:half]), **self.arrange(pending[half:])}
            self._bind(answer, pending, names, results)
            break
        return results

    def remove(self, arranged: Sequence[Arranged]) -> None:
        """Tear worlds down; the target may do nothing, and what it answers does not matter."""
        merged: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        for number, each in enumerate(arranged):
            for kind in KINDS:
                ids: Mapping[str, int] = getattr(each.binding, kind)
                merged[kind].update({f"w{number}-{symbol}": {"id": row} for symbol, row in ids.items()})
        try:
            self._transport.send("POST", self.url, self._headers, _message("teardown", merged))
        except NetworkTrouble:
            return

    def _refused(
        self, answer: Answer, pending: Sequence[tuple[Case, str]], results: dict[str, Arranged | Unarranged]
    ) -> set[str]:
        """Take the cases out whose world holds an unsupported path; their ids."""
        document = _json(answer.body)
        paths = document.get("unsupported") if isinstance(document, dict) else None
        if not isinstance(paths, list):
            return set()
        refused: dict[str, list[str]] = {}
        for path in (each for each in paths if isinstance(each, str)):
            kind, _, rest = path.partition(".")
            symbol, _, field = rest.partition(".")
            for number, (case, _token) in enumerate(pending):
                own = symbol.removeprefix(f"w{number}-")
                if rest == "" and getattr(case.world, kind, None):
                    refused.setdefault(case.id, []).append(kind)
                elif symbol.startswith(f"w{number}-") and kind in KINDS and own in getattr(case.world, kind):
                    refused.setdefault(case.id, []).append(".".join(part for part in (kind, own, field) if part))
        results.update({case: Unarranged(unsupported=tuple(each)) for case, each in refused.items()})
        return set(refused)

    def _bind(
        self,
        answer: Answer,
        pending: Sequence[tuple[Case, str]],
        names: Mapping[str, str],
        results: dict[str, Arranged | Unarranged],
    ) -> None:
        if answer.status != 200:
            text = self._redactor.clean(answer.body[:200], {}).decode("utf-8", "replace")
            self._all(results, pending, f"the provider-state URL {self.url} answered {answer.status}: {text!r}")
            return
        document = _json(answer.body)
        problem = _problem(document, [case.world for case, _ in pending])
        if problem:
            self._all(results, pending, f"the provider-state URL {self.url} gave an answer that cannot be: {problem}")
            return
        for number, (case, token) in enumerate(pending):
            arranged = _arranged(document, number, case, token, names)
            self._redactor.learn(arranged.keys)
            results[case.id] = arranged

    @staticmethod
    def _all(results: dict[str, Arranged | Unarranged], pending: Sequence[tuple[Case, str]], trouble: str) -> None:
        results.update({case.id: Unarranged(trouble=trouble) for case, _ in pending})


def _message(action: str, params: Mapping[str, Any]) -> bytes:
    return json.dumps({"consumer": CONSUMER, "action": action, "state": "world", "params": params}).encode()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def named(name: str, case: Case, token: str) -> str:
    """A name as it is sent: with the case's token, unless the row is about exact names."""
    return name if case.exact_names else f"{name} {token}"


def _merge(cases: Sequence[tuple[Case, str]]) -> tuple[dict[str, Any], dict[str, str]]:
    """The set-up's params for all the worlds, and the arranged datasets' names by prefixed symbol."""
    params: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    names: dict[str, str] = {}
    for number, (case, token) in enumerate(cases):
        prefix, world = f"w{number}-", case.world
        at = _Prefix(prefix)
        params["organizations"].update({prefix + each: {} for each in world.organizations})
        for symbol, user in world.users.items():
            entry: dict[str, Any] = {"organization": at(user.organization)}
            if user.api_key != "active":
                entry["api_key"] = user.api_key
            params["users"][prefix + symbol] = entry
        for symbol, row in world.collections.items():
            place = {"owner": at(row.owner), "organization": at(row.organization)}
            params["collections"][prefix + symbol] = {"name": named(row.name, case, token), **place}
        for symbol, dataset in world.datasets.items():
            names[prefix + symbol] = f"{dataset.name or symbol} {token}"
            entry = {"name": names[prefix + symbol], "owner": at(dataset.owner)}
            entry |= {"organization": at(dataset.organization), "collection": at(dataset.collection)}
            if dataset.proprietary:
                entry["proprietary"] = True
            params["datasets"][prefix + symbol] = entry
        for symbol, run in world.runs.items():
            place = {"owner": at(run.owner), "dataset": at(run.dataset)}
            place |= {"organization": at(run.organization), "collection": at(run.collection)}
            params["runs"][prefix + symbol] = place
    return params, names


class _Prefix:
    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __call__(self, symbol: str | None) -> str | None:
        return None if symbol is None else self._prefix + symbol


def _problem(document: Any, worlds: Sequence[World]) -> str:
    """What is wrong with a set-up's answer, or nothing."""
    if not isinstance(document, dict):
        return "it is not a JSON object"
    for kind in KINDS:
        given = document.get(kind) or {}
        wanted = [f"w{n}-{symbol}" for n, world in enumerate(worlds) for symbol in getattr(world, kind)]
        if not isinstance(given, dict):
            return f"{kind} is not an object"
        ids = []
        for symbol in wanted:
            row = given.get(symbol)
            if not isinstance(row, dict) or type(row.get("id")) is not int:
                return f"{kind}.{symbol} has no integer id"
            ids.append(row["id"])
            if kind == "users" and not (isinstance(row.get("email"), str) and _is_key(row.get("api_key"))):
                return f"{kind}.{symbol} has no e-mail and api_key that can be sent"
        if len(set(ids)) < len(ids):
            return f"two {kind} have the same id"
    users = document.get("users") or {}
    keys = [row["api_key"] for row in users.values() if isinstance(row, dict) and "api_key" in row]
    return "two users have the same api_key" if len(set(map(str, keys))) < len(keys) else ""


def _is_key(value: object) -> bool:
    return isinstance(value, str) and len(value) >= 4 and value.isascii() and value.isprintable() and " " not in value


def _arranged(document: Any, number: int, case: Case, token: str, names: Mapping[str, str]) -> Arranged:
    prefix, world = f"w{number}-", case.world

    def ids(kind: str) -> dict[str, int]:
        return {symbol: document[kind][prefix + symbol]["id"] for symbol in getattr(world, kind)}

    users = {symbol: document["users"][prefix + symbol] for symbol in world.users}
    binding = Binding(
        token=token,
        organizations=ids("organizations"),
        users=ids("users"),
        emails={symbol: each["email"] for symbol, each in users.items()},
        collections=ids("collections"),
        datasets=ids("datasets"),
        runs=ids("runs"),
        names={symbol: names[prefix + symbol] for symbol in world.datasets},
    )
    return Arranged(binding, {symbol: each["api_key"] for symbol, each in users.items()})
