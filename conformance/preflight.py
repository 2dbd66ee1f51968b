"""Before the first case: does the target answer, do its keys work, does it serve two connections at once?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

from conformance.connection import Answer, NetworkTrouble
from conformance.errors import TargetUnreachable
from conformance.execute import Execution, created_id
from conformance.marks import token_of
from conformance.model import Case, Request, Source, Step, User, World
from conformance.targets import Unarranged
from conformance.transport import BUSY, Transport, pause, retry_after

TRIES = 4
"""Requests that are sent until one is answered: a wrong port is to be told within a second."""
PATIENCE = 2
"""The same where an answer did not come in time."""
PROBE = Case(
    id="preflight",
    row="preflight",
    family="preflight",
    title="the target answers with the keys that it gave",
    verifies=(),
    world=World(("acme",), {"alice": User("acme")}),
    steps=(Step((Request("alice", '{"name": "Preflight ${@}"}', "Bearer ${alice}"),)),),
    source=Source("preflight", 1),
)
ALONE = replace(PROBE, world=World((), {"alice": User(None)}))


def preflight(on: Execution) -> Execution:
    """The execution to go on with; TargetUnreachable in one sentence where going on makes no sense."""
    url = f"{on.base_url}/data-collections"
    _answer(lambda: on.transport.send("GET", url, {}), f"{on.base_url} does not answer", on, {})
    on = _one_at_a_time(on, url)
    on.arranger.prepare()
    arranged = on.arranger.arrange([(PROBE, token_of(on.run_id, "preflight"))])[PROBE.id]
    if isinstance(arranged, Unarranged) and not arranged.trouble:  # perhaps nobody is in an organization here
        arranged = on.arranger.arrange([(ALONE, token_of(on.run_id, "preflight"))])[ALONE.id]
    if isinstance(arranged, Unarranged):
        raise TargetUnreachable(
            arranged.trouble
            or f"{on.arranger.place} cannot arrange one user in one organization, nor in none: {_why(arranged)}"
        )
    body = PROBE.steps[0].requests[0].body.replace("${@}", arranged.binding.token).encode()
    headers = {"authorization": f"Bearer {arranged.keys['alice']}", "content-type": "application/json"}
    problem = f"POST {url} is not answered"
    answer = _answer(lambda: on.transport.send("POST", url, headers, body), problem, on, arranged.keys)
    if 300 <= answer.status < 400:
        place = on.redactor.clean_text(answer.headers.get("location", "nowhere")[:200], arranged.keys)
        raise TargetUnreachable(f"POST {url} is redirected ({answer.status}) to {place!r}; redirects are not followed")
    if answer.status in (401, 403):
        raise TargetUnreachable(
            f"{url} refuses the key that {on.arranger.place} gave ({answer.status}): do both belong to one deployment?"
        )
    if (created := created_id(answer.status, answer.body)) is not None:
        on.arranger.created(arranged, "alice", created)
    on.arranger.remove([arranged])
    return on


def _why(unarranged: Unarranged) -> str:
    return unarranged.untested or ", ".join(unarranged.unsupported)


def _answer(send: Callable[[], Answer], problem: str, on: Execution, keys: Mapping[str, str]) -> Answer:
    """The first answer that no gateway gave; TargetUnreachable when none comes in TRIES."""
    waits, wait = 0, 0.0
    for attempt in range(1, TRIES + 1):
        try:
            answer = send()
            if answer.status not in BUSY:
                return answer
            why, wait = f"answered {answer.status}", retry_after(answer)
        except NetworkTrouble as trouble:
            why, wait = on.redactor.clean_text(str(trouble), keys), 0.0
            waits += trouble.kind == "timeout"
        if attempt == TRIES or waits == PATIENCE:
            break
        pause(attempt, wait)
    raise TargetUnreachable(f"{problem}: {why}")


def _one_at_a_time(on: Execution, url: str) -> Execution:
    """Servers that serve one connection at a time get each connection closed after use."""
    limits = on.transport.limits
    patient = Transport(on.transport.headers, replace(limits, answer=min(5.0, limits.answer)))
    served: list[bool] = []

    def second() -> None:
        for _ in range(2):
            try:
                patient.send("GET", url, {})
                served.append(True)
                return
            except NetworkTrouble:
                continue

    thread = threading.Thread(target=second)
    thread.start()
    thread.join()
    patient.close()
    if served:
        return on
    on.transport.close()
    on.transport.headers["connection"] = "close"
    return replace(on, concurrency=1)
