"""A browser for the tests of pages; laws are not timed: a busy machine breaks none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.browser import chromium

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One a module: while it runs, no other event loop can."""
    with chromium() as running:
        yield running
