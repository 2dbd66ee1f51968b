"""One failing case as a person reads it: the rule, the world, expected and observed, how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from conformance.model import Case, CaseVerdict, Exchange, Finding, Record, World
from conformance.report.text import safe
from conformance.spec import Catalogue


def failure_text(
    case: Case, verdict: CaseVerdict, record: Record | None, catalogue: Catalogue, base_url: str, rerun: str
) -> str:
    """The whole explanation of a case that failed, or that could not be carried out."""
    lines = [f"{case.id}: {case.title}  ({case.source})"]
    if verdict.reason:
        lines.append(f"  {verdict.outcome}: {safe(verdict.reason)}")
    for name in dict.fromkeys(each.requirement for each in verdict.findings if each.severity == "failed"):
        rule = catalogue.requirements[name]
        lines.append(f"  {rule.id} ({rule.level}, {rule.place}): {rule.claim}")
    lines += [
        f"  world     {line}" if not at else f"            {line}" for at, line in enumerate(world_lines(case.world))
    ]
    for finding in verdict.findings:
        lines += _finding_lines(finding)
    exchange = _evidence(verdict, record)
    if exchange is not None:
        lines.append(f"  repeat    {curl(exchange, base_url)}")
    lines.append(f"  rerun     {rerun}")
    return "\n".join(lines)


def _finding_lines(finding: Finding) -> list[str]:
    mark = {"failed": "✗", "advisory": "!", "error": "?"}[finding.severity]
    return [
        f"  {mark} {finding.requirement}: {safe(finding.message)}",
        f"      expected {safe(finding.expected)}",
        f"      observed {safe(finding.observed, 600)}",
    ]


def _evidence(verdict: CaseVerdict, record: Record | None) -> Exchange | None:
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
            shown = value.replace("${" + exchange.who + "}", "$API_KEY")
            parts += [
                "-H",
                f'"Authorization: {safe(shown)}"' if "$API_KEY" in shown else shlex.quote(f"Authorization: {shown}"),
            ]
        else:
            parts += ["-H", shlex.quote(f"{name}: {value}")]
    if exchange.method == "POST":
        body = exchange.request_body.decode("utf-8", "backslashreplace")
        parts += ["--data-binary", shlex.quote(safe(body, 600))]
    return " ".join(parts)


def world_lines(world: World) -> Iterator[str]:
    """The arranged world, a line a kind, in the table's words."""

    def place(row: Mapping[str, str | bool | None]) -> str:
        return ", ".join(f"{key} {value}" for key, value in row.items() if value not in (None, False))

    for symbol, user in world.users.items():
        key = " (revoked key)" if user.api_key == "revoked" else ""
        yield f"{symbol}: user in {user.organization or 'no organization'}{key}"
    for symbol, row in world.collections.items():
        yield f"{symbol}: collection {row.name!r}, " + place(
            {"owner": row.owner or "nobody", "organization": row.organization}
        )
    for symbol, data in list(world.datasets.items())[:30]:
        facts = {"owner": data.owner or "nobody", "organization": data.organization, "in": data.collection}
        yield f"{symbol}: dataset, " + place(facts) + (", proprietary" if data.proprietary else "")
    if len(world.datasets) > 30:
        yield f"… and {len(world.datasets) - 30} more datasets"
    for symbol, run in list(world.runs.items())[:30]:
        facts = {
            "owner": run.owner or "nobody",
            "of": run.dataset,
            "organization": run.organization,
            "in": run.collection,
        }
        yield f"{symbol}: run, " + place(facts)
