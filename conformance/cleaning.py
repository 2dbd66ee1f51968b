"""``conformance clean``: rows that runs left on accounts of a target file, found by the mark in their names."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.certification import Settings, redactor_of, transport_of
from conformance.connection import NetworkTrouble
from conformance.consent import require_consent
from conformance.errors import SetupRefused, UsageError
from conformance.targets.client import Client, Refused
from conformance.targets.discovery import discover
from conformance.targets.sweeping import marked_rows


def clean(settings: Settings) -> Iterator[tuple[str, bool]]:
    """Remove every marked row of every persona: a line each, and whether it is gone; SetupRefused without an answer."""
    if settings.accounts is None:
        raise UsageError("only what was arranged through the documented API is left to clean: provider states are not")
    require_consent(settings.write_to, settings.base_url)
    transport = transport_of(settings)
    client = Client(transport, settings.base_url, redactor_of(settings))
    removed = 0
    try:
        for persona in (each for each in settings.accounts.personas if not each.revoked):
            found = discover(client, persona)
            if found.problem:
                raise SetupRefused(f"{persona.place}: the key of {persona.name} does not work: {found.problem}")
            for kind, number, name in list(marked_rows(client, found.persona)):
                try:
                    client.call(persona, "DELETE", f"/{kind}/{number}")
                except Refused as refused:
                    if refused.status != 404:
                        yield f"not removed: /{kind}/{number} of {persona.name}: {refused}", False
                        continue
                removed += 1
                yield f"removed: /{kind}/{number} of {persona.name}: {name!r}", True
    except (NetworkTrouble, Refused) as trouble:
        raise SetupRefused(f"{settings.base_url}: {trouble}") from None
    finally:
        transport.close()
    yield f"{removed} rows removed", True
