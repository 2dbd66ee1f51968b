"""The records of a transcript, read from its file when they are looked at: all of them together need no memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, overload

from conformance.codec import decode
from conformance.model import Record


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record's JSON stands in the file, and what is asked of many records at once."""

    start: int
    size: int
    case: str
    repeat: int
    attempts: int
    elapsed: tuple[float, ...]
    """Seconds that each answer took."""


class Records(Sequence[Record]):
    """Those at ``places``, which may grow while a run is recorded; each look at one decodes it anew."""

    def __init__(self, path: Path, places: Sequence[Place]) -> None:
        self.path = path
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Record]:
        return self._read(list(self._places))

    @overload
    def __getitem__(self, at: int) -> Record: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Record]: ...

    def __getitem__(self, at: int | slice) -> Record | Sequence[Record]:
        if isinstance(at, slice):
            return tuple(self._read(self._places[at]))
        return next(self._read([self._places[at]]))

    def of(self, wanted: Callable[[str], bool]) -> Iterator[Record]:
        """The records, repetitions too, of the cases with such an id."""
        return self._read([each for each in self._places if wanted(each.case)])

    @property
    def elapsed(self) -> Iterator[tuple[str, int, tuple[float, ...]]]:
        """Case, repetition, and the seconds that each of its answers took."""
        return ((each.case, each.repeat, each.elapsed) for each in self._places)

    @property
    def attempts(self) -> Iterator[int]:
        """How often each was tried."""
        return (each.attempts for each in self._places)

    def _read(self, places: Sequence[Place]) -> Iterator[Record]:
        if not places:
            return
        with self.path.open("rb") as stream:
            for each in places:
                yield decode(Record, _json(stream, each))


def _json(stream: IO[bytes], place: Place) -> Any:
    stream.seek(place.start)
    return json.loads(stream.read(place.size))


def records_of(records: Sequence[Record], wanted: Callable[[str], bool]) -> Iterator[Record]:
    """The records of the cases with such an id, without looking at the others where they lie in a file."""
    return records.of(wanted) if isinstance(records, Records) else (each for each in records if wanted(each.case))


def again(records: Sequence[Record]) -> int:
    """How many more attempts there were than records."""
    attempts = records.attempts if isinstance(records, Records) else (each.attempts for each in records)
    return sum(attempts) - len(records)


def elapsed_of(records: Sequence[Record]) -> Iterator[tuple[str, int, tuple[float, ...]]]:
    """Case, repetition, and the seconds that each of its answers took."""
    if isinstance(records, Records):
        return records.elapsed
    return ((each.case, each.repeat, taken(each)) for each in records)


def taken(record: Record) -> tuple[float, ...]:
    """The seconds that each of a record's answers took."""
    return tuple(each.elapsed for each in record.exchanges)
