"""The target file: YAML checked by ``spec/schemas/target.schema.json``; keys come from the environment or a file."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.allowance import Limits
from conformance.errors import SourceError, UsageError
from conformance.paths import shown
from conformance.targets.accounts import Accounts, KnownDataset, Persona
from conformance.transport import Tls, origin_of
from conformance.yaml_source import Lines, load

METRICS: Mapping[str, Any] = {"1": {"threshold": 70, "metric_args": None}}
CSV = "input,output\nIs this a test?,Yes.\n"


@dataclass(frozen=True, slots=True)
class Upload:
    """What a dataset is made of: ``selected_metrics`` and the text of its file."""

    selected_metrics: Mapping[str, Any] = field(default_factory=lambda: METRICS)
    csv: str = CSV


@dataclass(frozen=True, slots=True)
class Target:
    """A target file as values. ``accounts`` is None where worlds are arranged by provider states."""

    path: Path
    base_url: str
    provider_states: str | None = None
    accounts: Accounts | None = None
    upload: Upload = field(default_factory=Upload)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    state_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    concurrency: int | None = None
    limits: Limits = field(default_factory=Limits)
    tls: Tls = field(default_factory=Tls)
    proxy: str | None = field(default=None, repr=False)
    write_to: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What must never be shown, by what stands for it."""


def load_target(path: Path, environment: Mapping[str, str] = os.environ) -> Target:
    """The target in ``path``; SourceError names the line of the first mistake."""
    document, lines = load(path, "target")
    return _Reader(path, lines, environment).target(document)


class _Reader:
    def __init__(self, path: Path, lines: Lines, environment: Mapping[str, str]) -> None:
        self.path = path
        self.lines = lines
        self.environment = environment
        self.secrets: dict[str, str] = {}

    def target(self, raw: Mapping[str, Any]) -> Target:
        for name in ("base_url", "provider_states"):
            if name in raw:
                self.url(raw[name], name)
        limits = dict(raw.get("limits", {}))
        concurrency = limits.pop("concurrency", None)
        tls = dict(raw.get("tls", {}))
        for name in [each for each in tls if each != "verify"]:
            tls[name] = self.pem(self.path.parent / tls[name], name)
        made = raw.get("documented_api")
        upload = {name: each for name, each in (made or {}).items() if name != "runs"}
        headers, state_headers = self.headers(raw, "headers"), self.headers(raw, "provider_states_headers")
        return Target(
            path=self.path,
            base_url=raw["base_url"].rstrip("/"),
            provider_states=raw.get("provider_states"),
            accounts=None if made is None else self.accounts(raw, bool(made.get("runs"))),
            upload=Upload(**upload),
            headers=headers,
            state_headers=state_headers,
            concurrency=concurrency,
            limits=Limits(**limits),
            tls=Tls(**tls),
            proxy=self.value(raw["proxy"], ("proxy",)) if "proxy" in raw else None,
            write_to=raw.get("write_to"),
            secrets=self.secrets,
        )

    def accounts(self, raw: Mapping[str, Any], runs: bool) -> Accounts:
        known = raw.get("known", {})
        personas = [self.persona(name, each, ("personas", name)) for name, each in raw["personas"].items()]
        gone = known.get("revoked", {})
        personas += [self.persona(name, each, ("known", "revoked", name)) for name, each in gone.items()]
        names = [each.name for each in personas]
        datasets = []
        for number, each in enumerate(known.get("datasets", ())):
            at = ("known", "datasets", number)
            if each.get("owner") not in (None, *names):
                raise self.mistake((*at, "owner"), f"there is no persona {each['owner']!r}")
            if each.get("owner") is None and each.get("organization") is None:
                raise self.mistake(at, "a dataset without an owner has an organization")
            datasets.append(KnownDataset(**each))
        for twice in (name for name in names if names.count(name) > 1):
            raise self.mistake(("known", "revoked", twice), f"{twice} is a persona, too")
        for number, each in enumerate(personas):
            if each.key in [other.key for other in personas[:number]]:
                place, _, line = each.place.rpartition(":")
                raise SourceError(place, int(line), "two have one key")
        return Accounts(tuple(personas), tuple(datasets), runs)

    def persona(self, name: str, raw: Mapping[str, Any], at: tuple[str | int, ...]) -> Persona:
        return Persona(
            name=name,
            key=self.value(raw["key"], (*at, "key")),
            shown=_stand_in(raw["key"], name),
            place=f"{shown(self.path)}:{self.lines.at(at)}",
            organization=raw.get("organization"),
            known="organization" in raw,
            id=raw.get("id"),
            email=raw.get("email"),
            revoked=at[0] == "known",
        )

    def headers(self, raw: Mapping[str, Any], place: str) -> dict[str, str]:
        given = raw.get(place, {})
        return {name.lower(): self.value(each, (place, name)) for name, each in given.items()}

    def value(self, given: str, at: Sequence[str | int]) -> str:
        """The text behind ``env:NAME`` or ``file:PATH``, which is a secret; any other text is itself."""
        kind, _, rest = given.partition(":")
        if kind == "env":
            found = self.environment.get(rest, "")
            if not found:
                raise self.mistake(at, f"the environment has no {rest}")
        elif kind == "file":
            found = self.file(Path(self.path.parent, rest).expanduser(), at)
        else:
            return given
        if not found.isascii() or not found.isprintable():
            raise self.mistake(at, f"what {given} holds is not a line of printable ASCII")
        self.secrets[_stand_in(given, str(at[-2] if len(at) > 1 else at[-1]))] = found
        return found

    def file(self, path: Path, at: Sequence[str | int]) -> str:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                raise self.mistake(at, f"{path} can be read by others (mode {mode:04o}): chmod 600 it")
            return path.read_text(encoding="utf-8", errors="replace").strip()
        except OSError as error:
            raise self.mistake(at, f"{path} cannot be read: {error.strerror}") from None

    def url(self, given: str, name: str) -> None:
        try:
            origin_of(given)
        except UsageError as error:
            raise self.mistake((name,), str(error)) from None

    def pem(self, path: Path, name: str) -> str:
        if not path.is_file():
            raise self.mistake(("tls", name), f"there is no file {path}")
        return str(path)

    def mistake(self, at: Sequence[str | int], message: str) -> SourceError:
        return SourceError(shown(self.path), self.lines.at(at), message)


def _stand_in(given: str, name: str) -> str:
    """What is printed instead: ``$VARIABLE``, which a shell fills in, or ``$key-of-NAME``."""
    kind, _, rest = given.partition(":")
    return f"${rest}" if kind == "env" else f"$key-of-{name}"
