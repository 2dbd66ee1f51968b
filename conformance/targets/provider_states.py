"""Worlds arranged through the provider-state call-back (``docs/provider-states.md``).

Many cases' worlds go into one set-up: their symbols get a prefix each, so that they share no row. What the
target declares ``unsupported`` is taken out with its whole case, and the rest is sent again.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.answers import json_of
from conformance.connection import Answer, NetworkTrouble
from conformance.model import Binding, Case, World
from conformance.redact import Redactor
from conformance.targets.arranging import Arranged, Unarranged, named
from conformance.transport import BUSY, Transport, pause

CONSUMER = "data-collections-conformance"
KINDS = ("organizations", "users", "collections", "datasets", "runs")
BATCH = 24
ATTEMPTS = 6
"""Set-ups of the same worlds that are tried when none is answered: each makes fresh rows, one more does no harm."""
SECOND_THOUGHTS = 3
"""The same where the answer is an error, or cannot be."""
_KEY = re.compile(r'(api_key\W{1,9})[^"\\]+')


class ProviderStates:
    """Arranges and removes worlds on one target."""

    def __init__(self, transport: Transport, url: str, headers: Mapping[str, str], redactor: Redactor) -> None:
        self._transport = transport
        self.url = url
        self._headers = {"content-type": "application/json", **headers}
        self._redactor = redactor
        self._given: set[tuple[str, object]] = set()
        self._lock = threading.Lock()

    @property
    def place(self) -> str:
        """What arranges, in words."""
        return f"the provider-state URL {self.url}"

    @property
    def batch(self) -> int:
        """Many: a set-up costs one request."""
        return BATCH

    def prepare(self) -> None:
        """Nothing: the first set-up shows whether the URL serves."""

    def created(self, arranged: Arranged, who: str, collection: int) -> None:
        """Nothing: the target removes its worlds itself."""

    def close(self) -> tuple[str, ...]:
        """Nothing: worlds share no row, and their deployment is a test's."""
        return ()

    def arrange(self, cases: Sequence[tuple[Case, str]]) -> dict[str, Arranged | Unarranged]:
        """Arrange each case's world, given with its token; the result has one entry a case."""
        results: dict[str, Arranged | Unarranged] = {}
        pending = list(cases)
        attempt = 1
        while pending:
            params, names = _merge(pending)
            answer, trouble = self._set_up(params, pending)
            if answer and answer.status == 422 and (refused := self._refused(answer, pending, results)):
                pending = [each for each in pending if each[0].id not in refused]
                continue
            if answer and not trouble:
                self._bind(answer, pending, names, results)
                break
            passing = answer is None or answer.status in BUSY
            if len(pending) > 1 and not passing:
                half = len(pending) // 2
                return {**results, **self.arrange(pending[:half]), **self.arrange(pending[half:])}
            refused_for_good = answer is not None and 400 <= answer.status < 500 and not passing
            if refused_for_good or attempt == (ATTEMPTS if passing else SECOND_THOUGHTS):
                results.update({case.id: Unarranged(trouble=trouble) for case, _ in pending})
                break
            pause(attempt)
            attempt += 1
        return results

    def _set_up(self, params: Mapping[str, Any], pending: Sequence[tuple[Case, str]]) -> tuple[Answer | None, str]:
        """One set-up's answer, and what is wrong with it."""
        try:
            answer = self._transport.send("POST", self.url, self._headers, _message("setup", params))
        except NetworkTrouble as trouble:
            text = self._redactor.clean_text(str(trouble), {})
            return None, f"the provider-state URL {self.url} did not answer: {text}"
        if answer.status != 200:
            shown = self._redactor.clean(answer.body[:200], {}).decode("utf-8", "replace")
            text = repr(_KEY.sub(r"\1…", shown))
            return answer, f"the provider-state URL {self.url} answered {answer.status}: {text}"
        document = _json(answer.body)
        problem = _problem(document, [case.world for case, _ in pending]) or self._given_before(document)
        if problem:
            return answer, f"the provider-state URL {self.url} gave an answer that cannot be: {problem}"
        return answer, ""

    def _given_before(self, document: Mapping[str, Any]) -> str:
        """Ids and keys are noted while their worlds stand; what another world has already is named."""
        rows = [(kind, row) for kind in KINDS for row in (document.get(kind) or {}).values() if isinstance(row, dict)]
        given = {(kind, row.get("id")) for kind, row in rows if type(row.get("id")) is int}
        given |= {("keys", key) for kind, row in rows if isinstance(key := row.get("api_key"), str)}
        with self._lock:
            twice = {kind for kind, _ in given & self._given}
            if not twice:
                self._given |= given
        return f"{', '.join(sorted(twice))} that another world has" if twice else ""

    def remove(self, arranged: Sequence[Arranged]) -> None:
        """Tear worlds down; the target may do nothing, and what it answers does not matter."""
        merged: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        for number, each in enumerate(arranged):
            for kind in KINDS:
                ids: Mapping[str, int] = getattr(each.binding, kind)
                merged[kind].update({f"w{number}-{symbol}": {"id": row} for symbol, row in ids.items()})
        with self._lock:  # before they are deleted: the target may give the same numbers again at once
            self._given -= {(kind, row["id"]) for kind, rows in merged.items() for row in rows.values()}
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
        document = _json(answer.body)
        for number, (case, token) in enumerate(pending):
            arranged = _arranged(document, number, case, token, names)
            self._redactor.learn(arranged.keys)
            results[case.id] = arranged


def _message(action: str, params: Mapping[str, Any]) -> bytes:
    return json.dumps({"consumer": CONSUMER, "action": action, "state": "world", "params": params}).encode()


def _json(body: bytes) -> Any:
    try:
        return json_of(body)
    except ValueError:
        return None


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
            if kind == "users" and (row["api_key"].isdigit() or row["api_key"] == row["email"]):
                return f"{kind}.{symbol} has an api_key that stands in answers as a number or an e-mail"
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
