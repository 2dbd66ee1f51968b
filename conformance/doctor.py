"""``conformance doctor``: what a target lets us test, found out by reads alone, before anything is written there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from conformance.certification import Settings, redactor_of, transport_of
from conformance.connection import NetworkTrouble
from conformance.errors import SetupRefused, UsageError, writing
from conformance.model import Case
from conformance.plan import make_plan
from conformance.redact import Redactor
from conformance.render import FIRST_UNKNOWN
from conformance.report.text import counted, safe
from conformance.spec import load_catalogue
from conformance.targets.accounts import Accounts, Persona
from conformance.targets.arranging import Unarranged
from conformance.targets.client import Client, Refused
from conformance.targets.discovery import discover
from conformance.targets.feasible import feasible
from conformance.transport import Transport
from conformance.yaml_source import load

READS = (
    "/data-collections?page=1&page_size=1",
    f"/data-collections/{FIRST_UNKNOWN}",
    "/datasets/all-partial",
    f"/datasets/{FIRST_UNKNOWN}",
    f"/runs/{FIRST_UNKNOWN}",
)
MOST_REASONS = 4
NOT_IMPLEMENTED = 501
"""How Python's ``http.server`` refuses a method."""
LATER = "what it can arrange, the first set-up tells"


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found, in lines; ``well`` when the target answers and every key works."""

    lines: tuple[str, ...]
    well: bool
    personas: tuple[Persona, ...] = ()
    provider_states: bool = False
    """Whether something answers at the provider-state URL."""


def examine(settings: Settings) -> Examination:
    """Ask the target what it is, by GET alone."""
    redactor = redactor_of(settings)
    transport = transport_of(settings)
    try:
        problem, lines = _reach(settings, transport, redactor)
        if problem:
            return Examination((*lines, problem), well=False)
        if settings.accounts is None:
            served, words = _states(settings, transport)
            return Examination((*lines, *words, *_reads(settings, transport, redactor, None)), served, (), served)
        return _with_accounts(settings, settings.accounts, transport, redactor, lines)
    finally:
        transport.close()


def _reach(settings: Settings, transport: Transport, redactor: Redactor) -> tuple[str, list[str]]:
    lines = [f"target      {settings.base_url}"]
    if not settings.tls.verify:
        lines.append("            TLS certificates are not verified (tls.verify: false)")
    try:
        answer = transport.send("GET", f"{settings.base_url}/data-collections", {})
    except NetworkTrouble as trouble:
        return f"reach       does not answer: {safe(redactor.clean_text(str(trouble), {}))}", lines
    place = redactor.clean_text(answer.headers.get("location", "")[:200], {})
    moved = f", redirected to {safe(place)} (not followed)" if 300 <= answer.status < 400 else ""
    lines.append(f"reach       answers {answer.status} without a key, in {1000 * answer.elapsed:.0f} ms{moved}")
    return "", lines


def _states(settings: Settings, transport: Transport) -> tuple[bool, list[str]]:
    """Whether the provider-state URL is there: POST is its only method, so another is refused, and not as unknown."""
    url = settings.provider_states
    try:
        answer = transport.send("GET", url, settings.state_headers)
    except NetworkTrouble as trouble:
        return False, [f"worlds      {url} does not answer: {safe(str(trouble))}"]
    if answer.status == 404 and "POST" in (allowed := _allowed(settings, transport)):
        return True, [f"worlds      {url} is there (OPTIONS: {safe(', '.join(allowed)[:60])}); {LATER}"]
    refused = answer.status in (401, 403, 404) or 300 <= answer.status < 400
    if refused or (answer.status >= 500 and answer.status != NOT_IMPLEMENTED):
        return False, [
            f"worlds      {url} answers GET with {answer.status}: no provider states seem to be served there"
        ]
    return True, [f"worlds      {url} is there (GET: {answer.status}); {LATER}"]


def _allowed(settings: Settings, transport: Transport) -> list[str]:
    """Routers that refuse a method with 404 say at OPTIONS which they have (RFC 9110 §9.3.7)."""
    try:
        answer = transport.send("OPTIONS", settings.provider_states, settings.state_headers)
    except NetworkTrouble:
        return []
    return re.split(r"[\s,]+", answer.headers.get("allow", "").upper())


def _reads(settings: Settings, transport: Transport, redactor: Redactor, persona: Persona | None) -> Iterator[str]:
    """Each read operation, and what it answers; a row that is not there is 404 where the operation is served."""
    headers = {} if persona is None else {"authorization": f"Bearer {persona.key}"}
    for path in READS:
        try:
            answer = transport.send("GET", settings.base_url + path, headers)
            words = str(answer.status)
            if persona and path.endswith(str(FIRST_UNKNOWN)) and answer.status == 404:
                words = "404, as for any row that is not there"
        except NetworkTrouble as trouble:
            words = safe(redactor.clean_text(str(trouble), {}))
        yield f"operation   GET {path}: {words}"


# ---------------------------------------------------------------- accounts


def _with_accounts(
    settings: Settings, accounts: Accounts, transport: Transport, redactor: Redactor, lines: list[str]
) -> Examination:
    client = Client(transport, settings.base_url, redactor)
    personas, well = [], True
    for persona in accounts.personas:
        found, words, works = _persona(client, persona)
        well &= works
        lines.append(f"persona     {words}")
        if works:
            personas.append(found)
    first = next((each for each in personas if not each.revoked), None)
    lines += _reads(settings, transport, redactor, first)
    lines.append("            writing operations are not tried: `conformance certify --dry-run` prints them")
    lines += _prospects(replace(accounts, personas=tuple(personas)), make_plan(settings.depth, settings.seed).cases)
    return Examination(tuple(lines), well, tuple(personas))


def _persona(client: Client, persona: Persona) -> tuple[Persona, str, bool]:
    """The persona with what was found out, a line, and whether it can be used."""
    label = f"{persona.name:10} key {persona.shown}"
    try:
        seen = discover(client, persona)
    except (NetworkTrouble, Refused, SetupRefused) as problem:
        return persona, f"{label}: {safe(str(problem))}", False
    if persona.revoked:
        words = "is refused, as declared" if seen.problem else "WORKS, and is declared as revoked"
        return persona, f"{label} {words}", bool(seen.problem)
    if seen.problem:
        return persona, f"{label} does not work: {safe(seen.problem)}", False
    found = seen.persona
    place = "no organization" if found.organization is None else f"organization {found.organization}"
    if not found.known:
        declare = "an organization that no row tells: declare it (`organization: 3`)"
        return found, f"{label} works, {declare}", False
    who = f"user {found.id}" if found.id is not None else "user not told by any row yet"
    return found, f"{label} works, {place}, {who}{'' if found.email is None else ', ' + safe(found.email)}", True


def _prospects(accounts: Accounts, cases: Sequence[Case]) -> Iterator[str]:
    """What can and cannot be tested, a requirement a line; each known row serves one case."""
    reasons: dict[str, str] = {}
    for case in cases:
        cast = feasible(case, accounts)
        if isinstance(cast, Unarranged):
            reasons[case.id] = cast.untested or "no documented operation arranges " + ", ".join(
                sorted({_kind(each) for each in cast.unsupported})
            )
        elif cast.known:
            used = list(cast.known.values())
            accounts = replace(accounts, datasets=tuple(each for each in accounts.datasets if each not in used))
    yield f"cases       {len(cases) - len(reasons)} of {len(cases)} can be carried out"
    for rule in load_catalogue().requirements.values():
        citing = [case for case in cases if rule.id in case.verifies]
        missing = Counter(reasons[case.id] for case in citing if case.id in reasons)
        mark = "✓" if not missing else "~" if missing.total() < len(citing) else "✗"
        yield f"{mark} {rule.id:6} {len(citing) - missing.total()} of {len(citing)} cases"
        for reason, number in missing.most_common(MOST_REASONS):
            yield f"           {number} not: {reason}"
        if len(missing) > MOST_REASONS:
            yield f"           and {counted(len(missing) - MOST_REASONS, 'more reason')}"


def _kind(path: str) -> str:
    """``datasets.mine-3.organization`` is one of many like it."""
    kind, _, rest = path.partition(".")
    return f"{kind}.….{rest.rpartition('.')[2]}"


# ---------------------------------------------------------------- the file


def write_target(settings: Settings, examination: Examination, path: Path) -> None:
    """A target file with what was found out: the given one filled in, or one to begin with."""
    document: dict[str, Any]
    if settings.target is not None:
        if settings.target.path.resolve().parent != path.resolve().parent:
            raise UsageError(f"{path} goes beside {settings.target.path}: paths in it are relative to its folder")
        document, _ = load(settings.target.path, "target")
    elif examination.provider_states:
        document = {"base_url": settings.base_url, "provider_states": settings.provider_states}
    else:
        keys = {name: {"key": f"env:{name.upper()}_KEY"} for name in ("ann", "ben", "cat", "dan")}
        document = {"base_url": settings.base_url, "documented_api": {"runs": False}, "personas": keys}
    for persona in examination.personas:
        if not persona.revoked:
            told = {"organization": persona.organization, "id": persona.id, "email": persona.email}
            entry = document["personas"][persona.name]
            entry |= {name: each for name, each in told.items() if each is not None or name == "organization"}
    with writing(path):
        path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
