"""What of a body came back as the new collection's: an id out of reach or a time to the second, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.judge.asked import OUT_OF_REACH, as_asked
from conformance.judge.seen import Seen
from conformance.model import Exchange

TIME = "2001-02-03T04:05:06Z"


def found(body: bytes | Mapping[str, Any], answer: Any) -> list[str]:
    """What a 201 to this body shows."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    exchange = Exchange(0, "create", "alice", "0", "POST", "/data-collections", {}, sent, 201, {}, b"")
    findings = list(as_asked(Seen(7, exchange, answer)))
    assert all(each.requirement == "OWN-3" and each.severity == "failed" and each.exchange == 7 for each in findings)
    return [each.message for each in findings]


def test_an_id_that_no_counter_has_reached_is_the_bodys() -> None:
    assert found({"id": OUT_OF_REACH}, {"id": OUT_OF_REACH}) == ["the id of the collection"]


@pytest.mark.parametrize(
    ("asked", "got"), [(OUT_OF_REACH - 1,) * 2, (OUT_OF_REACH, 7), (True, True), (f"{OUT_OF_REACH}", OUT_OF_REACH)]
)
def test_an_id_that_a_counter_may_have_given_is_not(asked: object, got: object) -> None:
    assert found({"id": asked}, {"id": got}) == []


@pytest.mark.parametrize("field", ["created_at", "updated_at"])
@pytest.mark.parametrize("got", [TIME, "2001-02-03T04:05:06.000+00:00", "2001-02-03T05:05:06+01:00", "20010203T040506"])
def test_a_time_that_comes_back_in_whatever_form_is_the_bodys(field: str, got: str) -> None:
    assert found({field: TIME}, {field: got}) == [f"{field} of the collection"]


@pytest.mark.parametrize("got", ["2001-02-03T04:05:07Z", "2001-02-03T04:05:06-01:00", "today", None, 981173106])
def test_another_time_is_not(got: object) -> None:
    assert found({"created_at": TIME}, {"created_at": got}) == []


def test_times_are_held_to_their_own_field() -> None:
    assert found({"created_at": TIME}, {"created_at": "2026-04-01T09:20:00Z", "updated_at": TIME}) == []


def test_what_is_asked_for_as_no_time_is_not_looked_for() -> None:
    assert found({"created_at": "today", "updated_at": None}, {"created_at": "today", "updated_at": None}) == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_asks_for_nothing(body: bytes) -> None:
    assert found(body, {"id": OUT_OF_REACH, "created_at": TIME}) == []


def test_an_answer_that_is_no_object_gives_nothing() -> None:
    assert found({"id": OUT_OF_REACH, "created_at": TIME}, [OUT_OF_REACH, TIME]) == []
