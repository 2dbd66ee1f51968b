"""``--dry-run``: the run's own code against answers that are made up, so that its requests can be printed.

Nothing is sent. Ids are the target's to give: those from FIRST_ID on stand for them.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from conformance.attempt import Execution
from conformance.certification import Settings, arranger_of, redactor_of
from conformance.connection import Answer
from conformance.execute import execute
from conformance.marks import token_of
from conformance.model import Case, Record
from conformance.preflight import PROBE
from conformance.race import Racer
from conformance.redact import Redactor
from conformance.report.text import safe
from conformance.transport import Transport

FIRST_ID = 900_000_001


class Rehearsal(Transport):
    """Writes requests down and makes their answers up; it has no connection."""

    def __init__(self, headers: Mapping[str, str], redactor: Redactor) -> None:
        super().__init__(headers)
        self._redactor = redactor
        self._ids = count(FIRST_ID)
        self.lines: list[str] = []
        self.requests = 0

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Write the request down."""
        self.requests += 1
        sent = {**self.headers, **headers}
        self.lines.append(f"{method} {url}")
        self.lines += [f"  {name}: {self._clean(value)}" for name, value in sent.items()]
        if body:
            text = self._clean(body.decode("utf-8", "backslashreplace"))
            self.lines.append("  " + text.replace("\r", "\\r").replace("\n", "\\n"))
        status, document = self._answer(method, urlsplit(url).path, body)
        return Answer(status, {}, json.dumps(document).encode() if document is not None else b"", False, 0.0)

    def race(self, racers: Sequence[Racer], *_: object) -> list[Answer]:
        """Write requests down that would be released together."""
        self.lines.append(f"# {len(racers)} requests at once")
        return [self.send("POST", each.url, each.headers, each.body) for each in racers]

    def _clean(self, text: str) -> str:
        return safe(self._redactor.clean_text(text, {}))

    def _answer(self, method: str, path: str, body: bytes | None) -> tuple[int, Any]:
        if method == "DELETE":
            return 204, None
        if method == "PUT":
            return 200, {}
        number = next(self._ids)
        user = {"id": number, "email": "somebody@example.test"}
        if method == "GET":
            return 200, {"items": [{"user": user}]}
        if path.endswith(("/datasets", "/runs/dataset", "/data-collections")):
            return 201, {"id": number, "user": user}
        return 200, self._world(json.loads(body or b"{}").get("params", {}))

    def _world(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """What a provider-state URL answers to a set-up."""
        made: dict[str, Any] = {kind: {each: {"id": next(self._ids)} for each in rows} for kind, rows in params.items()}
        for symbol, row in made.get("users", {}).items():
            row |= {"email": f"{symbol}@example.test", "api_key": f"$key-of-{symbol}"}
        return made


def rehearse(settings: Settings, cases: Sequence[Case]) -> Iterator[str]:
    """Every request that a run of these cases would send, in lines; SetupRefused where the target file does not do."""
    redactor = redactor_of(settings)
    run_id = secrets.token_hex(8)
    transport = Rehearsal(settings.headers, redactor)
    arranger = arranger_of(settings, transport, redactor, run_id)
    on = Execution(settings.base_url, transport, arranger, redactor, run_id, concurrency=1, race=transport.race)
    yield f"# nothing is sent; ids from {FIRST_ID} on stand for those that the target gives"
    transport.send("GET", f"{settings.base_url}/data-collections", {})
    arranger.prepare()
    yield from _taken(transport)
    for case in (PROBE, *cases):
        yield f"# {case.id}: {case.title}"
        kept: list[Record] = []
        execute([case], on, kept.append)
        yield from _taken(transport)
        for record in kept:
            if record.untested or record.unsupported:
                yield f"# not tested: {record.untested or ', '.join(record.unsupported)}"
    arranger.close()
    yield from _taken(transport)
    yield f"# {transport.requests} requests; names carry {token_of(run_id, 'and so on')[:10]}…"


def _taken(transport: Rehearsal) -> list[str]:
    lines, transport.lines = transport.lines, []
    return lines
