"""Where each id stands: requirements, scenarios, readings, open points and mutants have one stable address each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from conformance.site.sources import Sources


@dataclass(frozen=True, slots=True)
class Entry:
    """Something with an address: what it is, its id, its words, where it stands."""

    kind: str
    id: str
    words: str
    href: str


def entries(sources: Sources) -> Iterator[Entry]:
    """Everything that can be linked to and searched for."""
    catalogue = sources.catalogue
    for rule in catalogue.requirements.values():
        yield Entry("rule", rule.id, rule.claim, f"{rule.family}.html#{rule.id}")
    for row in sources.rows.values():
        yield Entry("scenario", row.id, row.title, f"{sources.family_of(row)}.html#{row.id}")
    for dimension in catalogue.dimensions.values():
        yield Entry("reading", dimension.id, dimension.question, f"readings.html#{dimension.id}")
    for point in catalogue.open_points.values():
        yield Entry("open point", point.id, point.about, f"readings.html#{point.id}")
    for kill in sources.kills:
        yield Entry("mutant", kill.mutant, kill.note, f"mutants.html#{kill.mutant}")


class Prose:
    """Text for a page: escaped, `code` between backticks, known ids as links."""

    def __init__(self, addresses: Mapping[str, str], linked_code: frozenset[str]) -> None:
        self._addresses = addresses
        self._linked_code = linked_code
        self._ids = re.compile(r"`([^`]*)`|\b([A-Z]{3}-[0-9]+)\b")

    def __call__(self, text: str) -> Markup:
        """The text as HTML."""
        parts: list[str] = []
        end = 0
        for match in self._ids.finditer(text):
            parts += [escape(text[end : match.start()]), self._part(match)]
            end = match.end()
        return Markup("").join([*(Markup(each) for each in parts), escape(text[end:])])

    def _part(self, match: re.Match[str]) -> Markup:
        code, rule = match[1], match[2]
        if rule is not None:
            return self.link(rule) if rule in self._addresses else escape(rule)
        shown = Markup("<code>{}</code>").format(code)
        if code in self._linked_code:
            return Markup('<a href="{}">{}</a>').format(self._addresses[code], shown)
        return shown

    def link(self, identifier: str) -> Markup:
        """A link to the id, by its name."""
        return Markup('<a class="id" href="{}">{}</a>').format(self._addresses[identifier], identifier)

    def link_where_known(self, identifier: str) -> Markup:
        """A link to the id, or the id alone: a recorded kill may name a row that has gone since."""
        return self.link(identifier) if identifier in self._addresses else escape(identifier)


def prose(sources: Sources) -> Prose:
    """The filter for this catalogue: requirements are linked wherever they are named, readings where they are code."""
    found: dict[str, str] = {}
    for each in entries(sources):
        found.setdefault(each.id, each.href)
    return Prose(found, frozenset(sources.catalogue.dimensions))
