"""Before the first case: does the target answer, do its keys work, how many connections does it serve at once?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from conformance.attempt import Execution, created_id
from conformance.capacity import served_at_once
from conformance.connection import WAITED, Answer, NetworkTrouble
from conformance.errors import TargetUnreachable
from conformance.marks import token_of
from conformance.model import Case, Request, Source, Step, User, World
from conformance.targets import Unarranged
from conformance.transport import BUSY, SPARE, pause, retry_after

TRIES = 4
"""Requests that are sent until one is answered: a wrong port is to be told within a second."""
PATIENCE = 2
"""The same where an answer did not come in time."""
RACERS = 8
"""Connections that a race may need."""
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


def preflight(on: Execution) -> None:
    """The transport learns how many connections there may be; TargetUnreachable where going on makes no sense."""
    url = f"{on.base_url}/data-collections"
    first = _answer(lambda: on.transport.send("GET", url, {}), f"{on.base_url} does not answer", on, {})
    wanted = max(on.concurrency + SPARE, RACERS)
    if (room := served_at_once(on.transport, url, wanted, first.elapsed)) < wanted:
        on.transport.crowded(url, room)
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
            waits += trouble.kind in WAITED
        if attempt == TRIES or waits == PATIENCE:
            break
        pause(attempt, wait)
    raise TargetUnreachable(f"{problem}: {why}")
