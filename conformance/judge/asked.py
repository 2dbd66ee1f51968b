"""OWN-3: fields of the body beside ``name`` and ``dataset_ids`` that came back as the new collection's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from conformance.judge.seen import Seen
from conformance.judge.shape import instant
from conformance.model import Finding

OUT_OF_REACH = 2_000_000_000
TIMES = ("created_at", "updated_at")


def as_asked(seen: Seen) -> Iterator[Finding]:
    """An ``id`` that no counter has reached, or a time to the second: an answer with it has it from the body."""
    asked = _fields(seen.exchange.request_body)
    wanted = asked.get("id")
    if type(wanted) is int and wanted >= OUT_OF_REACH and seen.object.get("id") == wanted:
        yield Finding("OWN-3", "the id of the collection", "not the body's", str(wanted), seen.index)
    for name in TIMES:
        time = _utc(asked.get(name))
        if time is not None and _utc(seen.object.get(name)) == time:
            yield Finding("OWN-3", f"{name} of the collection", "not the body's", str(asked[name]), seen.index)


def _fields(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _utc(value: Any) -> datetime | None:
    time = instant(value)
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
