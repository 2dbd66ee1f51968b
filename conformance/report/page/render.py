"""Templates to pages. A page loads nothing, and only its own script, known by its digest, may run in it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup, escape

from conformance.diagnosis import diagnose
from conformance.kills import Kill
from conformance.pages.environment import STYLES, environment
from conformance.report.ledger import STATUS
from conformance.report.page import view
from conformance.report.page.failures import SHORT, failing, failures
from conformance.report.terminal import MARKS
from conformance.report.text import safe
from conformance.result import Result
from conformance.spec import Catalogue

_HERE = Path(__file__).resolve().parent


def report_page(result: Result, catalogue: Catalogue, kills: Sequence[Kill], rerun: Callable[[str], str]) -> str:
    """``report.html``: the whole report of one run."""
    judgement = result.judgement
    bad = failing(result)
    return page(
        "report.html",
        result=result,
        judgement=judgement,
        header=result.transcript.header,
        scope=view.scope(result),
        families=view.families(judgement, catalogue),
        failures=list(failures(result, catalogue, kills, rerun)),
        failing=bad,
        diagnosis=diagnose(result.failing_rows, result.rows, result.blamed, kills),
        answers=view.answers(judgement, catalogue),
        choices=view.choices(judgement, catalogue),
        untested=view.untested(judgement),
        advisories=view.advisories(judgement),
        timing=view.timing(result.transcript.records),
    )


def page(template: str, /, **values: Any) -> str:
    """A template with its values, its styles and its script inside."""
    return _environment().get_template(template).render(**values, **_inside())


def prepare() -> None:
    """Compile the templates, which takes longer than to fill them: where a run waits for something else."""
    _environment().get_template("report.html")


@cache
def _environment() -> Environment:
    found = environment(_HERE / "templates", finalize=_visible)
    found.filters["brief"] = lambda text, limit=SHORT: safe(text, limit)
    found.filters["text"] = lambda body: body.decode("utf-8", "backslashreplace")
    found.filters["prose"] = _prose
    found.globals |= {"MARKS": MARKS, "STATUS": STATUS}
    return found


def _visible(value: Any) -> Any:
    """Every string that a template shows, bounded, with nothing hidden in it; what is markup already is ours."""
    return safe(value) if type(value) is str else value


def _prose(text: str) -> Markup:
    """The catalogue's words: what stands between backticks is code."""
    pieces = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(each) if at % 2 else escape(each) for at, each in enumerate(pieces)
    )


def _inside() -> Mapping[str, Markup]:
    style = "".join(path.read_text(encoding="utf-8") for path in (*STYLES, _HERE / "report.css"))
    script = (_HERE / "report.js").read_text(encoding="utf-8")
    policy = f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    return {"style": Markup(style), "script": Markup(script), "policy": Markup(policy)}


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(sha256(text.encode()).digest()).decode()
