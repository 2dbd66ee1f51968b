"""Rows that some run of the suite made and left, found by their mark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.marks import is_marked
from conformance.targets.accounts import Persona
from conformance.targets.client import Client, Refused, field

PAGE = 1000
MOST_PAGES = 100


def marked_rows(client: Client, persona: Persona) -> Iterator[tuple[str, int, str]]:
    """Kind, id and name of the persona's own rows whose name carries a mark; collections first."""
    for kind, rows in (("data-collections", _collections(client, persona)), ("datasets", _datasets(client, persona))):
        for row in list(rows):
            owner = field(row, "user", "id")
            mine = persona.id is None or owner == persona.id
            if mine and owner is not None and is_marked(row.get("name")) and type(row.get("id")) is int:
                yield kind, row["id"], row["name"]


def _collections(client: Client, persona: Persona) -> Iterator[dict[str, Any]]:
    for page in range(1, MOST_PAGES + 1):
        document = client.call(persona, "GET", f"/data-collections?page={page}&page_size={PAGE}&shared=false")
        items = field(document, "items")
        yield from (each for each in (items if isinstance(items, list) else ()) if isinstance(each, dict))
        if field(document, "meta", "has_next") is not True:
            return


def _datasets(client: Client, persona: Persona) -> Iterator[dict[str, Any]]:
    try:
        rows = client.call(persona, "GET", "/datasets/all-partial")
    except Refused as refused:
        if refused.status != 404:
            raise
        return
    yield from (each for each in (rows if isinstance(rows, list) else ()) if isinstance(each, dict))
