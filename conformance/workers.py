"""Many machines: pytest-xdist starts workers, each carries out its share of the cases, this process keeps the record.

Both sides of it: here ``Controller``, in a worker ``Worker``. A worker has one item, its share, and sends each record
as a report of that. What it is told, secrets too, goes over xdist's channel only.
"""

from __future__ import annotations

import importlib.util
import json
import pickle
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from conformance.attempt import Execution
from conformance.certification import CarryOut, Settings, arranger_of, redactor_of, transport_of
from conformance.codec import decode, encode
from conformance.errors import ConformanceError, Interrupted, TranscriptRefused, UsageError, defect
from conformance.execute import execute
from conformance.model import Case, Record
from conformance.plan import Plan, make_plan
from conformance.redact import Redactor
from conformance.spec import digests

OURS = "conformance"
"""Where xdist's ``workerinput`` and ``workeroutput`` hold what is not xdist's."""

_OPTIONS = (
    *("--disable-plugin-autoload", "-p", "xdist", "-p", __name__, "--dist=each", "--max-worker-restart=0"),
    *("-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:logging", "-p", "no:warnings", "--capture=no"),
    "-c/dev/null",  # in one word: xdist looks for each word that is a file on the other machine
)


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is told: the run, which of its cases, and its part of what may be sent."""

    settings: Settings
    room: int | None
    run_id: str
    bodies: tuple[bytes, ...]
    drawings: tuple[bytes, ...]
    digests: Mapping[str, str]
    cases: tuple[str, ...]
    concurrency: int
    workers: int


def by_workers(
    settings: Settings, plan: Plan, options: Sequence[str], progress: Callable[[int, int], None]
) -> CarryOut:
    """Carries cases out by xdist's workers; ``options`` are its own, such as ``-n 4`` or ``--tx ssh=HOST``."""
    if importlib.util.find_spec("xdist") is None:
        raise UsageError("-n and --tx need pytest-xdist: pip install 'data-collections-conformance[distributed]'")
    if settings.accounts:
        raise UsageError("-n and --tx need provider states: who plays whom on a target file's accounts is not shared")

    def carry_out(cases: Sequence[Case], on: Execution, keep: Callable[[Record], None]) -> None:
        controller = Controller(settings, plan, cases, on, progress)
        status = pytest.main([*_OPTIONS, *options], plugins=[controller])
        for record in controller.records():
            keep(record)
        if status == pytest.ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        if status == pytest.ExitCode.USAGE_ERROR:
            raise Interrupted(f"pytest-xdist did not accept {' '.join(options)}")
        if controller.problem:
            raise controller.problem

    return carry_out


def pytest_configure(config: pytest.Config) -> None:
    """In a worker: have the share in place of tests."""
    if packed := getattr(config, "workerinput", {}).get(OURS):
        config.pluginmanager.register(Worker(pickle.loads(packed)))


# ---------------------------------------------------------------- here


class Controller:
    """Hands out shares and gathers records: kept small, and cleaned when the keys of every worker are known."""

    def __init__(
        self, settings: Settings, plan: Plan, cases: Sequence[Case], on: Execution, progress: Callable[[int, int], None]
    ) -> None:
        self._settings, self._plan, self._cases, self._on = settings, plan, cases, on
        self._progress = progress
        self._nodes = 0
        self._packed: dict[str, bytes] = {}
        self.problem: ConformanceError | None = None

    def pytest_configure_node(self, node: Any) -> None:
        """Each worker gets every n-th case: neighbours weigh alike."""
        workers = node.workerinput["workercount"]
        order = Order(
            settings=self._settings,
            room=self._on.transport.room(self._settings.base_url),
            run_id=self._on.run_id,
            bodies=self._plan.bodies,
            drawings=self._plan.drawings,
            digests=digests(),
            cases=tuple(case.id for case in self._cases[self._nodes :: workers]),
            concurrency=-(-self._on.concurrency // workers),
            workers=workers,
        )
        self._nodes += 1
        node.workerinput[OURS] = pickle.dumps(order)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A record, or the keys that a worker's worlds were given."""
        self._on.redactor.learn(getattr(report, "keys", {}))
        if packed := getattr(report, "record", None):
            self._packed[report.case] = packed
            self._progress(len(self._packed), len(self._cases))

    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A worker has ended: with its share done, with a sentence, or before."""
        sentence = getattr(node, "workeroutput", {}).get(OURS)
        if error and not sentence:
            sentence = f"worker {node.gateway.id} ended before its share was done"
        if sentence:
            self.problem = Interrupted(sentence)

    def pytest_internalerror(self) -> bool:
        """No trace on the terminal: its text may hold what a worker was told."""
        self.problem = self.problem or Interrupted("pytest-xdist could not start its workers, or lost them all")
        return True

    def records(self) -> Iterator[Record]:
        """What was recorded, in the plan's order."""
        for case in self._cases:
            if packed := self._packed.pop(case.id, None):
                yield self._cleaned(decode(Record, json.loads(zlib.decompress(packed))))

    def _cleaned(self, record: Record) -> Record:
        """Without any key: a worker does not know those of the others, which a faulty target may show it."""
        clean = self._on.redactor
        exchanges = [
            replace(
                each,
                response_headers={name: clean.clean_text(value, {}) for name, value in each.response_headers.items()},
                response_body=clean.clean(each.response_body, {}),
                trouble=clean.clean_text(each.trouble, {}),
            )
            for each in record.exchanges
        ]
        return replace(record, exchanges=tuple(exchanges), trouble=clean.clean_text(record.trouble, {}))


# ---------------------------------------------------------------- in a worker


class Share(pytest.Item):
    """A worker's only item. Records and keys go to the controller at once, so that a worker's end loses little."""

    order: Order

    def runtest(self) -> None:
        """Carry the share out; why it ended early is told when the worker ends."""
        output = self.config.workeroutput  # type: ignore[attr-defined]
        try:
            self._carry_out()
        except ConformanceError as error:
            output[OURS] = str(error)
        except Exception as error:
            output[OURS] = str(defect(error))

    def _carry_out(self) -> None:
        order, settings = self.order, self.order.settings
        if order.digests != digests():
            raise TranscriptRefused("a worker's specification or tables differ from those of this machine")
        redactor = redactor_of(settings, _Telling(lambda keys: self._tell(keys=dict(keys))))
        transport = transport_of(settings, order.workers)
        if order.room:
            transport.crowded(settings.base_url, max(1, order.room // order.workers))
        arranger = arranger_of(settings, transport, redactor, order.run_id)
        on = Execution(settings.base_url, transport, arranger, redactor, order.run_id, order.concurrency)
        mine = set(order.cases)
        plan = make_plan(settings.depth, settings.seed, order.bodies, order.drawings)
        cases = [case for case in plan.cases if case.id in mine]
        try:
            execute(cases, on, lambda record: self._tell(case=record.case, record=_packed(record)))
        finally:
            transport.close()

    def _tell(self, **what: Any) -> None:
        report = pytest.TestReport(self.nodeid, self.location, {}, "passed", None, "call", **what)
        self.ihook.pytest_runtest_logreport(report=report)


class Worker:
    """Has the share in place of what lies in the folder."""

    def __init__(self, order: Order) -> None:
        self._order = order

    def pytest_collection(self, session: pytest.Session) -> bool:
        """One item."""
        share: Share = Share.from_parent(session, name="share")
        share.order = self._order
        session.items = [share]
        session.config.hook.pytest_collection_finish(session=session)
        return True


class _Telling(Redactor):
    """Tells the controller each key before anything is sent with it."""

    def __init__(self, tell: Callable[[Mapping[str, str]], None]) -> None:
        super().__init__()
        self._tell = tell

    def learn(self, keys: Mapping[str, str]) -> None:
        """From now on these keys are replaced, here and in what the controller keeps."""
        super().learn(keys)
        self._tell(keys)


def _packed(record: Record) -> bytes:
    return zlib.compress(json.dumps(encode(record)).encode("ascii"), level=1)
