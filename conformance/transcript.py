"""The transcript: JSON lines, each chained to the one before, closed by a footer that proves the record whole.

A line is ``{"chain": sha256(previous chain + payload), "data": payload}``. The first payload is the header,
the last ``{"footer": ...}``; between them stands one record a case.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from conformance.codec import decode, encode
from conformance.errors import Interrupted, TranscriptRefused, UsageError
from conformance.model import Record
from conformance.records import Place, Records, again, taken

FORMAT = 1
_BEFORE = '{"chain":"'


@dataclass(frozen=True, slots=True)
class Header:
    """What was run, so that the same plan can be made again; digests are SHA-256 in hexadecimal."""

    base_url: str
    suite: str
    catalogue: str
    depth: str
    seed: int
    run_id: str
    started: str
    """UTC, ISO 8601."""
    selection: tuple[str, ...] | None = None
    """Ids of the planned cases where only a part was run; None: all of them."""
    digests: Mapping[str, str] = field(default_factory=dict)
    bodies: tuple[bytes, ...] = ()
    """The bodies that were drawn, since drawing depends on more than the seed."""
    drawings: tuple[bytes, ...] = ()
    """What the drawn worlds were made from, for the same reason."""
    notes: tuple[str, ...] = ()
    """What a reader must know of how the run was made."""
    held_to: str = ""
    """The version of the catalogue that the run is held to; empty: this one."""
    command: str = ""
    """What runs it again, without the selection."""
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Footer:
    """Closes a transcript: how many records, and how long the run took in seconds."""

    records: int
    seconds: float
    aborted: str = ""
    """Why the run ended early; empty when it did not."""
    notes: tuple[str, ...] = ()
    """What the clean-up left behind."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript as read back; ``footer`` is None where the run was cut off."""

    header: Header
    records: Sequence[Record]
    footer: Footer | None
    digest: str
    """The last chain value: the digest of the whole record."""

    @property
    def again(self) -> int:
        """How many more attempts there were than cases."""
        return again(self.records)

    @property
    def aborted(self) -> str:
        """Why the run ended early; empty when it did not."""
        return self.footer.aborted if self.footer else "the transcript has no footer: the run was cut off"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of how the run was made and what it left."""
        return self.header.notes + (self.footer.notes if self.footer else ())


class Writer:
    """Appends to a transcript; safe to share between threads."""

    def __init__(self, stream: IO[str], header: Header) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._size = 0
        self.chain = ""
        """The last chain value."""
        self.places: list[Place] = []
        """Where the records stand."""
        self._write(encode(header))

    def add(self, record: Record) -> None:
        """Append one case's record."""
        payload = encode(record)
        with self._lock:
            start = self._size
            self.places.append(_place(start, self._write(payload), record))

    def close(self, seconds: float, aborted: str = "", notes: tuple[str, ...] = ()) -> Footer:
        """Write the footer; the stream stays open."""
        with self._lock:
            footer = Footer(len(self.places), round(seconds, 3), aborted, notes)
            self._write({"footer": encode(footer)})
            return footer

    def _write(self, payload: Any) -> int:
        text = json.dumps(payload, ensure_ascii=True, separators=(",", ":"))
        self.chain = _link(self.chain, text)
        line = _line(self.chain, text)
        self._stream.write(line)
        self._stream.flush()
        self._size += len(line)
        return len(line)


def _place(start: int, size: int, record: Record) -> Place:
    """The place of a record whose line, which is ASCII, starts there."""
    before = len(_line("0" * 64, "")) - 2
    return Place(start + before, size - before - 2, record.case, record.repeat, record.attempts, taken(record))


def _line(chain: str, text: str) -> str:
    return f'{_BEFORE}{chain}","data":{text}}}\n'


def _link(previous: str, text: str) -> str:
    return hashlib.sha256((previous + text).encode("ascii")).hexdigest()


def header_of(path: Path) -> Header:
    """The header of the transcript in ``path``; refused as by ``read``."""
    with _opened(path) as stream:
        return _header(path, _payloads(path, stream))[0]


def read(path: Path, each: Callable[[Record], None] = lambda record: None) -> Transcript:
    """The transcript in ``path``; TranscriptRefused names the line that was edited, dropped or swapped.

    ``each`` gets every record in turn; afterwards they are read from the file again where they are asked for.
    Half a last line, or no footer, is what a killed run leaves: what is whole is returned, without a footer.
    Interrupted where not even the header is whole.
    """
    with _opened(path) as stream:
        lines = _payloads(path, stream)
        header, digest, start = _header(path, lines)
        places: list[Place] = []
        footer: Footer | None = None
        for number, payload, digest, size in lines:  # noqa: B007 - the last one is the digest
            if footer is not None:
                raise TranscriptRefused(f"{path}:{number}: a line follows the footer")
            if isinstance(payload, dict) and "footer" in payload:
                footer = _typed(path, number, Footer, payload["footer"])
            else:
                record = _typed(path, number, Record, payload)
                places.append(_place(start, size, record))
                each(record)
            start += size
    if footer is not None and footer.records != len(places):
        raise TranscriptRefused(f"{path}: the footer counts {footer.records} records, and {len(places)} stand here")
    return Transcript(header, Records(path, places), footer, digest)


def _opened(path: Path) -> IO[str]:
    try:
        return path.open(encoding="utf-8", errors="surrogateescape", newline="\n")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _header(path: Path, lines: Iterator[tuple[int, Any, str, int]]) -> tuple[Header, str, int]:
    """The header, its chain value, and where the next line begins."""
    first = next(lines, None)
    if first is None:
        raise Interrupted(f"{path}: the run was cut off before its header was written: there is nothing to judge")
    _, payload, digest, size = first
    header: Header = _typed(path, 1, Header, payload)
    if header.format != FORMAT:
        raise TranscriptRefused(f"{path}:1: transcript format {header.format} is not {FORMAT}")
    return header, digest, size


def _payloads(path: Path, stream: IO[str]) -> Iterator[tuple[int, Any, str, int]]:
    """Line number, payload, chain value and length of each line."""
    chain = ""
    for number, line in enumerate(stream, 1):
        if not line.endswith("\n") and (line + _BEFORE[len(line) :]).startswith(_BEFORE):
            return  # half a line: the run was killed while it wrote
        given, text = line[len(_BEFORE) :][:64], line[len(_line("0" * 64, "")) - 2 : -2]
        try:
            if line != _line(given, text):
                raise ValueError
            payload = json.loads(text)
            chain = _link(chain, text)
        except (ValueError, RecursionError):
            raise TranscriptRefused(f"{path}:{number}: this is not a line of a transcript") from None
        if given != chain:
            raise TranscriptRefused(f"{path}:{number}: the line was edited, or one before it dropped or swapped")
        yield number, payload, chain, len(line)


def _typed(path: Path, number: int, kind: type[Any], payload: Any) -> Any:
    try:
        return decode(kind, payload)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise TranscriptRefused(f"{path}:{number}: not a {kind.__name__.lower()}: {error}") from None
