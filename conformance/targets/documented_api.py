"""Worlds arranged through documented operations alone, with the keys of accounts that other rows may live in.

Every name carries the run's mark. What was made is noted at once and removed when its case is over; what then is still
there (an answer was lost, a run was interrupted) is found by its mark when the run ends.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.connection import NetworkTrouble
from conformance.errors import ConformanceError, SetupRefused
from conformance.marks import mark_of, token_of
from conformance.model import Binding, Case
from conformance.redact import Redactor
from conformance.render import NEAR_MISSES, near_miss
from conformance.targets.accounts import Accounts, Persona
from conformance.targets.arranging import Arranged, Unarranged
from conformance.targets.client import Client, Refused, field
from conformance.targets.discovery import discover
from conformance.targets.feasible import Cast, feasible
from conformance.targets.steps import Maker, Misarranged
from conformance.targets.sweeping import marked_rows
from conformance.targets.target_file import Upload
from conformance.transport import Transport, pause

ATTEMPTS = 3
"""Times that a world is begun anew, under other names, when an answer was lost."""
TRIES = 3
"""Times that a deletion is sent."""
LEAST_TELLING = 8
"""Characters from which on half a key tells something."""


@dataclass(frozen=True, slots=True)
class Made:
    """A row that the suite made: ``datasets`` or ``data-collections``, its id and whose it is."""

    kind: str
    id: int
    persona: Persona


class DocumentedApi:
    """Arranges and removes worlds on one deployment; safe to share between threads."""

    def __init__(
        self,
        transport: Transport,
        base_url: str,
        accounts: Accounts,
        upload: Upload,
        redactor: Redactor,
        run_id: str,
    ) -> None:
        self._client = Client(transport, base_url, redactor)
        self.accounts = accounts
        self._upload = upload
        self._run_id = run_id
        self._lock = threading.Lock()
        self._made: dict[str, list[Made]] = {}
        for persona in accounts.personas:
            redactor.guard({persona.shown: persona.key})
            # what a target repeats of a key that is nearly right is nearly the key
            nearly = {f"near-{persona.shown}-{each}": near_miss(persona.key, each) for each in NEAR_MISSES}
            redactor.guard({name: key for name, key in nearly.items() if len(key) >= LEAST_TELLING})

    @property
    def place(self) -> str:
        """What arranges, in words."""
        return f"the documented API at {self._client.base_url}"

    @property
    def batch(self) -> int:
        """One: what an account holds stays little."""
        return 1

    def prepare(self) -> None:
        """Find out who the personas are; SetupRefused where a key does not work or an organization is unknown."""
        found = []
        for persona in self.accounts.personas:
            found.append(persona if persona.revoked else self._introduced(persona))
        self.accounts = replace(self.accounts, personas=tuple(found))

    def _introduced(self, persona: Persona) -> Persona:
        try:
            seen = discover(self._client, persona)
            if seen.problem:
                raise SetupRefused(f"{persona.place}: the key of {persona.name} does not work: {seen.problem}")
            persona = seen.persona
            if persona.id is None or persona.email is None:
                persona = self._told_by_a_row(persona)
        except (NetworkTrouble, Refused) as trouble:
            raise SetupRefused(f"{persona.place}: who {persona.name} is was not told: {trouble}") from None
        if not persona.known:
            raise SetupRefused(
                f"{persona.place}: no row tells the organization of {persona.name}: declare it (`organization: 3`)"
            )
        return persona

    def _told_by_a_row(self, persona: Persona) -> Persona:
        """The owner of a dataset that is made for this, and removed."""
        token = token_of(self._run_id, f"who is {persona.name}")
        fields = {"name": f"who {token}", "selected_metrics": json.dumps(self._upload.selected_metrics)}
        row = self._client.upload(persona, fields, self._upload.csv)
        number, email = field(row, "user", "id"), field(row, "user", "email")
        if type(field(row, "id")) is int:
            self._client.call(persona, "DELETE", f"/datasets/{row['id']}")
        if type(number) is not int or not isinstance(email, str):
            raise Refused(201, "POST /datasets answered without user.id and user.email")
        return replace(persona, id=number, email=email)

    # ------------------------------------------------------------ worlds

    def arrange(self, cases: Sequence[tuple[Case, str]]) -> dict[str, Arranged | Unarranged]:
        """Arrange each case's world, given with its token; the result has one entry a case."""
        return {case.id: self._arrange(case, token) for case, token in cases}

    def _arrange(self, case: Case, token: str) -> Arranged | Unarranged:
        with self._lock:
            cast = feasible(case, self.accounts)
            if isinstance(cast, Unarranged):
                return cast
            used = list(cast.known.values())
            left = tuple(each for each in self.accounts.datasets if each not in used)
            self.accounts = replace(self.accounts, datasets=left)
        trouble = ""
        for attempt in range(1, ATTEMPTS + 1):
            fresh = token if attempt == 1 else token_of(self._run_id, f"{token}/{attempt}")
            try:
                return self._stand(case, cast, fresh)
            except (Refused, Misarranged) as refused:
                self._remove_all([fresh])
                if isinstance(refused, Refused) and refused.status >= 500:
                    return Unarranged(trouble=f"a world was not arranged: {refused}")
                return Unarranged(untested=f"it cannot be arranged here: {refused}")
            except NetworkTrouble as lost:
                trouble = f"a world was not arranged: {lost}"
                self._remove_all([fresh])
                if attempt < ATTEMPTS:
                    pause(attempt)
        return Unarranged(trouble=trouble)

    def _stand(self, case: Case, cast: Cast, token: str) -> Arranged:
        def note(kind: str, number: int, persona: Persona) -> None:
            with self._lock:
                self._made.setdefault(token, []).append(Made(kind, number, persona))

        maker = Maker(self._client, case, cast, token, self._upload, note)
        maker.make()
        users = cast.users
        binding = Binding(
            token=token,
            organizations=cast.organizations,
            users={symbol: each.id or 0 for symbol, each in users.items()},
            emails={symbol: each.email or "" for symbol, each in users.items()},
            collections=maker.collections,
            datasets=maker.datasets,
            runs=maker.runs,
            names=maker.names,
            shared_accounts=True,
        )
        return Arranged(binding, {symbol: each.key for symbol, each in users.items()})

    # ------------------------------------------------------------ removing

    def created(self, arranged: Arranged, who: str, collection: int) -> None:
        """Note a collection that a case made."""
        key = arranged.keys[who]
        persona = next(each for each in self.accounts.personas if each.key == key)
        with self._lock:
            self._made.setdefault(arranged.binding.token, []).append(Made("data-collections", collection, persona))

    def remove(self, arranged: Sequence[Arranged]) -> None:
        """Delete what was made for these worlds and in them."""
        self._remove_all([each.binding.token for each in arranged])

    def close(self) -> tuple[str, ...]:
        """Delete what is left of the run, also what only its mark tells; sentences about what stays."""
        try:
            with self._lock:
                tokens = list(self._made)
            self._remove_all(tokens)
            stays = [each for rows in self._made.values() for each in rows]
            stays += [each for each in self._swept() if each not in stays]
        except KeyboardInterrupt:
            return ("the clean-up was interrupted: `conformance clean --target FILE` removes what is left",)
        except (ConformanceError, NetworkTrouble, Refused) as problem:
            return (f"the clean-up did not end ({problem}): `conformance clean --target FILE` removes what is left",)
        return tuple(f"not removed: /{each.kind}/{each.id} of {each.persona.name}" for each in stays)

    def _swept(self) -> Iterator[Made]:
        """Rows with the run's mark that are still there, and stay after one more attempt."""
        mark = mark_of(self._run_id)
        for persona in self.accounts.personas:
            if persona.revoked or not persona.known:
                continue
            for kind, number, name in marked_rows(self._client, persona):
                made = Made(kind, number, persona)
                if mark in name and not self._delete(made):
                    yield made

    def _remove_all(self, tokens: Sequence[str]) -> None:
        for token in tokens:
            for row in reversed(self._made.get(token, [])):
                if self._delete(row):
                    with self._lock:
                        self._made[token].remove(row)
            with self._lock:
                if not self._made.get(token):
                    self._made.pop(token, None)

    def _delete(self, row: Made) -> bool:
        """Whether the row is gone."""
        for attempt in range(1, TRIES + 1):
            try:
                self._client.call(row.persona, "DELETE", f"/{row.kind}/{row.id}")
                return True
            except Refused as refused:
                return refused.status == 404
            except NetworkTrouble:
                if attempt < TRIES:
                    pause(attempt)
        return False
