"""The pytest plugin: one item a planned case. Cases are carried out ahead; items only look at their verdict.

``pytest --conformance-base-url URL PATH/TO/scenarios`` works on its own; ``conformance certify`` adds the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.certification import Settings, certify, default_provider_states
from conformance.errors import ConformanceError, defect
from conformance.model import Case, CaseVerdict
from conformance.paths import SCENARIOS, shown
from conformance.plan import Plan, make_plan
from conformance.report.failure import failure_text
from conformance.report.row import smallest_text
from conformance.report.text import one_line
from conformance.result import Result

SESSION = "conformance-session"


class CaseFailed(Exception):
    """The target broke a rule."""


class CaseError(Exception):
    """The case could not be carried out: not the target's fault."""


class Certification:
    """Plans at start, executes when pytest has selected, and keeps the result for the items and the command line."""

    def __init__(
        self, settings: Settings, progress: Callable[[int, int], None] | None = None, *, only_select: bool = False
    ) -> None:
        self.settings = settings
        self.only_select = only_select
        self.planned: tuple[Case, ...] = ()
        """What was selected, where nothing is to be sent from here."""
        self.progress = progress or (lambda done, of: None)
        self.plan: Plan = make_plan(settings.depth, settings.seed)
        self.result: Result | None = None
        self.problem: ConformanceError | None = None
        self.selected = 0
        self.chosen = False
        self.by_file: dict[str, list[Case]] = {}
        for case in self.plan.cases:
            self.by_file.setdefault(case.source.file, []).append(case)

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """A scenario table is a file of items."""
        if file_path.suffix == ".yaml" and file_path.parent == SCENARIOS and shown(file_path) in self.by_file:
            return ScenarioFile.from_parent(parent, path=file_path, certification=self)
        return None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self) -> None:
        """Reached only when every selection was understood: pytest finishes collection after a wrong -k, too."""
        self.chosen = True

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Send everything that was selected, before the first item is judged."""
        items = [item for item in session.items if isinstance(item, CaseItem)]
        self.selected = len(items)
        if not items or not self.chosen or session.config.option.collectonly:
            return
        if self.result is not None:
            return
        chosen = self.plan.only(each.case.id for each in items)
        if self.only_select:
            self.planned = chosen
            session.items.clear()
            return
        try:
            self.result = certify(self.settings, self.plan, chosen, self.progress)
        except ConformanceError as error:
            self.problem = error
        except Exception as error:  # pytest would write its text, which may hold what a target sent, to junit.xml
            self.problem = defect(error)
        if self.problem is not None:
            session.shouldstop = str(self.problem)

    def verdict_of(self, case: Case) -> CaseVerdict:
        """The case's verdict, once everything was carried out."""
        if self.result is None:
            raise CaseError(str(self.problem or "nothing was carried out"))
        return self.result.judgement.cases[case.id]

    def explain(self, case: Case, verdict: CaseVerdict) -> str:
        """The failure text."""
        assert self.result is not None
        record, rerun = self.result.record_of(case.id), self.result.rerun(case.id)
        text = failure_text(case, verdict, record, self.result.catalogue, self.settings.base_url, rerun)
        return text + smallest_text(self.result.smallest.get(case.id))


class ScenarioFile(pytest.File):
    """A scenario table."""

    certification: Certification

    @classmethod
    def from_parent(cls, parent: Any, *, certification: Certification, **kwargs: Any) -> ScenarioFile:  # type: ignore[override]
        """Made by the hook above."""
        node: ScenarioFile = super().from_parent(parent, **kwargs)
        node.certification = certification
        return node

    def collect(self) -> Iterable[CaseItem]:
        """One item a case."""
        for case in self.certification.by_file[shown(self.path)]:
            yield CaseItem.from_parent(self, name=case.id, case=case, certification=self.certification)


class CaseItem(pytest.Item):
    """One planned case."""

    case: Case
    certification: Certification

    @classmethod
    def from_parent(cls, parent: Any, *, case: Case, certification: Certification, **kwargs: Any) -> CaseItem:  # type: ignore[override]
        """Made by its table."""
        item: CaseItem = super().from_parent(parent, **kwargs)
        item.case, item.certification = case, certification
        item.user_properties += [("requirement", name) for name in case.verifies]
        return item

    def setup(self) -> None:
        """A case that was not carried out is an error, or skipped with its reason; never passed."""
        verdict = self.certification.verdict_of(self.case)
        reason = f"{verdict.outcome}: {one_line(verdict.reason)}"
        if verdict.outcome in ("flaky", "error"):
            raise CaseError(reason)
        if verdict.outcome in ("not-tested", "not-applicable"):
            pytest.skip(reason)

    def runtest(self) -> None:
        """Raise what the judge found."""
        verdict = self.certification.verdict_of(self.case)
        if verdict.outcome == "failed":
            raise CaseFailed(self.certification.explain(self.case, verdict))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """The explanation alone: a traceback through the harness tells a user nothing."""
        return str(excinfo.value if isinstance(excinfo.value, (CaseFailed, CaseError)) else defect(excinfo.value))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the row stands."""
        return self.path, self.case.source.line - 1, f"{self.case.id}: {self.case.title}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options for use without the command line."""
    group = parser.getgroup("conformance", "conformance of a deployed POST /data-collections")
    group.addoption("--conformance-base-url", help="certify this deployment, e.g. https://host/api/v1")
    group.addoption("--conformance-provider-states", help="its provider-state URL, if not at the default place")
    group.addoption("--conformance-depth", default="standard", help="quick, standard or exhaustive")
    group.addoption("--conformance-seed", type=int, default=0, help="seed of what is drawn beyond the tables")


def pytest_configure(config: pytest.Config) -> None:
    """Certify when a base URL is given and the command line has not set up its own session."""
    url = config.getoption("--conformance-base-url")
    if url and not config.pluginmanager.has_plugin(SESSION):
        states = config.getoption("--conformance-provider-states") or default_provider_states(url)
        depth, seed = config.getoption("--conformance-depth"), config.getoption("--conformance-seed")
        config.pluginmanager.register(Certification(Settings(url.rstrip("/"), states, depth, seed)), SESSION)


def run_pytest(certification: Certification, arguments: list[str], junit: Path | None) -> int:
    """Run pytest over the plan in this process, silently; its exit status."""
    options: Mapping[str, list[str]] = {"junit": [f"--junitxml={junit}", "-o", "junit_family=xunit2"] if junit else []}
    silent = _Silent()
    return int(
        pytest.main(
            [
                "--disable-plugin-autoload",
                "-p",
                "conformance.pytest_plugin",
                "-p",
                "no:logging",
                "-p",
                "no:warnings",
                "-p",
                "no:doctest",
                "-p",
                "no:unraisableexception",  # at the end it would look through all memory five times
                "-c",
                "/dev/null",
                f"--rootdir={SCENARIOS.parent}",
                "-o",
                f"cache_dir={Path.cwd() / '.pytest_cache'}",
                *options["junit"],
                *arguments,
                str(SCENARIOS),
            ],
            plugins=[certification, silent],
        )
    )


class _Silent:
    """The suite writes its own report: pytest's is switched off, its usage errors are not."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None and not config.option.collectonly:
            config.pluginmanager.unregister(reporter)
