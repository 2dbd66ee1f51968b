"""What a run is to be, from options, environment and target file, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from conformance.certification import Settings, default_provider_states
from conformance.depth import Depth
from conformance.errors import UsageError
from conformance.spec import load_catalogue
from conformance.targets.target_file import Target
from conformance.transport import origin_of

CONCURRENCY = 32
ON_SHARED_ACCOUNTS = 4
"""Requests at a time where nothing is said, and the deployment is not a test's own."""


@dataclass(frozen=True, slots=True)
class Given:
    """Options and environment; None or empty where nothing is said. Header values may be secret."""

    base_url: str | None = None
    provider_states: str | None = None
    depth: Depth = "standard"
    seed: int = 0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    state_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    concurrency: int | None = None
    timeout: float | None = None
    report_dir: Path | None = None
    write_to: tuple[str, ...] = ()
    catalogue: str = ""
    confirm: int = 0


def settings_of(given: Given, target: Target | None) -> Settings:
    """The settings of a run; UsageError where an option makes no sense or contradicts the target file."""
    if target and target.accounts and given.provider_states:
        raise UsageError(f"{target.path} arranges worlds through the documented API: --provider-states says otherwise")
    load_catalogue().held_to(given.catalogue)
    base_url = given.base_url or (target.base_url if target else None)
    if base_url is None:
        raise UsageError("a base URL is needed: --base-url or --target")
    origin_of(base_url)
    if urlsplit(base_url).query or urlsplit(base_url).fragment:
        raise UsageError("the base URL has a query or a fragment: paths are to follow it")
    if "@" in urlsplit(base_url).netloc:
        raise UsageError("the base URL holds a user name or a password, which would stand in every report")
    states = given.provider_states or (target.provider_states if target else None) or default_provider_states(base_url)
    origin_of(states)
    at_a_time = ON_SHARED_ACCOUNTS if target and target.accounts else CONCURRENCY
    return Settings(
        base_url=base_url.rstrip("/"),
        provider_states=states,
        depth=given.depth,
        seed=given.seed,
        headers={**(target.headers if target else {}), **given.headers},
        state_headers={**(target.state_headers if target else {}), **given.state_headers},
        concurrency=given.concurrency or (target.concurrency if target else None) or at_a_time,
        timeout=given.timeout or (target.limits.answer if target else 30.0),
        report_dir=given.report_dir,
        held_to=given.catalogue,
        confirm=given.confirm,
        target=target,
        write_to=(*given.write_to, *([target.write_to] if target and target.write_to else [])),
    )
