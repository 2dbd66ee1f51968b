"""Which rows catch which mutants: ``spec/kills.json``, written by ``conformance prove --record``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

from conformance.paths import SPEC

KILLS = SPEC / "kills.json"


@dataclass(frozen=True, slots=True)
class Kill:
    """A faulty reference: what an engineer did wrong, the requirements it breaks, the table rows that fail on it."""

    mutant: str
    note: str
    breaks: tuple[str, ...]
    rows: tuple[str, ...]
    blamed: Mapping[str, int] = field(default_factory=dict)
    """The requirements that the judge found broken, and in how many cases."""


def kills_digest() -> str:
    """SHA-256 of the file."""
    return sha256(KILLS.read_bytes()).hexdigest()


@cache
def load_kills(path: Path = KILLS) -> tuple[Kill, ...]:
    """Every mutant that was recorded, in the order of their ids."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Kill(each["mutant"], each["note"], tuple(each["breaks"]), tuple(each["rows"]), each["blamed"])
        for each in document["mutants"]
    )


def write_kills(kills: Iterable[Kill], catalogue: str, path: Path = KILLS) -> None:
    """Write the file anew, a mutant a line, so that a change shows as one."""
    lines = ",\n".join(" " + json.dumps(asdict(each), ensure_ascii=False) for each in kills)
    path.write_text(f'{{"catalogue": {json.dumps(catalogue)}, "mutants": [\n{lines}\n]}}\n', encoding="utf-8")
