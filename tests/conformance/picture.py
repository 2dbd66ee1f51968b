"""The picture of docs/architecture.md, made from the imports; `python -m tests.conformance.picture` writes it anew."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/architecture.md"
BEGIN, END = "<!-- imports: begin -->\n", "<!-- imports: end -->\n"


def imported(path: Path) -> set[str]:
    """The dotted names that a module imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return found


def rooms() -> dict[str, set[str]]:
    """Each module of the harness, a package counting as one (``judge/``), with the rooms that it imports."""
    package = ROOT / "conformance"
    names = {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    names |= {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    found: dict[str, set[str]] = {name: set() for name in names}
    for path in package.rglob("*.py"):
        inside = path.relative_to(package)
        room = f"{inside.parts[0]}/" if len(inside.parts) > 1 else inside.stem
        if room in found:
            found[room] |= {_room(name, names) for name in imported(path)} - {"", room}
    return found


def _room(name: str, names: set[str]) -> str:
    parts = name.split(".")
    if parts[0] != "conformance" or len(parts) == 1:
        return ""
    return next((each for each in (parts[1], f"{parts[1]}/") if each in names), "")


def layers() -> list[list[str]]:
    """The rooms from the outermost in: each imports rooms of later layers only; ValueError where they go in a circle."""
    left = rooms()
    found: list[list[str]] = []
    while left:
        free = sorted(room for room, needs in left.items() if not needs & set(left))
        if not free:
            raise ValueError(f"imports go in a circle among {', '.join(sorted(left))}")
        found.append(free)
        left = {room: needs for room, needs in left.items() if room not in free}
    return found[::-1]


def picture() -> str:
    """The layers as text, outermost first."""
    lines = []
    for number, layer in enumerate(layers()):
        arrow = "   " if number == 0 else " ▼ "
        lines += textwrap.wrap("  ".join(layer), 110, initial_indent=arrow, subsequent_indent="   ")
    return "```text\n" + "\n".join(lines) + "\n```\n"


def document() -> str:
    """The document with the picture of now between its marks."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return before + BEGIN + picture() + END + after


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
