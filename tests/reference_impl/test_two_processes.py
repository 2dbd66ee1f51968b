"""Several processes on one database file are one implementation: constraints and locks, not luck."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.conformance.conftest import serving

ROUNDS = 12
AT_ONCE = 6


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    database = tmp_path_factory.mktemp("shared") / "reference.sqlite"
    with serving(*served(database)) as first, serving(*served(database)) as second:
        yield first, second


def served(database: Path) -> tuple[str, ...]:
    return "reference_impl", "--database", str(database)


def arrange(url: str, datasets: int) -> dict[str, Any]:
    params = {
        "organizations": {"acme": {}},
        "users": {"alice": {"organization": "acme"}, "bob": {"organization": "acme"}},
        "datasets": {
            f"d{n}": {"name": f"d{n}", "owner": "alice", "organization": "acme", "collection": None}
            for n in range(datasets)
        },
    }
    states = url.removesuffix("/api/v1") + "/_conformance/provider-states"
    message = {"consumer": "test", "action": "setup", "state": "world", "params": params}
    answer = httpx.post(states, json=message, timeout=30)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def at_once(servers: tuple[str, str], keys: list[str], bodies: list[dict[str, Any]]) -> list[httpx.Response]:
    """One request a thread, half of them to each process, released together."""
    barrier = Barrier(len(bodies))

    def send(number: int) -> httpx.Response:
        with httpx.Client(timeout=30) as client:
            barrier.wait()
            return client.post(
                f"{servers[number % 2]}/data-collections",
                json=bodies[number],
                headers={"authorization": f"Bearer {keys[number % len(keys)]}"},
            )

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, range(len(bodies))))


def test_one_dataset_is_given_to_one_of_many_requests(servers: tuple[str, str]) -> None:
    for _ in range(ROUNDS):
        world = arrange(servers[0], 1)
        keys = [world["users"][who]["api_key"] for who in ("alice", "bob")]
        bodies = [{"name": f"n{n}", "dataset_ids": [world["datasets"]["d0"]["id"]]} for n in range(AT_ONCE)]
        answers = at_once(servers, keys, bodies)
        assert Counter(each.status_code for each in answers) == {201: 1, 400: AT_ONCE - 1}
        (made,) = (each.json()["id"] for each in answers if each.status_code == 201)
        read = httpx.get(
            f"{servers[1]}/datasets/{world['datasets']['d0']['id']}", headers={"authorization": f"Bearer {keys[0]}"}
        )
        assert read.json()["data_collection_id"] == made


def test_one_name_is_given_to_one_of_many_requests(servers: tuple[str, str]) -> None:
    for _ in range(ROUNDS):
        world = arrange(servers[0], 0)
        answers = at_once(servers, [world["users"]["alice"]["api_key"]], [{"name": "Quarterly"}] * AT_ONCE)
        assert Counter(each.status_code for each in answers) == {201: 1, 400: AT_ONCE - 1}
