"""Does each fault show? `python alive.py [PREFIX]` compares faulty targets with the base, in process, without HTTP.

One battery for all; it proves that a fault is observable, not that it is a breach. Races are tried with threads.
It takes some seconds for each behaviour.
"""

from __future__ import annotations

import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from api import Api
from behaviours import REGISTRY

DIGITS = re.compile(r"\d")
A, B = "acme", "globex"


def row(owner: str | None, org: str | None = None, **more: Any) -> dict[str, Any]:
    return {"owner": owner, "organization": org, **more}


def world() -> dict[str, Any]:
    """alice and bob in acme, erin has left it for globex, carol and dave have no organization."""
    many = {f"p{i}": row("alice") for i in range(1, 61)} | {f"s{i}": row("bob", A) for i in range(1, 61)}
    runs = {f"many{i}": row("alice", dataset="own", collection=None) for i in range(12)}
    users: dict[str, Any] = {"alice": A, "bob": A, "erin": B, "carol": None, "dave": None, "zed": A, "frank": B}
    return {
        "organizations": {A: {}, B: {}},
        "users": {u: {"organization": org} for u, org in users.items()}
        | {"mallory": {"organization": A, "api_key": "revoked"}},
        "collections": {
            "mine": row("alice", name="Mine"),
            "mine-shared": row("alice", A, name="Mine shared"),
            "team": row("bob", A, name="Team"),
            "hidden": row("bob", name="Hidden"),
            "org": row(None, A, name="Org"),
            "former": row("erin", A, name="Former"),
            "globex": row("frank", B, name="Globex"),
            "dave": row("dave", name="Dave"),
            "twin1": row("alice", name="Twin"),
            "twin2": row("alice", name="Twin"),
            "zed1": row("zed", name="Z1"),
            "q": row("alice", name="aXb"),
        },
        "datasets": {
            "own": row("alice"),
            "gap": row("alice"),
            "own2": row("alice"),
            "own-shared": row("alice", A),
            "stale": row("alice", B),
            "colleague": row("bob", A),
            "colleague-private": row("bob"),
            "former": row("erin", A),
            "org-only": row(None, A),
            "globex": row("frank", B),
            "prop": row("alice", proprietary=True),
            "prop-shared": row("bob", A, proprietary=True),
            "taken": row("alice", collection="mine"),
            "taken-hidden": row("bob", A, collection="hidden"),
            "namesake": row("bob", name="own2"),
            "namesake-mine": row("alice", name="own"),
            "carol": row("carol"),
            "carol-stale": row("carol", A),
            "dave": row("dave"),
        }
        | many,
        "runs": {
            "mine-own": row("alice", dataset="own"),
            "mine-own2": row("alice", dataset="own2"),
            "bobs": row("bob", dataset="own"),
            "erins": row("erin", dataset="own"),
            "shared-own": row("alice", A, dataset="own2"),
            "private-shared": row("alice", dataset="own-shared"),
            "bobs-shared": row("bob", A, dataset="own-shared"),
            "on-colleague": row("alice", dataset="colleague"),
            "loose": row("alice"),
            "namesake": row("alice", dataset="namesake-mine"),
            "elsewhere": row("alice", dataset="own2", collection="mine-shared"),
            "mate": row("alice", dataset="gap", collection="mine-shared"),
        }
        | runs,
    }


P = [f"p{i}" for i in range(1, 61)]
S = [f"s{i}" for i in range(1, 61)]
SELECTIONS: list[list[list[str]]] = [
    [["own", "own-shared"], ["p1"], ["p2", "p3"], ["s1"], ["s2"], ["s3"]],
    [["own", "own2", "colleague"]],
    [["colleague", "own", "own2"]],
    [["own2"], ["own"], ["p1"], ["p2"]],
    [["own-shared"], ["colleague"]],
    [["org-only"]],
    [["org-only", "p1"]],
    [["former"]],
    [["p1", "p2", "p3", "s1"]],
    [[*P[:11], "s1"]],
    [[*P[:59], "s1"], ["p1"]],
    [[*P[:40], *S[:40]]],
    [P[:30]],
    [["own", "colleague", "colleague-private"]],
    [["prop-shared"], ["prop"]],
    [["taken-hidden"], ["taken"], ["taken"]],
    [["own", "taken"], ["own", "?"], ["own2", "colleague", "?"], ["?"]],
    [["globex"], ["stale"], ["stale", "own"], ["carol"], ["colleague-private"]],
    [["colleague", "own2", "own-shared"]],
]
NAMES = ["", "Mine", "Mine shared", "Team", "Hidden", "Org", "Former", "Globex", "Dave", "Twin", "a_b", "0", "a  b"]
NAMES += ["a & b", "字" * 100, "x" * 100, "é", "😀"]
BODIES: list[Any] = [{"name": None}, {"name": 42}, {}, [], [{"name": "n"}], {"name": "\ud800"}, {"name": "a\0b"}]
BODIES += [
    {"name": f"n{i}", "dataset_ids": v} for i, v in enumerate([None, {}, "", 0, False, 101, ["x"], [1.5], [None]])
]
BODIES += [{"name": "huge", "dataset_ids": [2**70]}]
RAW = [b"{", b"\xff", b"[" * 100_000, '{"name":"é raw"}'.encode(), b'{"name":"\\ud83d\\ude00"}']


class Battery:
    def __init__(self, behaviour: str) -> None:
        self.behaviour = behaviour
        self.log: list[str] = []

    def fresh(self) -> None:
        self.api = Api(REGISTRY[self.behaviour].target())
        request = {"action": "setup", "state": "world", "params": world()}
        self.made = json.loads(self.api.arrange(json.dumps(request).encode()).body)

    def call(self, who: str, method: str, path: str, raw: bytes = b"", header: str | None = "") -> str:
        key = self.made["users"][who]["api_key"]
        headers = {"Authorization": f"Bearer {key}" if header == "" else header, "Content-Type": "application/json"}
        answer = self.api.handle(method, "/api/v1" + path, headers, raw)
        times = re.sub(rb'_at": ("[^"]+"|[0-9.]+)', lambda m: DIGITS.sub("0", m[0].decode()).encode(), answer.body)
        return f"{answer.status} {times.decode(errors='replace')}"

    def post(self, who: str, body: Any, symbols: list[str] | None = None) -> None:
        if symbols is not None:
            known = self.made["datasets"]
            body = body | {"dataset_ids": [known[s]["id"] if s in known else 987654 for s in symbols]}
        self.log.append(self.call(who, "POST", "/data-collections", json.dumps(body).encode()))

    def look(self) -> None:
        for who in ("alice", "bob", "erin", "carol"):
            self.log.append(self.call(who, "GET", "/data-collections?page_size=100"))
            for kind, path in (("datasets", "datasets"), ("runs", "runs"), ("collections", "data-collections")):
                ids = [made["id"] for made in self.made[kind].values()]
                self.log += [self.call(who, "GET", f"/{path}/{i}") for i in [*ids, ids[-1] + 1]]

    def run(self) -> list[str]:
        for selections in SELECTIONS:
            self.fresh()
            self.look()
            for number, symbols in enumerate(selections):
                self.post("alice", {"name": f"new {number}"}, symbols)
            self.look()
        for symbols in (["colleague", "p1"], ["own-shared"], ["p1"]):
            self.names(symbols)
        self.bodies()
        self.failures()
        return self.log

    def names(self, symbols: list[str]) -> None:
        for name in NAMES:
            self.fresh()
            self.post("alice", {"name": name}, symbols)
            self.look()

    def bodies(self) -> None:
        self.fresh()
        for body in BODIES:
            self.post("alice", body)
        for raw in RAW:
            self.log.append(self.call("alice", "POST", "/data-collections", raw))
        organization, bob = self.made["organizations"][A]["id"], self.made["users"]["bob"]["id"]
        run = self.made["runs"]["loose"]["id"]
        extras = [{"org_id": organization}, {"user_id": bob}, {"id": 999, "author_email": "x@y"}, {"runs": [run]}]
        for number, extra in enumerate(extras):
            self.post("alice", {"name": f"extra {number}"} | extra)
        self.post("alice", {"name": "unshare", "org_id": None}, ["colleague"])
        self.post("alice", {"name": "author"}, ["s1", "own"])
        for who, ids in (("carol", ["carol-stale"]), ("carol", ["carol", "carol-stale"]), ("carol", ["dave"])):
            self.post(who, {"name": "Dave"}, ids)
        self.post("carol", {"name": "Dave"})
        self.keys()
        self.look()

    def keys(self) -> None:
        key = self.made["users"]["alice"]["api_key"]
        raw = b'{"name": "by key"}'
        headers = [None, "", f"Basic {key}", key, f"Bearer {key} x", f"Bearer {key.upper()}", f"Bearer {key[:-1]}!"]
        for header in headers:
            self.log.append(self.call("alice", "POST", "/data-collections", raw, header or None))
        for number in range(2):
            self.post("mallory", {"name": f"revoked {number}"}, ["s9"])

    def failures(self) -> None:
        """Each refusal, a look, and the same without its fault."""
        for name, bad in (("Mine", []), ("new", ["?"]), ("new", ["taken"]), ("new", ["colleague-private"])):
            self.fresh()
            self.post("alice", {"name": name}, ["own-shared", "own", "own2", *bad])
            self.look()
            self.post("alice", {"name": "new"}, ["own-shared", "own", "own2"])
            self.look()
        self.fresh()
        for number in range(3):
            self.post("zed", {"name": f"zed {number}"})
            self.post("bob", {"name": f"bob {number}"})
        self.post("alice", {"name": "at last"})


def races(behaviour: str) -> set[str]:
    """What races show, as statuses in order and as what is left."""
    seen: set[str] = set()
    for _ in range(6):
        for kind in range(5):
            battery = Battery(behaviour)
            battery.fresh()
            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda job, b=battery: shot(b, *job), jobs(kind)))
            statuses = " ".join(sorted(a[:3] for a in answers))
            owners = sum(
                f'"email": "{who}.' in a.split("name")[0] for a, (who, *_) in zip(answers, jobs(kind), strict=True)
            )
            items = json.loads(battery.call("alice", "GET", "/data-collections?page_size=100")[4:])["items"]
            private = sum(d["org_id"] is None for c in items if c["org_id"] for d in c["datasets"])
            seen.add(f"{kind}: {statuses}; owners {owners}; {len(items)} items; {private} private in shared")
    return seen


def jobs(kind: int) -> list[tuple[str, str, list[str]]]:
    if kind == 0:
        return [("alice" if i % 2 else "bob", f"r{i}", ["colleague"]) for i in range(8)]
    if kind == 1:
        return [("alice" if i % 2 else "bob", "one", [f"s{i + 1}"]) for i in range(8)]
    if kind == 2:
        return [("alice", f"d{i}", [f"p{i + 1}", f"s{i + 1}"]) for i in range(8)]
    if kind == 3:
        return [("alice", f"r{i}", ["p1", "p2"] if i % 2 else ["p2", "p1"]) for i in range(8)]
    return [("alice" if i % 2 else "bob", f"d{i}", [f"s{i + 1}", "s20"]) for i in range(8)]


def shot(battery: Battery, who: str, name: str, symbols: list[str]) -> str:
    ids = [battery.made["datasets"][s]["id"] for s in symbols]
    return battery.call(who, "POST", "/data-collections", json.dumps({"name": name, "dataset_ids": ids}).encode())


def main(prefix: str) -> int:
    base, raced, dead = Battery("base").run(), races("base"), []
    print(
        "500 in the base:", sum(line.startswith("5") for line in base), "races of the base:", *sorted(raced), sep="\n "
    )
    for behaviour in [b for b in REGISTRY.values() if b.name.startswith(prefix)]:
        if behaviour.kind == "faulty" and not behaviour.name.startswith("con-"):
            differs = sum(a != b for a, b in zip(base, Battery(behaviour.name).run(), strict=True))
        elif behaviour.kind == "faulty":
            differs = len(races(behaviour.name) - raced)
        else:
            continue
        print(f"{differs:6} {behaviour.name}", flush=True)
        dead += [] if differs else [behaviour.name]
    print("never seen:", *dead)
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
