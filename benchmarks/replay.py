"""A recorded run's requests, sent again by the barest client there is: a keep-alive ``http.client`` loop.

The worlds are arranged anew, since a world can be used once: ids and keys of the record are replaced by theirs, before
the clock starts. Timed are the set-ups, sent again, and every request of every case, in the record's order.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TypeVar
from urllib.parse import urlsplit

from conformance.connection import Answer
from conformance.model import Case, Exchange, Record
from conformance.redact import Redactor
from conformance.render import body_of, credentials_of
from conformance.targets import Arranged, ProviderStates
from conformance.transport import Transport, origin_of

T = TypeVar("T")
_ID = re.compile(rb'"id": ?(\d+)')


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that is ready; ``created`` says which of the case's earlier requests made what its path ends with."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None
    status: int | None
    created: int | None = None


class _Noting(Transport):
    """Remembers the set-ups that pass."""

    def __init__(self) -> None:
        super().__init__()
        self.setups: list[Sent] = []

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send, and note what was sent."""
        self.setups.append(Sent(method, urlsplit(url).path, dict(headers), body, 200))
        return super().send(method, url, headers, body)


def replay(base_url: str, cases: Sequence[Case], records: Sequence[Record], concurrency: int) -> tuple[float, int, int]:
    """Seconds, requests, and how many were answered with another status than in the record."""
    states = f"{origin_of(base_url)}/_conformance/provider-states"
    noting = _Noting()
    arranger = ProviderStates(noting, states, {}, Redactor())
    by_id = {case.id: case for case in cases}
    chains: list[list[Sent]] = []
    for at in range(0, len(records), arranger.batch):
        batch = [record for record in records[at : at + arranger.batch] if record.binding is not None]
        worlds = arranger.arrange([(by_id[each.case], each.binding.token) for each in batch if each.binding])
        for record in batch:
            world = worlds[record.case]
            assert isinstance(world, Arranged)
            chains.append(list(_requests(by_id[record.case], record, world, urlsplit(base_url).path)))
    noting.close()
    setups = [[each] for each in noting.setups]
    started = time.perf_counter()
    others = sum(_side_by_side(base_url, setups, concurrency)) + sum(_side_by_side(base_url, chains, concurrency))
    return time.perf_counter() - started, len(setups) + sum(map(len, chains)), others


def _requests(case: Case, record: Record, world: Arranged, prefix: str) -> Iterator[Sent]:
    assert record.binding is not None
    old, new = record.binding, world.binding
    ids = {
        place: {number: getattr(new, kind)[symbol] for symbol, number in getattr(old, kind).items()}
        for place, kind in (("data-collections", "collections"), ("datasets", "datasets"), ("runs", "runs"))
    }
    made: dict[int, int] = {}
    for index, each in enumerate(record.exchanges):
        if each.op == "create":
            request = case.steps[each.stage].requests[int(each.about)]
            headers = {"content-type": request.content_type} if request.content_type else {}
            if request.credentials is not None:
                headers["authorization"] = credentials_of(request.credentials, world.keys)
            if each.status == 201 and (found := _ID.search(each.response_body)):
                made[int(found[1])] = index
            yield Sent("POST", f"{prefix}/data-collections", headers, body_of(request, new), each.status)
        else:
            yield _read(each, ids, made, world.keys[each.who], prefix)


def _read(each: Exchange, ids: Mapping[str, Mapping[int, int]], made: Mapping[int, int], key: str, prefix: str) -> Sent:
    headers = {"authorization": f"Bearer {key}"}
    place, _, number = each.path.strip("/").partition("/")
    if not number:
        return Sent("GET", prefix + each.path, headers, None, each.status)
    if int(number) in made and place == "data-collections":
        return Sent("GET", f"{prefix}/{place}/", headers, None, each.status, made[int(number)])
    return Sent("GET", f"{prefix}/{place}/{ids[place][int(number)]}", headers, None, each.status)


def _side_by_side(base_url: str, chains: Sequence[Sequence[Sent]], concurrency: int) -> list[int]:
    """Each chain in one go, on as many threads as there are connections."""
    parts = urlsplit(base_url)
    waiting: SimpleQueue[Sequence[Sent]] = SimpleQueue()
    for each in chains:
        waiting.put(each)
    others: list[int] = []

    def work() -> None:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
        for chain in _until_empty(waiting):
            others.append(_send(connection, chain))
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(concurrency)]
    _each(threads, threading.Thread.start)
    _each(threads, threading.Thread.join)
    return others


def _each(threads: Sequence[threading.Thread], act: Callable[[threading.Thread], None]) -> None:
    for thread in threads:
        act(thread)


def _until_empty(waiting: SimpleQueue[T]) -> Iterator[T]:
    while True:
        try:
            yield waiting.get_nowait()
        except Empty:
            return


def _send(connection: http.client.HTTPConnection, chain: Sequence[Sent]) -> int:
    """How many were answered otherwise than in the record."""
    made: dict[int, str] = {}
    others = 0
    for index, each in enumerate(chain):
        path = each.path if each.created is None else each.path + made.get(each.created, "0")
        connection.request(each.method, path, each.body, dict(each.headers))
        answer = connection.getresponse()
        body = answer.read()
        if each.method == "POST" and answer.status == 201 and (found := _ID.search(body)):
            made[index] = found[1].decode()
        others += answer.status != each.status
    return others
