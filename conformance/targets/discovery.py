"""Who the personas are, by documented reads alone: their e-mails and ids, and which organization each is in.

No documented operation names the caller. What tells: the owner of a collection of one's own, ``shared=true`` (404
without an organization), and the ``org_id`` of rows that are shared with one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.errors import SetupRefused
from conformance.targets.accounts import Persona
from conformance.targets.client import Client, Refused, field


@dataclass(frozen=True, slots=True)
class Found:
    """A persona with what was found out; ``problem`` says why its key is of no use."""

    persona: Persona
    problem: str = ""


def discover(client: Client, persona: Persona) -> Found:
    """Ask for the persona's own and shared rows; SetupRefused where they contradict the target file."""
    try:
        own = _items(client.call(persona, "GET", "/data-collections?page=1&page_size=1&shared=false"))
    except Refused as refused:
        return Found(persona, str(refused))
    user = next((row.get("user") for row in own), None)
    shared = _shared(client, persona)
    rows = [*(shared or ()), *_datasets(client, persona)]
    if user is None and shared is None:  # nobody shares with them: whatever they may read is theirs
        user = next((row.get("user") for row in rows), None)
    number, email = field(user, "id"), field(user, "email")
    persona = replace(
        persona,
        id=number if type(number) is int else persona.id,
        email=email if isinstance(email, str) else persona.email,
    )
    return Found(_placed(persona, rows, alone=shared is None))


def _placed(persona: Persona, rows: list[Any], *, alone: bool) -> Persona:
    """The persona with its organization; SetupRefused where it is declared otherwise."""
    others = [row for row in rows if persona.id is not None and field(row, "user", "id") != persona.id]
    ids = {row.get("org_id") for row in others} - {None}
    organization = next(iter(ids)) if len(ids) == 1 else None
    if alone:
        if persona.known and persona.organization is not None:
            raise _contradiction(persona, f"organization {persona.organization}", "in none")
        return replace(persona, organization=None, known=True)
    if organization is None:
        return persona
    if persona.known and persona.organization is not None and persona.organization != organization:
        raise _contradiction(persona, f"organization {persona.organization}", f"in {organization}")
    return replace(persona, organization=organization, known=True)


def _contradiction(persona: Persona, declared: str, found: str) -> SetupRefused:
    what = f"{persona.name} is declared in {declared}, and is {found} by what it may read"
    return SetupRefused(f"{persona.place}: {what}")


def _shared(client: Client, persona: Persona) -> list[Any] | None:
    """A collection that is shared with the persona; None where it has no organization."""
    try:
        return list(_items(client.call(persona, "GET", "/data-collections?page=1&page_size=100&shared=true")))
    except Refused as refused:
        if refused.status == 404:
            return None
        raise SetupRefused(f"{persona.place}: what is shared with {persona.name} is not told: {refused}") from None


def _datasets(client: Client, persona: Persona) -> list[Any]:
    """Datasets that the persona may read, where the operation is served."""
    try:
        rows = client.call(persona, "GET", "/datasets/all-partial")
    except Refused:
        return []
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _items(document: Any) -> Iterator[dict[str, Any]]:
    items = field(document, "items")
    yield from (each for each in (items if isinstance(items, list) else ()) if isinstance(each, dict))
