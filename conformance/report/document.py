"""The report as JSON (``spec/schemas/report.schema.json``), and the files of a report directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.codec import encode
from conformance.readings import surviving
from conformance.result import Result
from conformance.spec import Catalogue

VERSION = 1


def document(result: Result, catalogue: Catalogue) -> dict[str, Any]:
    """Everything that the judgement says, as plain JSON values."""
    judgement, header = result.judgement, result.transcript.header
    cases = {case.id: case for case in result.selected}
    return {
        "version": VERSION,
        "target": header.base_url,
        "verdict": judgement.claim,
        "class": judgement.cls,
        "reasons": list(judgement.reasons),
        "suite": header.suite,
        "catalogue": header.catalogue,
        "held_to": header.held_to or header.catalogue,
        "depth": header.depth,
        "seed": header.seed,
        "started": header.started,
        "seconds": result.transcript.footer.seconds if result.transcript.footer else None,
        "transcript": result.transcript.digest,
        "digests": dict(header.digests),
        "counts": dict(judgement.counts),
        "requirements": [
            {
                "id": each.requirement,
                "level": catalogue.requirements[each.requirement].level,
                "since": catalogue.requirements[each.requirement].since,
                "outcome": each.outcome,
                "cases": each.cases,
                "failed": list(each.failed),
            }
            for each in judgement.requirements.values()
        ],
        "readings": {name: list(values) for name, values in surviving(judgement.readings).items()},
        "conflict": list(judgement.conflict),
        "choices": encode(judgement.choices),
        "notes": list(result.transcript.notes),
        "unserved": list(judgement.unserved),
        "cases": [
            {
                "id": each.case,
                "title": cases[each.case].title,
                "source": str(cases[each.case].source),
                "verifies": list(cases[each.case].verifies),
                "outcome": each.outcome,
                "reason": each.reason,
                "findings": [encode(finding) for finding in each.findings],
            }
            for each in judgement.cases.values()
        ],
    }


def write_json(result: Result, catalogue: Catalogue, folder: Path) -> None:
    """``report.json`` in the report directory."""
    text = json.dumps(document(result, catalogue), indent=1, ensure_ascii=True)
    (folder / "report.json").write_text(text + "\n", encoding="ascii")
