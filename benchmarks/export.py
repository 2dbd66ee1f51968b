"""The single-request rows of our tables, for other tools: the same set-up, requests and reads, and what must come back.

A row is taken as a run against the reference recorded it. Every id and key becomes a variable, which the set-up's
answer fills. Of an answer its status is compared, and in its JSON what a rule is about: ``org_id``,
``data_collection_id``, the owner's id, and how many collections a list has.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from conformance.model import Case, Exchange, Record, World
from conformance.render import unknown_id
from conformance.targets.arranging import named

Check = tuple[str, str | int | None]
"""A path into the answer, and what stands there: a variable's name, a number, or null."""
_PLACE = re.compile(r"\$\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Call:
    """One request, in which ``<<name>>`` stands for a variable, and what must come back."""

    method: str
    path: str
    key: str
    body: str | None
    status: int
    checks: tuple[Check, ...]
    saves: bool = False
    """Whether the answer's ``id`` is kept as ``new``."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: the set-up's body, where each variable stands in its answer, and the calls."""

    id: str
    setup: str
    variables: Mapping[str, tuple[str, str, str]]
    calls: tuple[Call, ...]


def is_single(case: Case) -> bool:
    """Whether a case is one plain request with a good key, as every tool can send it."""
    if len(case.steps) != 1 or len(case.steps[0].requests) != 1 or case.sparing or case.everyone_reads:
        return False
    (request,) = case.steps[0].requests
    places = _PLACE.findall(request.body)
    return (
        request.encoding == "utf-8"
        and request.content_type == "application/json"
        and request.credentials == f"Bearer ${{{request.caller}}}"
        and all(user.api_key == "active" for user in case.world.users.values())
        and all(each == "@" or each in case.world.datasets or each.partition("-")[0] == "unknown" for each in places)
        and request.body.isascii()
        and request.body.isprintable()
    )


def row_of(case: Case, record: Record) -> Row:
    """The row of one recorded case."""
    assert record.binding is not None
    token = record.binding.token
    variables = {
        variable: (kind, symbol, field)
        for kind, letter in (
            ("organizations", "o"),
            ("users", "u"),
            ("collections", "c"),
            ("datasets", "d"),
            ("runs", "r"),
        )
        for symbol in getattr(case.world, kind)
        for variable, field in [(_variable(letter, symbol), "id")]
        + ([(_variable("k", symbol), "api_key")] if kind == "users" else [])
    }
    params = _params(case.world, case, token)
    message = {"consumer": "data-collections-conformance", "action": "setup", "state": "world", "params": params}
    return Row(case.id, json.dumps(message), variables, tuple(_calls(case, record)))


def repeated(rows: Sequence[Row], number: int) -> list[Row]:
    """So many rows, each in a world of its own."""
    return [replace(rows[at % len(rows)], id=f"{rows[at % len(rows)].id}.{at}") for at in range(number)]


def _variable(letter: str, symbol: str) -> str:
    return f"{letter}_{re.sub('[^a-z0-9]', '_', symbol.lower())}"


def _params(world: World, case: Case, token: str) -> dict[str, Any]:
    return {
        "organizations": {each: {} for each in world.organizations},
        "users": {each: {"organization": user.organization} for each, user in world.users.items()},
        "collections": {
            each: {"name": named(row.name, case, token), "owner": row.owner, "organization": row.organization}
            for each, row in world.collections.items()
        },
        "datasets": {
            each: {"owner": row.owner, "organization": row.organization, "collection": row.collection,
                   "proprietary": row.proprietary, "name": f"{row.name or each} {token}"}
            for each, row in world.datasets.items()
        },
        "runs": {
            each: {"owner": row.owner, "dataset": row.dataset, "organization": row.organization,
                   "collection": row.collection}
            for each, row in world.runs.items()
        },
    }  # fmt: skip


def _calls(case: Case, record: Record) -> Iterator[Call]:
    binding = record.binding
    assert binding is not None
    known = {
        **{("data-collections", number): _variable("c", each) for each, number in binding.collections.items()},
        **{("datasets", number): _variable("d", each) for each, number in binding.datasets.items()},
        **{("runs", number): _variable("r", each) for each, number in binding.runs.items()},
        **{("org_id", number): _variable("o", each) for each, number in binding.organizations.items()},
        **{("user", number): _variable("u", each) for each, number in binding.users.items()},
    }
    for each in record.exchanges:
        document = json.loads(each.response_body) if each.status in (200, 201) else {}
        if each.op == "create" and each.status == 201:
            known["data-collections", document["id"]] = "new"
        body = _body(case, binding.token) if each.op == "create" else None
        checks = tuple(_checks(document, known))
        yield Call(each.method, _path(each, known), _variable("k", each.who), body, each.status or 0, checks,
                   each.op == "create" and each.status == 201)  # fmt: skip


def _path(each: Exchange, known: Mapping[tuple[str, int], str]) -> str:
    place, _, number = each.path.strip("/").partition("/")
    return f"/{place}/<<{known[place, int(number)]}>>" if number else each.path


def _body(case: Case, token: str) -> str:
    def place(match: re.Match[str]) -> str:
        symbol = match[1]
        if symbol == "@":
            return token
        return f"<<{_variable('d', symbol)}>>" if symbol in case.world.datasets else str(unknown_id(symbol))

    return _PLACE.sub(place, case.steps[0].requests[0].body)


def _checks(document: Mapping[str, Any], known: Mapping[tuple[str, int], str]) -> Iterator[Check]:
    for field, kind in (("org_id", "org_id"), ("data_collection_id", "data-collections")):
        if field in document:
            number = document[field]
            yield field, None if number is None else known[kind, number]
    user = document.get("user")
    if isinstance(user, dict):
        yield "user.id", known["user", user["id"]]
    if "meta" in document:
        yield "meta.total_items", document["meta"]["total_items"]


# ---------------------------------------------------------------- pytest + httpx

PYTEST = '''"""Rows with pytest and httpx: what an engineer writes first."""
import json, os, re
import httpx, pytest

ROWS = json.load(open(os.path.join(os.path.dirname(__file__), "rows.json")))
client = httpx.Client(timeout=30)


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_row(row):
    answer = client.post(os.environ["STATES"], content=row["setup"], headers={"content-type": "application/json"})
    assert answer.status_code == 200
    made = answer.json()
    values = {name: made[kind][symbol][field] for name, (kind, symbol, field) in row["variables"].items()}
    fill = lambda text: re.sub("<<(.+?)>>", lambda match: str(values[match[1]]), text)
    for call in row["calls"]:
        headers = {"authorization": "Bearer " + values[call["key"]]}
        if call["body"] is not None:
            headers["content-type"] = "application/json"
        body = None if call["body"] is None else fill(call["body"])
        answer = client.request(call["method"], os.environ["API"] + fill(call["path"]), headers=headers, content=body)
        assert answer.status_code == call["status"]
        if call["saves"]:
            values["new"] = answer.json()["id"]
        for path, expected in call["checks"]:
            found = answer.json()
            for part in path.split("."):
                found = found[part]
            assert found == (values[expected] if isinstance(expected, str) else expected)
'''


def for_pytest(rows: Sequence[Row], folder: Path) -> None:
    """``test_rows.py`` and its data."""
    (folder / "test_rows.py").write_text(PYTEST)
    data = [
        {"id": row.id, "setup": row.setup, "variables": row.variables,
         "calls": [{name: getattr(call, name) for name in Call.__slots__} for call in row.calls]}
        for row in rows
    ]  # fmt: skip
    (folder / "rows.json").write_text(json.dumps(data))


# ---------------------------------------------------------------- tavern


def for_tavern(rows: Sequence[Row], folder: Path, api: str, states: str) -> None:
    """``test_rows.tavern.yaml``: a document a row, written as JSON, which YAML is."""
    documents = []
    for row in rows:
        save = {name: f'{kind}."{symbol}".{field}' for name, (kind, symbol, field) in row.variables.items()}
        first = {
            "name": "set up",
            "request": {"url": states, "method": "POST", "data": _escaped(row.setup), "headers": _JSON},
            "response": {"status_code": 200, "save": {"json": save}},
        }
        stages = [first, *(_stage(at, call, api) for at, call in enumerate(row.calls))]
        documents.append(json.dumps({"test_name": row.id, "strict": ["json:off"], "stages": stages}))
    text = "\n---\n".join(documents)
    (folder / "test_rows.tavern.yaml").write_text(re.sub(r'"!(int \\"\{\w+:d\}\\")"', _tagged, text))


_JSON = {"content-type": "application/json"}


def _tagged(match: re.Match[str]) -> str:
    return "!" + match[1].replace('\\"', '"')


def _escaped(text: str) -> str:
    """For ``str.format``, which Tavern fills variables in with."""
    return re.sub("<<(.+?)>>", r"{\1}", text.replace("{", "{{").replace("}", "}}"))


def _stage(at: int, call: Call, api: str) -> dict[str, Any]:
    request: dict[str, Any] = {"url": api + _escaped(call.path), "method": call.method}
    request["headers"] = {"authorization": f"Bearer {{{call.key}}}"}
    if call.body is not None:
        request["data"] = _escaped(call.body)
        request["headers"] |= _JSON
    response: dict[str, Any] = {"status_code": call.status}
    if call.checks:
        response["json"] = _nested(call.checks)
    if call.saves:
        response["save"] = {"json": {"new": "id"}}
    return {"name": f"call {at}", "request": request, "response": response}


def _nested(checks: Sequence[Check]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, expected in checks:
        *outer, last = path.split(".")
        inner = found
        for part in outer:
            inner = inner.setdefault(part, {})
        inner[last] = f'!int "{{{expected}:d}}"' if isinstance(expected, str) else expected
    return found


# ---------------------------------------------------------------- newman

_SETUP_SCRIPT = """pm.test('set up', () => pm.response.to.have.status(200));
const made = pm.response.json();
for (const [name, [kind, symbol, field]] of Object.entries(VARIABLES)) {
  pm.variables.set(name, made[kind][symbol][field]);
}"""
_CALL_SCRIPT = """pm.test('call', () => {
  pm.response.to.have.status(STATUS);
  const checks = CHECKS;
  const answer = checks.length || SAVES ? pm.response.json() : null;
  if (SAVES) pm.variables.set('new', answer.id);
  for (const [path, expected] of checks) {
    const found = path.split('.').reduce((value, part) => value[part], answer);
    pm.expect(found).to.eql(typeof expected === 'string' ? pm.variables.get(expected) : expected);
  }
});"""


def for_newman(rows: Sequence[Row], folder: Path, api: str, states: str) -> None:
    """``rows.json``: a Postman collection, a folder a row."""
    items = []
    for row in rows:
        script = _SETUP_SCRIPT.replace("VARIABLES", json.dumps(row.variables))
        calls = [_item("POST", states, _JSON, row.setup, script)]
        for call in row.calls:
            script = _CALL_SCRIPT.replace("STATUS", str(call.status)).replace("CHECKS", json.dumps(call.checks))
            headers = {"authorization": f"Bearer {{{{{call.key}}}}}", **(_JSON if call.body is not None else {})}
            body = None if call.body is None else _postman(call.body)
            script = script.replace("SAVES", json.dumps(call.saves))
            calls.append(_item(call.method, api + _postman(call.path), headers, body, script))
        items.append({"name": row.id, "item": calls})
    schema = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
    (folder / "rows.json").write_text(json.dumps({"info": {"name": "rows", "schema": schema}, "item": items}))


def _postman(text: str) -> str:
    return re.sub("<<(.+?)>>", r"{{\1}}", text)


def _item(method: str, url: str, headers: Mapping[str, str], body: str | None, script: str) -> dict[str, Any]:
    request: dict[str, Any] = {"method": method, "url": url}
    request["header"] = [{"key": name, "value": value} for name, value in headers.items()]
    if body is not None:
        request["body"] = {"mode": "raw", "raw": body}
    return {"name": url, "request": request, "event": [{"listen": "test", "script": {"exec": script.split("\n")}}]}
