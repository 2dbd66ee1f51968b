"""One failing case as a person reads it: the rule, the world, expected and observed, how to repeat it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from conformance.model import Binding, Case, CaseVerdict, Exchange, Finding, Record, World
from conformance.report.text import one_line
from conformance.spec import Catalogue

MOST_DIFFERENCES = 6
"""Of one requirement in one case that are told."""
MOST_ROWS = 30
"""Datasets, and runs, of a world that are listed."""


def failure_text(
    case: Case, verdict: CaseVerdict, record: Record | None, catalogue: Catalogue, base_url: str, rerun: str
) -> str:
    """The whole explanation of a case that failed, or that could not be carried out."""
    lines = [f"{case.id}: {case.title}  ({case.source})"]
    if verdict.reason:
        lines.append(f"  {verdict.outcome}: {one_line(verdict.reason)}")
    for name in dict.fromkeys(each.requirement for each in verdict.findings if each.severity == "failed"):
        rule = catalogue.requirements[name]
        lines.append(f"  {rule.id} ({rule.level}, {rule.place}): {rule.claim}")
    world = world_lines(case.world, record.binding if record else None)
    lines += [f"  world     {line}" if not at else f"            {line}" for at, line in enumerate(world)]
    for findings in _by_requirement(verdict.findings):
        lines += [line for each in findings[:MOST_DIFFERENCES] for line in _finding_lines(each)]
        if len(findings) > MOST_DIFFERENCES:
            lines.append(f"    … and {len(findings) - MOST_DIFFERENCES} more of {findings[0].requirement}")
    exchange = evidence(verdict, record)
    if exchange is not None:
        if exchange.op == "create":
            lines.append(f"  request   {_place(case, exchange)}")
        lines.append(f"  repeat    {curl(exchange, base_url)}")
    lines.append(f"  rerun     {rerun}")
    return "\n".join(lines)


def distinct(findings: Iterable[Finding]) -> list[Finding]:
    """Each difference once, in however many answers it was seen."""
    return list(dict.fromkeys(replace(each, exchange=None) for each in findings))


def _by_requirement(findings: Iterable[Finding]) -> list[list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for each in distinct(findings):
        found.setdefault(each.requirement, []).append(each)
    return list(found.values())


def _place(case: Case, exchange: Exchange) -> str:
    """Which of the case's POSTs it is, and whose: ``step 2 of 5, bob, one of 4 at once: answered 201``."""
    step = f"step {exchange.stage + 1} of {len(case.steps)}, {exchange.who}"
    racers = len(case.steps[exchange.stage].requests)
    at_once = f", one of {racers} at once" if racers > 1 else ""
    return f"{step}{at_once}: " + (f"answered {exchange.status}" if exchange.status else "no answer")


def _finding_lines(finding: Finding) -> list[str]:
    mark = {"failed": "✗", "advisory": "!", "error": "?"}[finding.severity]
    return [
        f"  {mark} {finding.requirement}: {one_line(finding.message)}",
        f"      expected {one_line(finding.expected)}",
        f"      observed {one_line(finding.observed, 600)}",
    ]


def evidence(verdict: CaseVerdict, record: Record | None) -> Exchange | None:
    """The exchange to repeat: the request of the step in which the first difference was seen."""
    if record is None or not record.exchanges:
        return None
    index = next((each.exchange for each in verdict.findings if each.exchange is not None), None)
    if index is None:
        return None
    seen = record.exchanges[index]
    if seen.op == "create":
        return seen
    posts = [each for each in record.exchanges if each.op == "create" and each.stage == seen.stage]
    return posts[0] if posts else seen


def curl(exchange: Exchange, base_url: str) -> str:
    """A command that sends the request again, with the key as ``$API_KEY``."""
    parts = ["curl", "-i", "-X", exchange.method, shlex.quote(base_url + exchange.path)]
    for name, value in exchange.request_headers.items():
        if name == "authorization":
            quoted = re.sub(r'(["`\\])', r"\\\1", value)
            shown = quoted.replace("${" + exchange.who + "}", "$API_KEY")
            parts += [
                "-H",
                f'"Authorization: {one_line(shown)}"'
                if "$API_KEY" in shown
                else shlex.quote(f"Authorization: {shown}"),
            ]
        else:
            parts += ["-H", shlex.quote(f"{name}: {value}")]
    if exchange.method == "POST":
        body = exchange.request_body.decode("utf-8", "backslashreplace")
        parts += ["--data-binary", shlex.quote(one_line(body, 600))]
    return " ".join(parts)


def world_lines(world: World, binding: Binding | None = None) -> Iterator[str]:
    """The arranged world, a line a row, in the table's words, with the ids that the rows got."""
    got = binding or Binding("")

    def line(symbol: str, kind: str, ids: Mapping[str, int], *facts: tuple[str, str | None]) -> str:
        number = f" {ids[symbol]}" if symbol in ids else ""
        return f"{symbol}: {kind}{number}, " + ", ".join(f"{word} {value}" for word, value in facts if value)

    for symbol, user in world.users.items():
        key = " (revoked key)" if user.api_key == "revoked" else ""
        yield f"{symbol}: user in {user.organization or 'no organization'}{key}"
    for symbol, row in world.collections.items():
        facts = (("owner", row.owner or "nobody"), ("organization", row.organization))
        yield line(symbol, f"collection {row.name!r}", got.collections, *facts)
    for symbol, data in list(world.datasets.items())[:MOST_ROWS]:
        place = (("owner", data.owner or "nobody"), ("organization", data.organization), ("in", data.collection))
        yield line(symbol, "dataset", got.datasets, *place) + (", proprietary" if data.proprietary else "")
    if len(world.datasets) > MOST_ROWS:
        yield f"… and {len(world.datasets) - MOST_ROWS} more datasets"
    for symbol, run in list(world.runs.items())[:MOST_ROWS]:
        home = (("organization", run.organization), ("in", run.collection))
        yield line(symbol, "run", got.runs, ("owner", run.owner or "nobody"), ("of", run.dataset), *home)
    if len(world.runs) > MOST_ROWS:
        yield f"… and {len(world.runs) - MOST_ROWS} more runs"
