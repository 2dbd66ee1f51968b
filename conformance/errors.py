"""The error tree and the exit status that each branch means.

ConformanceError
├── UsageError            2  a wrong option, file, table or specification
│   └── SourceError       2  a mistake in a YAML or JSON file, with file:line
├── TargetUnreachable     3  nothing answers, or nothing usable does
├── SetupRefused          3  a world cannot be arranged
├── Interrupted           3  Ctrl-C, or the end that the system asked for
├── LimitReached          3  the user's limit of requests or of time
├── TranscriptRefused     2  a record that was edited, or that belongs to other tables
├── NothingSelected       5
└── HarnessError          4  the suite's own fault
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path


class Exit(IntEnum):
    """Exit status of the command line."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    USAGE = 2
    INCOMPLETE = 3
    HARNESS = 4
    NOTHING_SELECTED = 5


class ConformanceError(Exception):
    """Base of every error that the suite raises on purpose; its text is one clear sentence."""

    exit = Exit.HARNESS


class UsageError(ConformanceError):
    """What the user gave is wrong."""

    exit = Exit.USAGE


class SourceError(UsageError):
    """A mistake in a source file, located."""

    def __init__(self, path: Path | str, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")


class TargetUnreachable(ConformanceError):
    """The target, or its provider-state URL, does not answer in a usable way."""

    exit = Exit.INCOMPLETE


class SetupRefused(ConformanceError):
    """The provider-state URL did not arrange a world."""

    exit = Exit.INCOMPLETE


class Interrupted(ConformanceError):
    """The user, or the system, ended the run."""

    exit = Exit.INCOMPLETE


class LimitReached(ConformanceError):
    """A limit that the user set on the run, in requests or in seconds."""

    exit = Exit.INCOMPLETE


class TranscriptRefused(UsageError):
    """A transcript that cannot be judged: edited, or recorded with other tables."""


class NothingSelected(ConformanceError):
    """No case matches the selection."""

    exit = Exit.NOTHING_SELECTED


class HarnessError(ConformanceError):
    """A defect of the suite."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """UsageError where a file or folder that the user named cannot be written."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None


def defect(error: BaseException) -> HarnessError:
    """What is told of an unforeseen exception: its kind and place, since its text may hold what a target sent."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "?"
    return HarnessError(f"a defect of the suite: {type(error).__name__} in {place}")
