"""Routes: from a method, a path and bytes to a status, a content type and bytes."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from base import Refusal, Target
from states import provider_state
from store import User

ROUTE = re.compile(r"/api/v1/(data-collections|datasets|runs)(?:/(\d{1,18}))?")
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass
class Answer:
    status: int
    content_type: str
    body: bytes
    close: bool = False


class Api:
    def __init__(self, target: Target) -> None:
        self.target = target

    def handle(self, method: str, url: str, headers: Any, raw: bytes) -> Answer:
        try:
            return self.route(method, url, headers, raw)
        except Refusal as refusal:
            return self.refuse(refusal.status, refusal.message)
        except Exception as error:  # a last resort; the honest base never comes here
            return self.refuse(500, f"Server error: {type(error).__name__}")

    def refuse(self, status: int, message: str) -> Answer:
        return Answer(status, *self.target.error_body(status, message))

    def json(self, status: int, payload: Any) -> Answer:
        return Answer(status, "application/json", self.target.encode(payload))

    def route(self, method: str, url: str, headers: Any, raw: bytes) -> Answer:
        parts = urlsplit(url)
        if parts.path == "/_conformance/provider-states" and method == "POST":
            return self.arrange(raw)
        found = ROUTE.fullmatch(parts.path)
        if not found:
            raise Refusal(404, "No such path.")
        time.sleep(self.target.delay)
        table, row_id = found.groups()
        if method == "POST" and table == "data-collections" and row_id is None:
            return self.json(*self.post(headers, raw))
        if method != "GET" or not self.served(table, row_id):
            raise Refusal(405, "Method not allowed.")
        reader = self.target.authenticate(headers.get("Authorization"))
        with self.target.store.lock:
            return self.json(200, self.read(reader, table, row_id, parts.query))

    def arrange(self, raw: bytes) -> Answer:
        """Not through the target's own parser and writer: behaviours spoil those."""
        try:
            status, payload = provider_state(self.target, json.loads(raw))
        except (ValueError, RecursionError):
            status, payload = 400, {"error": "not JSON"}
        return Answer(status, "application/json", json.dumps(payload).encode("ascii"))

    def served(self, table: str, row_id: str | None) -> bool:
        if row_id is None:
            return table == "data-collections" and "list" in self.target.operations
        kind = {"data-collections": "collection", "datasets": "dataset", "runs": "run"}[table]
        return kind in self.target.operations

    def post(self, headers: Any, raw: bytes) -> tuple[int, Any]:
        target = self.target
        if target.auth_first:
            caller = target.authenticate(headers.get("Authorization"))
        target.check_content_type(headers.get("Content-Type"))
        wish = target.read_wish(raw)
        if not target.auth_first:
            caller = target.authenticate(headers.get("Authorization"))
        return target.created(target.create(caller, wish))

    def read(self, reader: User, table: str, row_id: str | None, query: str) -> Any:
        if row_id is None:
            return self.list(reader, parse_qs(query))
        target = self.target
        tables = {"data-collections": "collections", "datasets": "datasets", "runs": "runs"}
        row = getattr(target.store, tables[table]).get(int(row_id))
        if row is None or not target.readable(reader, row):
            raise Refusal(404, "Not found.")
        show = {"data-collections": target.stored, "datasets": target.dataset, "runs": target.run}
        return show[table](reader, row)

    def list(self, reader: User, query: dict[str, list[str]]) -> Any:
        page, size = number(query, "page", 1, 10**9), number(query, "page_size", 10, 10000)
        shared = BOOLEANS.get(query["shared"][0].lower()) if "shared" in query else None
        if "shared" in query and shared is None:
            raise Refusal(422, "shared: true or false.")
        if shared and reader.org_id is None:
            raise Refusal(404, "You are not in an organization.")
        rows = self.target.listed_collections(reader, shared)
        shown = rows[(page - 1) * size : page * size]
        return {
            "items": [self.target.element(reader, row) for row in shown],
            "meta": meta(page, size, len(rows), len(shown)),
        }


def number(query: dict[str, list[str]], name: str, default: int, most: int) -> int:
    text = query.get(name, [str(default)])[0]
    if not re.fullmatch(r"[0-9]{1,10}", text) or not 1 <= int(text) <= most:
        raise Refusal(422, f"{name}: 1 to {most}.")
    return int(text)


def meta(page: int, size: int, total: int, shown: int) -> dict[str, Any]:
    pages = -(-total // size)
    return {
        "current_page": page,
        "page_size": size,
        "total_items": total,
        "items_on_page": shown,
        "total_pages": pages,
        "has_next": page < pages,
        "has_previous": page > 1,
        "next_page": page + 1 if page < pages else None,
        "previous_page": page - 1 if page > 1 else None,
    }
