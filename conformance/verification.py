"""A certificate held against a public key, this suite's own files and the transcript of the run; nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.certification import judge_transcript
from conformance.envelope import opened, public_key, signed_by
from conformance.errors import UsageError
from conformance.kills import kills_digest
from conformance.report.statement import EXTENSION, statement
from conformance.spec import digests
from conformance.transcript import read
from conformance.yaml_source import Lines, validate


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at, a line each, and what is wrong, a sentence each."""

    lines: tuple[str, ...]
    problems: tuple[str, ...] = ()


def verify(path: Path, key: Path | None, transcript: Path | None) -> Verification:
    """Check a certificate; UsageError where the files are not what they are given as."""
    envelope = opened(path)
    if key is not None and not signed_by(envelope, public_key(key)):
        problem = "no signature is of this key" if envelope.signatures else "the certificate is not signed"
        return Verification((), (f"{path}: {problem}",))
    document = _statement(path, envelope.payload)
    lines = [*_about(document), f"signature    {_signature(key is not None, len(envelope.signatures))}"]
    different = list(_different_files(document))
    if different:
        return Verification(tuple(lines), tuple(different))
    lines.append(f"files        page, spec, catalogue, tables and kills are those of this suite ({__version__})")
    problems = tuple(_recomputed(document, transcript)) if transcript else ()
    if problems:
        return Verification(tuple(lines), problems)
    again = f"recomputed from {transcript}: every field is as it says"
    lines.append(f"verdict      {again if transcript else 'not recomputed: no transcript was given (--transcript)'}")
    return Verification((*lines, *_proves(key is not None, transcript is not None)))


def _proves(signed: bool, recomputed: bool) -> Iterator[str]:
    facts = ["that nobody has changed it since it was signed"] if signed else []
    facts += ["that this suite's rules give this verdict for this record"] if recomputed else []
    yield f"proves       {', and '.join(facts) or 'nothing: neither the signature nor the verdict was checked'}"
    yield "proves not   that the record is what the target answered: that is the word of whoever signed"


def _signature(checked: bool, signatures: int) -> str:
    if checked:
        return "valid: it is of the key that was given"
    return "not checked: no public key was given (--public-key)" if signatures else "none: the certificate is unsigned"


def _statement(path: Path, payload: bytes) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(payload)
    except (ValueError, RecursionError):
        raise UsageError(f"{path}: the payload is not JSON") from None
    validate(path, document, Lines(), "certificate")
    return document


def _about(document: Mapping[str, Any]) -> Iterator[str]:
    (subject,), said = document["subject"], document["predicate"][EXTENSION]
    ((kind, value),) = subject["digest"].items()
    build = "as it answered in this run: no build was named" if kind == "transcript" else f"{kind} {value}"
    yield f"subject      {subject['name']}, {build}"
    held = f" held to {said['heldTo']}" if said["heldTo"] != said["catalogue"] else ""
    scope = f"catalogue {said['catalogue']}{held}, depth {said['depth']}, seed {said['seed']}"
    yield f"says         {said['verdict']}, class {said['class']} ({scope}), {said['started']}"


def _different_files(document: Mapping[str, Any]) -> Iterator[str]:
    ours = {**digests(), "kills": kills_digest()}
    theirs = {each["name"]: each["digest"]["sha256"] for each in document["predicate"]["configuration"]}
    suite = document["predicate"][EXTENSION]["suite"]
    for name, digest in ours.items():
        if theirs.get(name) != digest:
            yield f"{name}: not this suite's ({__version__}); the certificate is to be verified with suite {suite}"


def _recomputed(document: Mapping[str, Any], transcript: Path) -> Iterator[str]:
    """What the transcript says otherwise."""
    if read(transcript).digest != document["predicate"][EXTENSION]["transcript"]:
        yield f"{transcript} is not the transcript of this run"
        return
    build = {key: value for key, value in document["subject"][0]["digest"].items() if key != "transcript"}
    now = json.loads(json.dumps(statement(judge_transcript(transcript), build)))
    for place, then, recomputed in differences(document, now):
        yield f"{place} is {json.dumps(then)[:200]}, and the transcript gives {json.dumps(recomputed)[:200]}"


def differences(then: Any, now: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two JSON values differ, the deepest places that can be named."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in {**then, **now}:
            yield from differences(then.get(key), now.get(key), f"{place}.{key}" if place else key)
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for at, (before, after) in enumerate(zip(then, now, strict=True)):
            yield from differences(before, after, f"{place}[{at}]")
    elif (type(then), then) != (type(now), now):
        yield place, then, now
