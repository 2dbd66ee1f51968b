"""Where specification and tables lie: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_DATA = _PACKAGE / "_data" if (_PACKAGE / "_data").is_dir() else _PACKAGE.parent
SPEC = _DATA / "spec"
SCENARIOS = _DATA / "scenarios"
GENERATED = SCENARIOS / "generated.yaml"
CHECKOUT = _PACKAGE.parent if (_PACKAGE.parent / "pyproject.toml").is_file() else None
"""The checkout's root, where there is one: mutants and tests are not packaged."""


def shown(path: Path) -> str:
    """The path as a person would type it: relative to the specification's root, where it lies below."""
    return str(path.relative_to(_DATA)) if path.is_relative_to(_DATA) else str(path)
