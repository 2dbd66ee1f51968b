"""Before the first case: does the target answer, do its keys work, does it serve two connections at once?"""

from __future__ import annotations

import threading
from dataclasses import replace

from conformance.errors import TargetUnreachable
from conformance.execute import Execution, token_of
from conformance.model import Case, Request, Source, Step, User, World
from conformance.targets import Unarranged
from conformance.transport import NetworkTrouble, Transport

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


def preflight(on: Execution) -> Execution:
    """The execution to go on with; TargetUnreachable in one sentence where going on makes no sense."""
    url = f"{on.base_url}/data-collections"
    try:
        on.transport.send("GET", url, {})
    except NetworkTrouble as trouble:
        raise TargetUnreachable(f"{on.base_url} does not answer: {trouble}") from None
    on = _one_at_a_time(on, url)
    arranged = on.arranger.arrange([(PROBE, token_of(on.run_id, "preflight"))])[PROBE.id]
    if isinstance(arranged, Unarranged):
        raise TargetUnreachable(arranged.trouble or "the target cannot arrange one user in one organization")
    body = PROBE.steps[0].requests[0].body.replace("${@}", arranged.binding.token).encode()
    headers = {"authorization": f"Bearer {arranged.keys['alice']}", "content-type": "application/json"}
    try:
        answer = on.transport.send("POST", url, headers, body)
    except NetworkTrouble as trouble:
        raise TargetUnreachable(f"POST {url} is not answered: {trouble}") from None
    if answer.status in (401, 403):
        raise TargetUnreachable(
            f"{url} refuses the key that {on.arranger.url} gave ({answer.status}): do both belong to one deployment?"
        )
    on.arranger.remove([arranged])
    return on


def _one_at_a_time(on: Execution, url: str) -> Execution:
    """Servers that serve one connection at a time get each connection closed after use."""
    stuck: list[NetworkTrouble] = []
    patient = Transport(on.transport.headers, replace(on.transport.limits, answer=5.0))

    def second() -> None:
        try:
            patient.send("GET", url, {})
        except NetworkTrouble as trouble:
            stuck.append(trouble)

    thread = threading.Thread(target=second)
    thread.start()
    thread.join()
    patient.close()
    if not stuck:
        return on
    on.transport.close()
    on.transport.headers["connection"] = "close"
    return replace(on, concurrency=1)
