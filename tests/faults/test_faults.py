"""Every cell of ``faults.yaml``: what comes of a correct target that is seen through a fault."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.plan import Plan
from tests.faults.conftest import Outcome, run
from tests.faults.faults import FAULTS

TABLE = yaml.safe_load((Path(__file__).parent / "faults.yaml").read_text())
CELLS = [
    pytest.param(fault, percent, group, id=f"{fault}-{percent}")
    for group in TABLE["groups"]
    for fault in group["faults"]
    for percent in (1, 20, 100)
]
LONGEST = 45.0
"""Seconds: three attempts of a second for each case, many times over on a busy machine."""


def test_the_table_has_every_fault_once_and_allows_nothing_that_it_forbids() -> None:
    named = [fault for group in TABLE["groups"] for fault in group["faults"]]
    assert sorted(named) == sorted(FAULTS)
    for group in TABLE["groups"]:
        assert group["because"] and group["never"]
        assert set(group["may"]) == {1, 20, 100}
        for allowed in group["may"].values():
            assert set(allowed) <= set(TABLE["verdicts"]) - set(group["never"]), group["faults"]


@pytest.mark.parametrize("fault, percent, group", CELLS)
def test_a_fault_has_the_outcome_of_its_cell(
    fault: str,
    percent: int,
    group: Mapping[str, Any],
    reference: str,
    small_plan: Plan,
    certificates: Mapping[str, ssl.SSLContext],
    tmp_path: Path,
) -> None:
    before = threading.active_count()
    tls = certificates if FAULTS[fault].kind == "tls" else None
    with nobody_comes() as port:
        outcome = run(reference, small_plan, fault, percent, tmp_path, tls=tls, elsewhere=port)
    assert outcome.spoiled, "the fault was not met"
    assert outcome.verdict in group["may"][percent], outcome
    assert outcome.exit == TABLE["verdicts"][outcome.verdict]
    assert outcome.seconds < LONGEST
    assert_clear(outcome)
    assert threading.active_count() <= before


def assert_clear(outcome: Outcome) -> None:
    """One line each, that names what was asked for; no key, no name of a class of ours."""
    for sentence in outcome.sentences:
        assert len(sentence.splitlines()) == 1
        assert "sk_" not in sentence and "Traceback" not in sentence and "object at 0x" not in sentence
    if outcome.verdict == "unreachable":
        assert "://127.0.0.1:" in outcome.sentences[0]
    elif outcome.verdict == "incomplete":
        assert "the first (" in outcome.sentences[0]


@contextmanager
def nobody_comes() -> Iterator[int]:
    """A port of another host's that no redirect may lead to."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()
