"""How worlds are arranged, and what becomes of a provider-state URL that refuses or lies."""

from __future__ import annotations

import itertools
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.connection import Answer
from conformance.model import Case, Dataset, Source, User, World
from conformance.redact import Redactor
from conformance.render import near_miss
from conformance.targets import Arranged, ProviderStates, Unarranged
from conformance.transport import Transport

KINDS = ("organizations", "users", "collections", "datasets", "runs")


def case(name: str, proprietary: bool = False) -> Case:
    world = World(("acme",), {"alice": User("acme")}, {}, {"mine": Dataset("alice", proprietary=proprietary)}, {})
    return Case(name, name, "f", "t", (), world, (), Source("f", 1))


class Scripted(Transport):
    """Answers set-ups by a function of their params."""

    def __init__(self, script: Callable[[dict[str, Any]], tuple[int, Any]]) -> None:
        super().__init__()
        self.script = script
        self.sent: list[dict[str, Any]] = []

    def send(self, method: str, url: str, headers: Any, body: bytes | None = None) -> Answer:
        params = json.loads(body or b"{}")["params"]
        self.sent.append(params)
        status, document = self.script(params)
        return Answer(status, {}, json.dumps(document).encode(), False, 0.0)


numbers = itertools.count(1)


def honest(params: dict[str, Any]) -> dict[str, Any]:
    answer = {kind: {symbol: {"id": next(numbers)} for symbol in params[kind]} for kind in KINDS}
    for symbol, row in answer["users"].items():
        row.update(email=f"{symbol}@example.test", api_key=f"key-{row['id']}")
    return answer


def arrange(script: Callable[[dict[str, Any]], tuple[int, Any]], *cases: Case) -> tuple[dict[str, Any], Scripted]:
    transport = Scripted(script)
    states = ProviderStates(transport, "http://127.0.0.1/s", {}, Redactor())
    return states.arrange([(each, "tok") for each in cases]), transport


def test_many_worlds_are_one_set_up_and_share_no_row() -> None:
    results, transport = arrange(lambda params: (200, honest(params)), case("a"), case("b"))
    assert len(transport.sent) == 1
    assert all(isinstance(each, Arranged) for each in results.values())
    assert results["a"].binding.datasets != results["b"].binding.datasets


def test_what_is_unsupported_is_taken_out_and_the_rest_sent_again() -> None:
    def script(params: dict[str, Any]) -> tuple[int, Any]:
        paths = [f"datasets.{s}.proprietary" for s, row in params["datasets"].items() if row.get("proprietary")]
        return (422, {"unsupported": paths}) if paths else (200, honest(params))

    results, transport = arrange(script, case("a"), case("b", proprietary=True), case("c"))
    assert isinstance(results["a"], Arranged) and isinstance(results["c"], Arranged)
    assert results["b"] == Unarranged(unsupported=("datasets.mine.proprietary",))
    assert len(transport.sent) == 2


def test_a_batch_that_is_too_large_is_halved() -> None:
    results, _ = arrange(
        lambda params: (200, honest(params)) if len(params["users"]) == 1 else (500, {}),
        case("a"),
        case("b"),
        case("c"),
    )
    assert all(isinstance(each, Arranged) for each in results.values())


@pytest.mark.parametrize("lie", ["no ids", "text ids", "equal ids", "equal keys", "no key", "list", "null"])
def test_an_answer_that_cannot_be_is_trouble_and_never_a_crash(lie: str) -> None:
    def script(params: dict[str, Any]) -> tuple[int, Any]:
        answer = honest(params)
        if lie == "no ids":
            answer["datasets"] = {symbol: {} for symbol in answer["datasets"]}
        elif lie == "text ids":
            answer["datasets"] = {symbol: {"id": "7"} for symbol in answer["datasets"]}
        elif lie == "equal ids":
            answer["datasets"] = {symbol: {"id": 7} for symbol in answer["datasets"]}
        elif lie == "equal keys":
            for row in answer["users"].values():
                row["api_key"] = "the-same"
        elif lie == "no key":
            for row in answer["users"].values():
                del row["api_key"]
        return 200, [] if lie == "list" else None if lie == "null" else answer

    results, _ = arrange(script, case("a"), case("b"))
    refused = [each for each in results.values() if isinstance(each, Unarranged)]
    assert len(refused) == (1 if "equal" in lie else 2)  # one of two worlds may have what the other has not
    assert all("cannot be" in each.trouble for each in refused)


@pytest.mark.parametrize("field", ["id", "email"])
def test_a_key_that_stands_in_answers_is_refused_before_it_is_hidden_there(field: str) -> None:
    def script(params: dict[str, Any]) -> tuple[int, Any]:
        answer = honest(params)
        for row in answer["users"].values():
            row["id"] += 10_000
            row["api_key"] = str(row[field])
        return 200, answer

    results, _ = arrange(script, case("a"))
    (refused,) = results.values()
    assert isinstance(refused, Unarranged) and "stands in answers as a number or an e-mail" in refused.trouble


def test_a_key_that_is_the_same_in_either_case_is_missed_otherwise() -> None:
    assert near_miss("0190f1a2-b3c4-7d5e", "case-changed") == "0190f1a2-b3c4-7d5ex"
    assert near_miss("sk_1aF", "case-changed") == "SK_1Af"


@given(st.binary(min_size=16, max_size=70))
def test_no_near_miss_of_a_base64_key_is_decoded_to_the_same_bytes(secret: bytes) -> None:
    def decoded(key: str) -> bytes:
        stem = "".join(char for char in key if char.isalnum() or char in "-_")
        return urlsafe_b64decode(stem[: len(stem) - (len(stem) % 4 == 1)] + "=" * (-len(stem) % 4))

    padded = urlsafe_b64encode(secret).decode()
    for key in (padded, padded.rstrip("=")):
        for kind in ("first-changed", "middle-changed", "last-changed", "chopped", "extended"):
            assert decoded(near_miss(key, kind)) != secret, kind
