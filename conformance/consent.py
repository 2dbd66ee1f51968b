"""Whether a host may be written to: this machine always, another only when the user names it."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from conformance.errors import UsageError


def is_loopback(host: str) -> bool:
    """Whether the name is this machine's by what it says; no name is looked up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def require_consent(write_to: Sequence[str], *urls: str) -> None:
    """UsageError where a URL's host is another machine that the user did not allow to be written to."""
    for url in urls:
        host = urlsplit(url).hostname or ""
        if not is_loopback(host) and host not in (each.lower() for each in write_to):
            raise UsageError(
                f"{host} is not this machine, and certifying writes: collections and datasets are made there. "
                f"If it may be written to, add --yes-write-to {host} (or `write_to: {host}` in the target file)"
            )
