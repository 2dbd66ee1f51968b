"""A plan of few cases that cites every rule, and a run of it through a proxy."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import certifi
import pytest
import trustme

from conformance import room, transport
from conformance.bundled import bundled_reference
from conformance.certification import Settings, certify, judge_transcript
from conformance.cli.common import STATUS as EXITS
from conformance.errors import ConformanceError, TargetUnreachable
from conformance.judge import Judgement
from conformance.model import Case
from conformance.plan import Plan, make_plan
from conformance.spec import load_catalogue
from conformance.transcript import read
from tests.faults.faults import FAULTS
from tests.faults.proxy import Proxy, Share, address_of

TIMEOUT = 1.0
"""Seconds that an answer may take: a busy machine that is slower loses an answer, which changes no cell."""
IMPATIENT = 0.25
"""The same where a fifth of them never comes."""


@pytest.fixture(scope="session")
def reference() -> Iterator[str]:
    with bundled_reference() as url:
        yield url


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outages end sooner here than elsewhere, and what is kept of large answers is full sooner."""
    monkeypatch.setattr(transport, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(room, "ROOM", 128 * 1024 * 1024)


@pytest.fixture(scope="session")
def small_plan() -> Plan:
    return cover()


def cover() -> Plan:
    """The fewest, smallest rows that cite every MUST, so that a run of them can be *conformant*."""
    plan = make_plan("quick", 0)
    left = {each.id for each in load_catalogue().requirements.values() if each.level == "MUST"}
    chosen: list[Case] = []
    while left:
        best = max(plan.cases, key=lambda case: (len(left & set(case.verifies)) / (3 + weight(case)), case.id))
        left -= set(best.verifies)
        chosen.append(best)
    return Plan(plan.depth, plan.seed, tuple(chosen), plan.bodies)


def weight(case: Case) -> int:
    """About how many requests a case takes."""
    return sum(len(step.requests) for step in case.steps) + len(case.world.datasets) + len(case.world.runs)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, ssl.SSLContext]]:
    """Server contexts; the suite trusts who signed the good one and the one for another name."""
    trusted, own = trustme.CA(), trustme.CA()
    contexts = {}
    for what, authority, name in (
        ("good", trusted, "127.0.0.1"),
        ("self-signed", own, "127.0.0.1"),
        ("wrong-name", trusted, "elsewhere.test"),
    ):
        contexts[what] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(contexts[what])
    bundle = tmp_path_factory.mktemp("ca") / "ca.pem"
    trusted.cert_pem.write_to_path(str(bundle))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certifi, "where", lambda: str(bundle))
        yield contexts


@dataclass(frozen=True)
class Outcome:
    """What came of one run: the verdict's word (or *unreachable*), its exit status and its sentences."""

    verdict: str
    exit: int
    sentences: tuple[str, ...]
    seconds: float
    spoiled: int
    judgement: Judgement | None = None
    lost: int = 0


def run(
    reference: str,
    plan: Plan,
    fault: str,
    percent: int,
    folder: Path,
    *,
    tls: Mapping[str, ssl.SSLContext] | None = None,
    latency: float = 0.0,
    first: int = 0,
    concurrency: int = 16,
    elsewhere: int = 1,
) -> Outcome:
    """Certify the reference behind a proxy with this fault; the transcript is checked on the way."""
    how = FAULTS[fault]
    share = Share(percent, in_a_row=how.in_a_row, first=first)
    with Proxy(address_of(reference), how, share, tls or {}, latency, elsewhere) as proxy:
        states = proxy.base_url.replace("/api/v1", "/_conformance/provider-states")
        timeout = IMPATIENT if how.waits and percent == 20 else TIMEOUT
        settings = Settings(
            proxy.base_url, states, plan.depth, concurrency=concurrency, timeout=timeout, report_dir=folder
        )
        started = time.monotonic()
        try:
            result = certify(settings, plan, plan.cases)
        except ConformanceError as error:
            verdict = "unreachable" if isinstance(error, TargetUnreachable) else type(error).__name__
            return Outcome(verdict, error.exit, (str(error),), time.monotonic() - started, proxy.spoiled)
        seconds = time.monotonic() - started
        spoiled = proxy.spoiled
        assert not proxy.cookies
    judgement = result.judgement
    whole(folder / "transcript.jsonl", plan, judgement)
    lost = sum(each.lost for each in result.transcript.records)
    return Outcome(judgement.claim, EXITS[judgement.claim], judgement.reasons, seconds, spoiled, judgement, lost)


def whole(path: Path, plan: Plan, judgement: Judgement) -> None:
    """The transcript is closed, has a record for each case (or says why not), holds no key, and is judged alike."""
    transcript = read(path)
    assert transcript.footer is not None
    assert transcript.footer.aborted or {each.case for each in transcript.records} == {each.id for each in plan.cases}
    assert judge_transcript(path, plan).judgement == judgement
    assert "sk_" not in path.read_text().replace("sk_00000000000000000000000000000000", "")
