"""Every page of the site, as bytes by file name; ``write`` is the one function that touches the disk."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import Environment

from conformance import __version__
from conformance.errors import Exit, UsageError, writing
from conformance.pages.environment import STYLES, environment
from conformance.site import diagram
from conformance.site.explorer import controls, explorer_data
from conformance.site.kindtable import kind_tables
from conformance.site.links import Prose, entries, prose
from conformance.site.matrix import caught, parts
from conformance.site.refusals import STATUSES, refusals
from conformance.site.rows import row_view
from conformance.site.sources import Sources

_HERE = Path(__file__).resolve().parent
STATIC = _HERE / "static"
_LIBRARY = ("flask_openapi_scalar", "templates/scalar/js/scalar.standalone.js")


@dataclass(frozen=True, slots=True)
class Link:
    """A page in the navigation."""

    href: str
    title: str


def site(sources: Sources) -> dict[str, bytes]:
    """All files of the site by name."""
    words = prose(sources)
    files = {name: page.encode() for name, page in _pages(sources, _environment(sources, words), words)}
    files |= {path.name: path.read_bytes() for path in (*STYLES, *sorted(STATIC.iterdir()))}
    files["search.js"] = _search(sources)
    files["scalar.js"] = _library().read_bytes()
    return files


def write(files: Mapping[str, bytes], out: Path) -> None:
    """The files in the folder ``out``, which is made; UsageError where that cannot be done."""
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(content)


def navigation(sources: Sources) -> tuple[tuple[str, tuple[Link, ...]], ...]:
    """The pages by group."""
    families = tuple(Link(f"{family}.html", family.capitalize()) for family in sources.families)
    return (
        ("Start", (Link("index.html", "At a glance"), Link("explorer.html", "Decision explorer"))),
        ("Rules", families),
        (
            "Reference",
            (
                Link("readings.html", "Readings and open points"),
                Link("errors.html", "Errors by status"),
                Link("api.html", "API reference"),
            ),
        ),
        (
            "Use",
            (
                Link("certify.html", "Certify a server"),
                Link("gate.html", "Gate a build"),
                Link("report.html", "Read a report"),
            ),
        ),
        (
            "Suite",
            (
                Link("mutants.html", "Mutants caught"),
                Link("changes.html", "Changes"),
                Link("contribute.html", "Add a rule"),
            ),
        ),
    )


def _environment(sources: Sources, words: Prose) -> Environment:
    found = environment(_HERE / "templates")
    found.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "ensure_ascii": False}
    found.filters["words"] = words
    found.filters["ref"] = words.link
    found.filters["known"] = words.link_where_known
    found.globals |= {
        "navigation": navigation(sources),
        "catalogue": sources.catalogue,
        "digests": sources.digests,
        "suite": __version__,
    }
    return found


def _pages(sources: Sources, templates: Environment, words: Prose) -> Iterator[tuple[str, str]]:
    titles = {link.href: link.title for _, links in navigation(sources) for link in links}

    def page(href: str, template: str, /, **values: Any) -> tuple[str, str]:
        return href, templates.get_template(template).render(here=href, title=titles[href], **values)

    yield from (page(name, template, **values) for name, template, values in _fixed(sources, words))
    view = partial(row_view, meanings=sources.catalogue.dimensions)
    evidence = caught(sources)
    for family, rules in sources.families.items():
        rows = {
            rule.id: [view(row) for row in sources.rows_of[rule.id] if row.verifies[0] == rule.id] for rule in rules
        }
        yield page(
            f"{family}.html",
            "family.html",
            family=family,
            about=sources.about[family],
            rules=rules,
            rows=rows,
            elsewhere={
                rule.id: [row for row in sources.rows_of[rule.id] if row.verifies[0] != rule.id] for rule in rules
            },
            caught=evidence,
        )


def _fixed(sources: Sources, words: Prose) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The pages beside the families': name, template, values."""
    found = refusals(sources)
    chain = diagram.chain()
    tables = kind_tables()
    yield (
        "index.html",
        "index.html",
        {
            "drawings": [diagram.draw(chain, layout, words.link) for layout in (diagram.WIDE, diagram.NARROW)],
            "tables": tables,
            "families": sources.families,
            "about": sources.about,
            "refusals": found,
            "statuses": STATUSES,
        },
    )
    data = explorer_data(sources.catalogue)
    claims = {
        each.id: [each.claim, f"{each.family}.html#{each.id}"] for each in sources.catalogue.requirements.values()
    }
    yield (
        "explorer.html",
        "explorer.html",
        {"data": {**data, "rules": claims}, "controls": controls("alice"), "callers": data["callers"]},
    )
    yield "readings.html", "readings.html", {"rows": _deciding_rows(sources)}
    post = sources.openapi["paths"]["/data-collections"]["post"]
    yield (
        "errors.html",
        "errors.html",
        {"refusals": found, "statuses": STATUSES, "descriptions": _descriptions(sources.openapi, post)},
    )
    yield "api.html", "api.html", {"document": _shown(sources.openapi)}
    yield "certify.html", "certify.html", {"requirements": sources.catalogue.requirements.values()}
    yield "gate.html", "gate.html", {}
    yield "report.html", "report.html", {"Exit": Exit}
    yield "mutants.html", "mutants.html", {"parts": parts(sources), "caught": caught(sources), "kills": sources.kills}
    yield "changes.html", "changes.html", {"versions": _versions(sources)}
    yield "contribute.html", "contribute.html", {}


def _shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document without contact and licence, which the library would show as bare icons."""
    about = {key: value for key, value in document["info"].items() if key not in ("contact", "license")}
    return {**document, "info": about}


def _descriptions(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[int, str]:
    """What the OpenAPI document says of each status of an operation."""
    found = {}
    for status, response in operation["responses"].items():
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        found[int(status)] = response["description"]
    return found


def _deciding_rows(sources: Sources) -> dict[str, list[str]]:
    """The rows whose outcome depends on each reading, or whose answer decides each open point."""
    found: dict[str, list[str]] = {}
    for row in sources.rows.values():
        named = set()
        for step in (step for case in row.cases for step in case.steps):
            named |= {step.open_point} if step.open_point else set()
            for expect in step.expect:
                members = (*expect.promoted, *expect.moved, *expect.promoted_runs)
                named |= {name for when in (expect.when, *(each.when for each in members)) for name, _ in when}
        for name in named:
            found.setdefault(name, []).append(row.id)
    return found


def _versions(sources: Sources) -> dict[str, list[str]]:
    """The requirements that came with each version of the catalogue, the newest first."""
    found: dict[str, list[str]] = {}
    for rule in sources.catalogue.requirements.values():
        found.setdefault(rule.since, []).append(rule.id)
    return dict(sorted(found.items(), key=lambda each: tuple(map(int, each[0].split("."))), reverse=True))


def _search(sources: Sources) -> bytes:
    """The search index as a script, which works from ``file://``: kind, id, words, address."""
    index = [[each.kind, each.id, each.words, each.href] for each in entries(sources)]
    return f"window.SEARCH = {json.dumps(index, ensure_ascii=False, separators=(',', ':'))};\n".encode()


def _library() -> Path:
    """The script that renders the OpenAPI document, from the package that ships it."""
    package, path = _LIBRARY
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise UsageError("the API reference needs a package more: pip install 'data-collections-conformance[docs]'")
    return Path(found.submodule_search_locations[0]) / path
