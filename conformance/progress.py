"""Progress on stderr: one rewritten line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

from typing import TextIO


class Progress:
    """Called with (done, of)."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._shown = -1

    def __call__(self, done: int, of: int) -> None:
        """Show how far the run is, at most once a percent (a tenth where nobody watches)."""
        share = 100 * done // of
        step = share if self._terminal else share // 25
        if step == self._shown:
            return
        self._shown = step
        width = 30 * done // of
        if self._terminal:
            end = "\n" if done == of else ""
            self._stream.write(f"\r[{'█' * width}{'·' * (30 - width)}] {done}/{of} cases{end}")
        else:
            self._stream.write(f"{done}/{of} cases carried out\n")
        self._stream.flush()
