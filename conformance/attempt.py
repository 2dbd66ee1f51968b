"""One case on a target: its reads and requests in turn; again in a fresh world where an answer was lost."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from conformance import observe
from conformance.answers import json_of
from conformance.connection import WAITED, Answer, NetworkTrouble
from conformance.marks import token_of
from conformance.model import Case, Exchange, Record, Request, Step
from conformance.race import Race, Racer, race
from conformance.redact import Redactor
from conformance.render import body_of, credentials_of, path_of
from conformance.room import Room
from conformance.targets import Arranged, Arranger, Unarranged
from conformance.transport import BUSY, Transport, pause, retry_after

ATTEMPTS = 6
PATIENCE = 3
"""The same where an answer did not come in time: each of these waits as long as an answer may take."""
EVIDENCE = 4096
"""Bytes that are kept of an answer that was cut: it is not judged, and many such would fill the memory."""
PAGE_SIZE = 100
LARGEST_PAGE = 10_000
KEPT_HEADERS = ("content-type", "retry-after", "location", "www-authenticate", "date", "server")


@dataclass(frozen=True, slots=True)
class Execution:
    """What is needed to carry out cases on one target."""

    base_url: str
    transport: Transport
    arranger: Arranger
    redactor: Redactor
    run_id: str
    concurrency: int = 32
    started: float = field(default_factory=time.monotonic)
    room: Room = field(default_factory=Room)
    race: Race = race
    repeat: int = 0
    """Which repetition of failed cases this is; 0 for the run itself."""

    def token(self, case: str, attempt: int = 1) -> str:
        """The token of one attempt at a case: no other has it."""
        again = f"~{self.repeat}" if self.repeat else ""
        return token_of(self.run_id, case + again + (f"#{attempt}" if attempt > 1 else ""))


@dataclass(frozen=True, slots=True)
class Carried:
    """A case's record, and the worlds that are not needed any more."""

    record: Record
    over: Sequence[Arranged]


class _Lost(Exception):
    """An answer that did not come, or that the way to the target gave: where in the case, and how."""

    def __init__(self, trouble: str, place: tuple[int, str, str], wait: float = 0.0) -> None:
        super().__init__(trouble)
        self.place = place
        self.wait = wait


def carry_out(case: Case, arranged: Arranged | Unarranged, on: Execution) -> Carried:
    """Run one case; again in a fresh world when an answer was lost."""
    over: list[Arranged] = []
    record = Record(case.id, None)
    lost, waits = 0, 0
    places: set[tuple[int, str, str]] = set()
    for attempt in range(1, ATTEMPTS + 1):
        if isinstance(arranged, Unarranged):
            record = Record(case.id, None, (), arranged.unsupported, arranged.trouble, arranged.untested, attempt, lost)
            return Carried(record, over)
        runner = _Runner(case, arranged, on, again=attempt > 1)
        over.append(arranged)
        try:
            runner.run()
        except _Lost as end:
            lost += runner.lost + 1
            waits += end.place[2] in WAITED
            places.add(end.place)
            record = Record(
                case.id,
                arranged.binding,
                tuple(runner.exchanges),
                trouble=on.redactor.clean_text(str(end), runner.keys),
                attempts=attempt,
                lost=lost,
                steady=len(places) == 1,
            )
            if attempt == ATTEMPTS or waits == PATIENCE:
                break
            pause(attempt, end.wait)
            arranged = on.arranger.arrange([(case, on.token(case.id, attempt + 1))])[case.id]
        else:
            lost += runner.lost
            record = Record(case.id, arranged.binding, tuple(runner.exchanges), attempts=attempt, lost=lost)
            break
    return Carried(record, over)


class _Runner:
    """One attempt at one case."""

    def __init__(self, case: Case, arranged: Arranged, on: Execution, *, again: bool) -> None:
        self.case = case
        self.again = again
        self.arranged = arranged
        self.binding = arranged.binding
        self.keys = arranged.keys
        self.on = on
        self.exchanges: list[Exchange] = []
        self.created: dict[str, int] = {}
        self.lost = 0

    def run(self) -> None:
        if not self.case.sparing:
            self._reads(-1, observe.before(self.case))
        last = len(self.case.steps) - 1
        for at, step in enumerate(self.case.steps):
            accepted = self._race(at, step) if step.races else self._single(at, step)
            if at == last and self.case.sparing:
                self._reads(at, observe.sparing_sweep(self.case, self._attached()))
            elif at == last:
                self._reads(at, [observe.Read("collection", each, self._owner(each)) for each in accepted])
                self._reads(at, observe.sweep(self.case, list(self.created), self._attached()))
            elif not self.case.sparing and (accepted or not self.case.steps[at + 1].only_refusals):
                self._after(at, step, accepted)

    def _attached(self) -> set[str]:
        """Datasets that answers with 201 attached: the lists show them."""
        steps = (self.case.steps[int(each.split("-")[1])] for each in self.created)
        return {symbol for step in steps for request in step.requests for symbol in request.selected}

    def _owner(self, created: str) -> str:
        _, at, index = created.split("-")
        return self.case.steps[int(at)].requests[int(index)].caller

    def _after(self, at: int, step: Step, accepted: Sequence[str]) -> None:
        reads = [observe.Read("collection", each, self._owner(each)) for each in accepted]
        for request in step.requests:
            reads += observe.after_step(self.case.world, request.caller, request.selected)
        self._reads(at, list(dict.fromkeys(reads)))

    # ------------------------------------------------------------ requests

    def _single(self, at: int, step: Step) -> list[str]:
        (request,) = step.requests
        racer = self._racer(request)
        started = time.monotonic()
        try:
            answer = self.on.transport.send("POST", racer.url, racer.headers, racer.body)
        except NetworkTrouble as trouble:
            self._note(at, 0, request, racer, trouble, started)
            raise _Lost(f"POST {racer.url}: {trouble}", (at, "create", trouble.kind)) from None
        accepted = self._note(at, 0, request, racer, answer, started)
        if answer.status in BUSY:
            place = (at, "create", str(answer.status))
            raise _Lost(f"POST {racer.url}: answered {answer.status}", place, retry_after(answer))
        return accepted

    def _race(self, at: int, step: Step) -> list[str]:
        racers = [self._racer(request) for request in step.requests]
        started = time.monotonic()
        transport = self.on.transport
        transport.allowance.take(len(racers))
        results = self.on.race(racers, transport)
        accepted: list[str] = []
        for index, (request, racer, result) in enumerate(zip(step.requests, racers, results, strict=True)):
            accepted += self._note(at, index, request, racer, result, started)
        won = [step.requests[int(each.split("-")[2])] for each in accepted]
        for request, result in zip(step.requests, results, strict=True):
            if isinstance(result, NetworkTrouble):
                raise _Lost(f"POST {racers[0].url}, racing: {result}", (at, "create", result.kind))
            if result.status in BUSY and not (self.again and _beaten(request, result, won, step)):
                transport.must_wait(result, racing=True)
                place = (at, "create", str(result.status))
                raise _Lost(f"POST {racers[0].url}, racing: answered {result.status}", place, retry_after(result))
        return accepted

    def _racer(self, request: Request) -> Racer:
        headers = dict(self.on.transport.headers)
        if request.credentials is not None:
            headers["authorization"] = credentials_of(request.credentials, self.keys)
        if request.content_type is not None:
            headers["content-type"] = request.content_type
        return Racer(self.on.base_url + path_of(request, self.binding), headers, body_of(request, self.binding))

    def _note(
        self, at: int, index: int, request: Request, racer: Racer, result: Answer | NetworkTrouble, started: float
    ) -> list[str]:
        """Record one POST; the created collection's symbol when its answer says so."""
        headers = {name: racer.headers[name] for name in ("content-type",) if name in racer.headers}
        if request.credentials is not None:
            headers["authorization"] = request.credentials
        exchange = Exchange(
            stage=at, op="create", who=request.caller, about=str(index), method="POST",
            path=racer.url.removeprefix(self.on.base_url), request_headers=headers, request_body=racer.body,
            status=None, response_headers={}, response_body=b"", started=round(started - self.on.started, 4),
        )  # fmt: skip
        self._keep(exchange, result)
        created = created_id(self.exchanges[-1].status, self.exchanges[-1].response_body)
        if created is None:
            return []
        self.created[f"new-{at}-{index}"] = created
        self.on.arranger.created(self.arranged, request.caller, created)
        return [f"new-{at}-{index}"]

    # ------------------------------------------------------------ reads

    def _reads(self, at: int, reads: Sequence[observe.Read]) -> None:
        for each in reads:
            if each.op == "collections":
                self._list(at, each.who)
            else:
                self._read(at, each, f"/{_PLURAL[each.op]}/{self._id(each)}")

    def _id(self, read: observe.Read) -> int:
        if read.about in self.created:
            return self.created[read.about]
        ids: Mapping[str, int] = getattr(self.binding, _FIELD[read.op])
        return ids[read.about]

    def _list(self, at: int, who: str) -> None:
        page, before = 1, b""
        while True:
            # Others write to a shared account meanwhile: what moves from one page to another could be missed.
            size = LARGEST_PAGE if self.binding.shared_accounts else PAGE_SIZE
            path = f"/data-collections?page={page}&page_size={size}"
            exchange = self._read(at, observe.Read("collections", "", who), path)
            body = exchange.response_body
            if exchange.status != 200 or page >= 50 or body == before or not self._has_next(body):
                return
            page, before = page + 1, body

    def _has_next(self, body: bytes) -> bool:
        if body.count(b'"has_next"') == 1 and _LAST_PAGE.search(body):
            return False  # without reading it: the judge will, once
        try:
            document = json_of(body)
            items, meta = document["items"], document.get("meta")
        except (ValueError, KeyError, TypeError):
            return False
        told = meta.get("has_next") if isinstance(meta, dict) else None
        if told is None:  # then the first empty page is the last
            return bool(items)
        return bool(told) and bool(items or self.binding.shared_accounts)

    def _read(self, at: int, read: observe.Read, path: str) -> Exchange:
        started = time.monotonic()
        headers = {"authorization": f"Bearer {self.keys[read.who]}"}
        exchange = Exchange(
            stage=at, op=read.op, who=read.who, about=read.about, method="GET", path=path,
            request_headers={"authorization": f"Bearer ${{{read.who}}}"}, request_body=b"", status=None,
            response_headers={}, response_body=b"", started=round(started - self.on.started, 4),
        )  # fmt: skip
        for again in (True, False):
            try:
                answer = self.on.transport.send("GET", self.on.base_url + path, headers)
            except NetworkTrouble as trouble:
                if again:
                    self.lost += 1
                    continue
                self._keep(exchange, trouble)
                raise _Lost(f"GET {self.on.base_url}{path}: {trouble}", (at, path, trouble.kind)) from None
            if answer.status < 500 or answer.status in BUSY:
                break  # else once more: the page is about the POST, and a read that fails has said nothing
        self._keep(exchange, answer)
        if answer.status in BUSY:
            place = (at, path, str(answer.status))
            raise _Lost(f"GET {self.on.base_url}{path}: answered {answer.status}", place, retry_after(answer))
        return self.exchanges[-1]

    def _keep(self, exchange: Exchange, result: Answer | NetworkTrouble) -> None:
        clean = self.on.redactor
        if isinstance(result, NetworkTrouble):
            trouble = clean.clean_text(f"{result.kind}: {result}", self.keys)
            self.exchanges.append(replace(exchange, trouble=trouble))
            return
        headers = result.headers
        if exchange.op == "collections" and self.binding.shared_accounts and not result.truncated:
            ours = {*self.binding.collections.values(), *self.created.values()}
            result = replace(result, body=only_ours(result.body, ours, self.binding.token))
        cut = result.truncated or not self.on.room.has(len(result.body))
        answered = replace(
            exchange,
            status=result.status,
            response_headers={
                name: clean.clean_text(headers[name][:300], self.keys) for name in KEPT_HEADERS if name in headers
            },
            response_body=clean.clean(result.body[:EVIDENCE] if cut else result.body, self.keys),
            truncated=cut,
            elapsed=round(result.elapsed, 4),
        )
        self.exchanges.append(answered)


# A page that ends in these two braces has this `meta` itself: one of a row in it would be closed by more.
_LAST_PAGE = re.compile(rb'"meta"\s*:\s*\{[^{}]*"has_next"\s*:\s*false[^{}]*\}\s*\}\s*\Z')
_PLURAL = {"collection": "data-collections", "dataset": "datasets", "run": "runs"}
_FIELD = {"collection": "collections", "dataset": "datasets", "run": "runs"}


def _beaten(request: Request, answer: Answer, won: Sequence[Request], step: Step) -> bool:
    """Whether a 4xx that asks to come later need not be a limit: who won leaves nothing for this request."""
    taken = {symbol for each in won for symbol in each.selected}
    return (answer.status or 0) < 500 and (len(won) == step.succeed or bool(taken & set(request.selected)))


def created_id(status: int | None, body: bytes) -> int | None:
    """The id in a 201's body, where it has one."""
    if status != 201:
        return None
    try:
        document = json_of(body)
    except ValueError:
        return None
    found = document.get("id") if isinstance(document, dict) else None
    return found if type(found) is int else None


def only_ours(body: bytes, ours: AbstractSet[int], token: str) -> bytes:
    """A list of collections without those of a shared account that are none of the case's: they are not looked at.

    What has the case's token in its name stays: the suite may not know that it was made. Other bodies stay as they are.
    """
    try:
        document = json_of(body)
        items = [each for each in document["items"] if each.get("id") in ours or token in str(each.get("name"))]
    except (ValueError, KeyError, TypeError, AttributeError):
        return body
    return json.dumps({**document, "items": items}, ensure_ascii=False).encode("utf-8", "surrogatepass")
