"""The certificate's statement: an in-toto Statement v1 with a test-result predicate, as plain JSON values.

``result``, ``configuration`` and ``passedTests`` are the predicate's own fields; what else is certified stands in one
extension field. The build under test is identified by a digest set, since a subject must have one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from conformance.codec import encode
from conformance.errors import UsageError
from conformance.kills import kills_digest
from conformance.report.text import safe
from conformance.result import Result

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
EXTENSION = "dataCollectionsConformance"
FILES = ("page", "spec", "catalogue", "tables", "kills")
"""What the suite was made of, by the names of the descriptors in ``configuration``."""


def build_of(subject: str) -> dict[str, str]:
    """The digest set of the build that ``--subject`` names: ``sha256:…`` as it is, anything else as a version."""
    if not subject:
        return {}
    if subject.startswith("sha256:"):
        if not re.fullmatch("[0-9a-f]{64}", subject[7:]):
            raise UsageError("--subject sha256:… has 64 hexadecimal digits in lower case")
        return {"sha256": subject[7:]}
    if safe(subject, 200) != subject or subject != subject.strip():
        raise UsageError("--subject is at most 200 printable characters without blanks around them")
    return {"version": subject}


def statement(result: Result, build: Mapping[str, str]) -> dict[str, Any]:
    """What is signed. Without a ``build`` the subject is the deployment as it answered in this run."""
    base_url = result.transcript.header.base_url
    digest = dict(build) or {"transcript": result.transcript.digest}
    return {
        "_type": STATEMENT,
        "subject": [{"name": base_url, "uri": base_url, "digest": digest}],
        "predicateType": PREDICATE,
        "predicate": _predicate(result),
    }


def _predicate(result: Result) -> dict[str, Any]:
    digests = {**result.transcript.header.digests, "kills": kills_digest()}
    outcomes = {each.requirement: each.outcome for each in result.judgement.requirements.values()}
    passed = [name for name, outcome in outcomes.items() if outcome == "passed"]
    warned = [name for name, outcome in outcomes.items() if outcome == "advisory"]
    rest = {name: outcome for name, outcome in outcomes.items() if outcome not in ("passed", "advisory")}
    return {
        "result": "WARNED" if warned else "PASSED",
        "configuration": [{"name": name, "digest": {"sha256": digests[name]}} for name in FILES],
        "passedTests": passed,
        "warnedTests": warned,
        "failedTests": [],
        EXTENSION: {**_extension(result), "notTested": rest},
    }


def _extension(result: Result) -> dict[str, Any]:
    judgement, header = result.judgement, result.transcript.header
    return {
        "verdict": judgement.claim,
        "class": judgement.cls,
        "suite": header.suite,
        "catalogue": header.catalogue,
        "heldTo": header.held_to or header.catalogue,
        "depth": header.depth,
        "seed": header.seed,
        "started": header.started,
        "transcript": result.transcript.digest,
        "counts": dict(sorted(judgement.counts.items())),
        "readings": encode(result.readings),
        "choices": encode(result.choices),
        "advisories": _advisories(result),
        "unserved": list(judgement.unserved),
        "notes": list(result.transcript.notes),
    }


def _advisories(result: Result) -> dict[str, list[str]]:
    """The cases that warn, by requirement."""
    found: dict[str, set[str]] = {}
    for verdict in result.judgement.cases.values():
        for each in verdict.findings:
            found.setdefault(each.requirement, set()).add(verdict.case)
    return {name: sorted(cases) for name, cases in sorted(found.items())}
