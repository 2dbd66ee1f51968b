"""The templates' environment: every value is escaped, a name that is not given is an error."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_HERE = Path(__file__).resolve().parent
STYLES = (_HERE / "top.css", _HERE / "base.css")
"""The styles that pages share, in the order in which they are read."""


def environment(templates: Path, finalize: Callable[[Any], Any] | None = None) -> Environment:
    """An environment for the folder ``templates``; ``finalize`` sees every value before it is escaped."""
    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finalize,
    )
