"""The catalogue: requirements and readings, read from ``spec/``; every mistake is reported as file:line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

from conformance.errors import UsageError
from conformance.paths import SCENARIOS, SPEC
from conformance.yaml_source import load

Level = Literal["MUST", "SHOULD"]
ConformanceClass = Literal["responses", "full"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One rule of the page: its level, whether it is quotable or follows, its place and words, our claim."""

    id: str
    family: str
    level: Level
    basis: Literal["page", "derived"]
    place: str
    claim: str
    since: str
    cls: ConformanceClass
    """The class that needs it: ``responses`` is decided by answers alone, ``full`` needs the reads."""
    quote: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A question that the page does not decide, and its possible answers with their meaning."""

    id: str
    question: str
    words: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OpenPoint:
    """A point that the page leaves to the implementation, and what is permitted."""

    id: str
    about: str
    permitted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All requirements, readings and open points, with the catalogue's version and the page's digest."""

    version: str
    page_title: str
    page_digest: str
    requirements: Mapping[str, Requirement]
    dimensions: Mapping[str, Dimension]
    open_points: Mapping[str, OpenPoint]
    later: frozenset[str] = frozenset()
    """Requirements that came after the version that a run is held to."""

    def held_to(self, version: str) -> Catalogue:
        """The catalogue for a run held to ``version`` (empty: its own); UsageError where there never was such a one."""
        versions = sorted({self.version, *(each.since for each in self.requirements.values())}, key=_number)
        if version and version not in versions:
            raise UsageError(f"there never was a catalogue {version!r}: the versions are {', '.join(versions)}")
        newest = _number(version or self.version)
        later = frozenset(each.id for each in self.requirements.values() if _number(each.since) > newest)
        return replace(self, later=later)

    def advises(self, requirement: str) -> bool:
        """Whether a breach of the requirement is an advisory."""
        return requirement in self.later or self.requirements[requirement].level == "SHOULD"

    def decides(self, verifies: Iterable[str]) -> bool:
        """Whether a case that verifies these has a say in the verdict; one that is about later rules alone has none."""
        return not self.later.issuperset(verifies)


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


@cache
def load_catalogue(folder: Path = SPEC) -> Catalogue:
    """The catalogue in ``folder``; SourceError names the first mistake."""
    document, _ = load(folder / "requirements.yaml", "requirements")
    readings, _ = load(folder / "readings.yaml", "readings")
    requirements = {}
    for each in document["requirements"]:
        fields = {**each, "cls": each["class"]}
        del fields["class"]
        requirements[each["id"]] = Requirement(**fields)
    return Catalogue(
        version=document["catalogue"],
        page_title=document["page"]["title"],
        page_digest=document["page"]["sha256"],
        requirements=requirements,
        dimensions={
            each["id"]: Dimension(
                each["id"], each["question"], each["words"], {v["value"]: v["meaning"] for v in each["values"]}
            )
            for each in readings["readings"]
        },
        open_points={
            each["id"]: OpenPoint(each["id"], each["about"], tuple(each["permitted"])) for each in readings["open"]
        },
    )


@cache
def digests() -> Mapping[str, str]:
    """SHA-256 of the page, of the specification's files and of the tables, by what they are."""

    def together(paths: list[Path]) -> str:
        total = sha256()
        for path in sorted(paths):
            total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return total.hexdigest()

    return {
        "page": load_catalogue().page_digest,
        "spec": sha256((SPEC / "openapi.yaml").read_bytes()).hexdigest(),
        "catalogue": together([SPEC / "requirements.yaml", SPEC / "readings.yaml"]),
        "tables": together(list(SCENARIOS.glob("*.yaml"))),
    }
