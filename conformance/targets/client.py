"""Single documented operations, each with one persona's key: answers as JSON, refusals as errors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conformance.answers import json_of
from conformance.connection import NetworkTrouble
from conformance.redact import Redactor
from conformance.targets.accounts import Persona
from conformance.transport import BUSY, Transport


class Refused(Exception):
    """An operation was answered with an error, or with what cannot be; the text says which."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Client:
    """Sends documented operations to one deployment; safe to share between threads."""

    def __init__(self, transport: Transport, base_url: str, redactor: Redactor) -> None:
        self._transport = transport
        self.base_url = base_url
        self._redactor = redactor

    def call(self, persona: Persona, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON (None where it has no body); Refused for any status but 2xx, NetworkTrouble for none."""
        headers = {"content-type": "application/json"} if body is not None else {}
        return self._send(persona, method, path, headers, None if body is None else json.dumps(body).encode())

    def upload(self, persona: Persona, fields: Mapping[str, str], csv: str) -> Any:
        """``POST /datasets``: a form with these fields and a file."""
        kind, body = form(fields, csv)
        return self._send(persona, "POST", "/datasets", {"content-type": kind}, body)

    def _send(self, persona: Persona, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Any:
        credentials = {"authorization": f"Bearer {persona.key}"}
        answer = self._transport.send(method, self.base_url + path, {**headers, **credentials}, body)
        if answer.status in BUSY:
            raise NetworkTrouble("busy", f"{method} {path}: answered {answer.status}")
        try:
            document = json_of(answer.body) if answer.body.strip() else None
        except ValueError:
            document = None
        if not 200 <= answer.status < 300:
            shown = self._redactor.clean(answer.body[:200], {persona.name: persona.key}).decode("utf-8", "replace")
            raise Refused(answer.status, f"{method} {path} answered {answer.status}: {shown!r}")
        return document


def form(fields: Mapping[str, str], csv: str) -> tuple[str, bytes]:
    """A multipart form with a CSV file: its content type, and its bytes."""
    import httpx  # here: only what arranges worlds by uploads needs it

    files = {"file": ("cases.csv", csv.encode(), "text/csv")}
    request = httpx.Request("POST", "http://form", data=dict(fields), files=files)
    return request.headers["content-type"], request.read()


def field(document: Any, *names: str) -> Any:
    """A member of nested objects; None where there is none."""
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document
