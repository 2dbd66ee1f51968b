"""One table row becomes its expansions: the values of ``each``, the accepted twin, the rounds of a race."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

RawRow = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Expansion:
    """A row with every value filled in: its id, the raw row, and the id of the refusal that it is the twin of."""

    id: str
    row: RawRow
    twin_of: str | None = None
    again: bool = False
    """Whether this is a later round of the same race, which reads back sparingly."""


class TwinError(ValueError):
    """The twin's path does not lead anywhere in the row."""


def expansions(row: RawRow) -> Iterator[Expansion]:
    """Every case of a row: ``abc-1``, or ``abc-1.2`` where it has several; the first has the twin, ``abc-1.1.twin``."""
    filled = list(_filled(row))
    for number, each in enumerate(filled, 1):
        name = row["id"] if len(filled) == 1 else f"{row['id']}.{number}"
        yield Expansion(name, each, again="rounds" in row and number > 1)
        if "twin" in row and number == 1:
            yield Expansion(f"{name}.twin", _twin(row, each), twin_of=name)


def _filled(row: RawRow) -> Iterator[RawRow]:
    if "rounds" in row:
        for _ in range(row["rounds"]):
            yield row
        return
    if "each" not in row:
        yield row
        return
    ((variable, values),) = row["each"].items()
    if row.get("together"):
        steps = [substitute(step, variable, value, at) for at, value in enumerate(values, 1) for step in row["steps"]]
        yield {**row, "steps": steps}
        return
    for at, value in enumerate(values, 1):
        yield substitute(row, variable, value, at)


def _twin(row: RawRow, filled: RawRow) -> RawRow:
    """The row with the one fact of ``twin.set`` changed, and the expectation of the last step with it.

    Of values that are sent together the twin has the last one alone.
    """
    ((path, value),) = row["twin"]["set"].items()
    if path == "each":
        ((variable, _),) = row["each"].items()
        changed: RawRow = {**row, "steps": [substitute(step, variable, value, 1) for step in row["steps"]]}
    elif row.get("together"):
        last_alone = {**filled, "steps": filled["steps"][-len(row["steps"]) :]}
        changed = _with(last_alone, path.split("."), value)
    else:
        changed = _with(filled, path.split("."), value)
    last = {**changed["steps"][-1], "expect": row["twin"].get("expect", {"status": 201, "visibility": "private"})}
    last.pop("open", None)
    return {**changed, "steps": [*changed["steps"][:-1], last]}


def _with(row: RawRow, path: list[str], value: Any) -> RawRow:
    changed = copy.deepcopy(dict(row))
    spot: Any = changed
    for part in path[:-1]:
        key: str | int = int(part) if isinstance(spot, list) else part
        try:
            spot = spot[key]
        except (KeyError, IndexError, TypeError):
            raise TwinError(f"twin.set: there is no {'.'.join(path)} in the row") from None
    spot[int(path[-1]) if isinstance(spot, list) else path[-1]] = value
    return changed


def substitute(node: Any, variable: str, value: Any, at: int) -> Any:
    """``$variable`` becomes the value, ``$(variable)`` its text inside a string, ``$(at)`` its number."""
    if isinstance(node, Mapping):
        return {key: substitute(each, variable, value, at) for key, each in node.items() if key not in ("each", "twin")}
    if isinstance(node, list):
        if node == [f"${variable}*"]:
            return value
        return [substitute(each, variable, value, at) for each in node]
    if node == f"${variable}":
        return value
    if isinstance(node, str) and "$(" in node:
        return node.replace(f"$({variable})", str(value)).replace("$(at)", str(at))
    return node
