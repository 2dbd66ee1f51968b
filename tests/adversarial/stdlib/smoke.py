"""Starts every behaviour, arranges the contract's example world and creates one collection in it."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from typing import Any

from registry import Behaviour
from target import REGISTRY, Server, start

WORLD: dict[str, Any] = {
    "organizations": {"acme": {}, "globex": {}},
    "users": {
        "alice": {"organization": "acme"},
        "bob": {"organization": "acme"},
        "carol": {"organization": None},
        "mallory": {"organization": None, "api_key": "revoked"},
    },
    "collections": {"quarterly": {"name": "Quarterly", "owner": "bob", "organization": "acme"}},
    "datasets": {
        "private": {"owner": "alice", "organization": None},
        "shared": {"owner": "bob", "organization": "acme"},
        "org-only": {"owner": None, "organization": "acme"},
        "catalog": {"owner": "alice", "organization": None, "proprietary": True},
        "taken": {"owner": "bob", "organization": "acme", "collection": "quarterly"},
    },
    "runs": {"nightly": {"owner": "alice", "dataset": "private", "organization": None, "collection": None}},
}


class Client:
    """One keep-alive connection."""

    def __init__(self, server: Server) -> None:
        self.connection = http.client.HTTPConnection(*server.server_address[:2], timeout=20)

    def call(self, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self.connection.getresponse()
        raw = response.read()
        try:
            return response.status, json.loads(raw)
        except ValueError:
            return response.status, raw

    def arrange(self, world: dict[str, Any]) -> Any:
        request = {"consumer": "smoke", "action": "setup", "state": "world", "params": world}
        status, answer = self.call("POST", "/_conformance/provider-states", request)
        if status == 422:
            self.arranged = without(world, answer["unsupported"])
            return self.arrange(self.arranged)
        assert status == 200, (status, answer)
        return answer


def without(world: dict[str, Any], paths: list[str]) -> dict[str, Any]:
    """The world less the rows that the target cannot arrange."""
    drop = {tuple(path.split(".")[:2]) for path in paths}
    return {kind: {s: row for s, row in rows.items() if (kind, s) not in drop} for kind, rows in world.items()}


def try_one(behaviour: Behaviour) -> str:
    server = start(behaviour.name)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        client = Client(server)
        world = client.arrange(WORLD)
        ids = [world["datasets"]["private"]["id"]]
        key = world["users"]["alice"]["api_key"]
        status, body = client.call("POST", "/api/v1/data-collections", {"name": "My bundle", "dataset_ids": ids}, key)
        expected = {200, 201} if behaviour.kind == "faulty" else {201}
        return "ok" if status in expected else f"failed: {status} {body}"
    except Exception as error:  # the check goes on with the next behaviour
        return f"failed: {error!r}"
    finally:
        server.shutdown()
        server.server_close()


def main() -> int:
    started = time.monotonic()
    results = {name: try_one(behaviour) for name, behaviour in REGISTRY.items()}
    for name, result in results.items():
        print(f"{result if result == 'ok' else 'FAILED':6} {name} {'' if result == 'ok' else result}")
    failed = sum(result != "ok" for result in results.values())
    print(f"{len(results)} behaviours, {failed} failed, {time.monotonic() - started:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
