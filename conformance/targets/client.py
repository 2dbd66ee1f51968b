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

BOUNDARY = "----data-collections-conformance"


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
        headers = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self._send(persona, "POST", "/datasets", headers, form(fields, csv))

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


def form(fields: Mapping[str, str], csv: str) -> bytes:
    """A multipart form with a CSV file."""
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    about = 'Content-Disposition: form-data; name="file"; filename="cases.csv"\r\nContent-Type: text/csv'
    parts.append(f"{about}\r\n\r\n{csv}")
    return "".join(f"--{BOUNDARY}\r\n{part}\r\n" for part in parts).encode() + f"--{BOUNDARY}--\r\n".encode()


def field(document: Any, *names: str) -> Any:
    """A member of nested objects; None where there is none."""
    for name in names:
        document = document.get(name) if isinstance(document, dict) else None
    return document
