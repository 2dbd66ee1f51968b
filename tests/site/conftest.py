"""The site built once: its files, and a folder of them that a browser opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.site.build import site, write
from conformance.site.sources import Sources, load_sources


@pytest.fixture(scope="session")
def sources() -> Sources:
    return load_sources()


@pytest.fixture(scope="session")
def files(sources: Sources) -> dict[str, bytes]:
    return site(sources)


@pytest.fixture(scope="session")
def folder(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "deeper"
    write(files, out)
    return out
