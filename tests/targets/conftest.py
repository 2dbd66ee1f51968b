"""A deployment with accounts that other rows live in, and its target file."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.bundled import bundled_reference
from tests.conformance.conftest import conformance as conformance  # the command line as a fixture

PEOPLE = {"ann": "acme", "ben": "acme", "bea": "acme", "cat": None, "cyd": None, "dan": "globex", "dot": "globex"}
NOBODYS, CATALOG = 16, 16
"""Org-only and proprietary datasets: each serves one case."""


@dataclass
class Deployment:
    """A served API, and accounts on it that stand before any run; ``keys`` are what a target file refers to."""

    url: str
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    organizations: dict[str, int] = field(default_factory=dict)
    datasets: dict[str, int] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {f"{name.upper()}_KEY": user["api_key"] for name, user in self.users.items()}

    def call(self, method: str, path: str, who: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self.users[who]['api_key']}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def names(self) -> dict[str, list[str]]:
        """What every account holds, by who may read it: collections and datasets."""
        found = {}
        for who in PEOPLE:
            items = self.call("GET", "/data-collections?page_size=10000", who)["items"]
            found[who] = sorted(row["name"] for row in [*items, *self.call("GET", "/datasets/all-partial", who)])
        return found

    def document(self, **more: Any) -> dict[str, Any]:
        """A target file's content: every persona with its organization."""
        personas = {
            name: {"key": f"env:{name.upper()}_KEY", "organization": None if home is None else self.organizations[home]}
            for name, home in PEOPLE.items()
        }
        return {"base_url": self.url, "documented_api": {"runs": True}, "personas": personas, **more}

    def file(self, folder: Path, **more: Any) -> str:
        path = folder / "target.yaml"
        path.write_text(yaml.safe_dump(self.document(**more), sort_keys=False))
        return str(path)


def deployed(url: str) -> Deployment:
    """Accounts with rows of their own, as on a deployment that is in use."""
    own: dict[str, Any] = {f"{name}-{n}": {"owner": name, "organization": None} for name in PEOPLE for n in range(3)}
    own |= {f"{name}-shared": {"owner": name, "organization": home} for name, home in PEOPLE.items() if home}
    own |= {f"nobodys-{n}": {"owner": None, "organization": "acme"} for n in range(NOBODYS)}
    own |= {f"catalog-{n}": {"owner": "ann", "organization": None, "proprietary": True} for n in range(CATALOG)}
    own["his"] = {"owner": "old", "organization": None}
    params: Mapping[str, Any] = {
        "organizations": {"acme": {}, "globex": {}, "lonely": {}},
        "users": {"eve": {"organization": "lonely"},
                  **{name: {"organization": home} for name, home in PEOPLE.items()},
                  "old": {"organization": None, "api_key": "revoked"}},
        "collections": {f"shelf-{name}": {"name": f"Shelf of {name}", "owner": name, "organization": PEOPLE[name]} for name in PEOPLE},
        "datasets": {**own, "kept": {"owner": "ann", "organization": None, "collection": "shelf-cat"}},
    }  # fmt: skip
    body = json.dumps({"consumer": "t", "action": "setup", "state": "world", "params": params}).encode()
    states = url.replace("/api/v1", "/_conformance/provider-states")
    with urllib.request.urlopen(urllib.request.Request(states, body), timeout=20) as answer:
        made = json.load(answer)
    ids = {kind: {symbol: row["id"] for symbol, row in made[kind].items()} for kind in ("organizations", "datasets")}
    return Deployment(url, made["users"], ids["organizations"], ids["datasets"])


def known(deployment: Deployment) -> dict[str, Any]:
    """What the deployment has that no documented operation makes."""
    acme, rows, old = deployment.organizations["acme"], deployment.datasets, deployment.users["old"]
    return {
        "revoked": {"old": {"key": "env:OLD_KEY", "organization": None, "id": old["id"], "email": old["email"]}},
        "datasets": [
            *({"id": rows[f"nobodys-{n}"], "organization": acme} for n in range(NOBODYS)),
            *({"id": rows[f"catalog-{n}"], "owner": "ann", "proprietary": True} for n in range(CATALOG)),
            {"id": rows["his"], "owner": "old"},
        ],
    }


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    with bundled_reference() as url:
        yield url


@pytest.fixture
def deployment(served: str) -> Deployment:
    """Fresh accounts on the reference."""
    return deployed(served)
