"""Bodies drawn by schemathesis from the OpenAPI document, valid and invalid; the outcome function judges them.

Any documented 4xx passes schemathesis' own checks, which cannot tell 400 from 422, and one of them accuses correct
targets; so it draws, our transport sends, and our judge compares. Each body has a world of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from conformance.model import Case, Dataset, Request, Source, Step, User, World
from conformance.paths import SPEC

VERIFIES = ("BOD-3", "BOD-1", "BOD-2", "CRE-2", "NAM-1", "ATT-4", "ATT-5")
WORLD = World(("acme",), {"alice": User("acme")}, {}, {"mine": Dataset("alice")}, {})


def draw_bodies(count: int, seed: int) -> tuple[bytes, ...]:
    """About ``count`` bodies, half from what the document allows and half from what it forbids, each once.

    The same for a seed where the same modules are loaded (``ahead.py``); a transcript holds them.
    """
    both = (*_draw(count // 2, seed, valid=True), *_draw(count - count // 2, seed, valid=False))
    return tuple(dict.fromkeys(both))


def body_cases(bodies: Iterable[bytes], source: Source) -> Iterator[Case]:
    """A case for each body."""
    for number, body in enumerate(bodies, 1):
        # Latin-1 carries any bytes through the template unchanged; "${" would be taken for a place in it.
        request = Request("alice", body.replace(b"${", b"$ {").decode("latin-1"), "Bearer ${alice}", encoding="latin-1")
        yield Case(
            id=f"gen-{number:03}",
            row=f"gen-{number:03}",
            family="generated",
            title="a body drawn from the OpenAPI document is answered as the outcome function permits",
            verifies=VERIFIES,
            world=WORLD,
            steps=(Step((request,)),),
            source=source,
            sparing=True,
        )


def _draw(count: int, seed: int, *, valid: bool) -> list[bytes]:
    # Imported here: schemathesis takes a second to load, and most commands draw nothing.
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded
    from schemathesis import GenerationMode

    mode = GenerationMode.POSITIVE if valid else GenerationMode.NEGATIVE
    operation = schemathesis.openapi.from_path(str(SPEC / "openapi.yaml"))["/data-collections"]["POST"]
    drawn: list[bytes] = []

    @seeded(seed)
    @settings(
        database=None,
        max_examples=count,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Any) -> None:
        drawn.append(_bytes_of(case.body))

    collect()
    return drawn


def _bytes_of(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    try:
        return json.dumps(body).encode("ascii")
    except (TypeError, ValueError):
        return b""
