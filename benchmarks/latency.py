"""Latency: the same target behind a proxy that delays each request by 0, 20 and 80 ms.

    .venv/bin/python -m benchmarks.latency

Three figures for each delay: the run; what its requests would take if waiting were all (requests × delay ÷ requests at
a time); and one request at a time, which is measured on a part of the rows and carried over to all.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.common import Limits, arguments, conformance, end, table, target
from conformance.options import CONCURRENCY
from conformance.transcript import read

GOAL_FLOOR, GOAL_SERIAL = 1.3, 20.0
JUDGED_AT = 0.08
PART = ("-k", "vis-a or pro-a")
"""The rows that are sent one request at a time."""


@contextmanager
def delaying(base_url: str, seconds: float) -> Iterator[str]:
    """The base URL of a proxy that hands each request on after so many seconds."""
    parts = urlsplit(base_url)
    loop = asyncio.new_event_loop()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                if delay:
                    await asyncio.sleep(delay)
                writer.write(data)
        writer.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.gather(pass_on(reader, back, seconds), pass_on(there, writer, 0.0))

    server = loop.run_until_complete(asyncio.start_server(meet, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{parts.path}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        server.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def certify(url: str, *options: str) -> tuple[float, int]:
    """Seconds of the run by its own clock, and its requests; start-up and drawing do not wait for a target."""
    with tempfile.TemporaryDirectory() as folder:
        conformance("certify", "--base-url", url, "--report-dir", folder, *options)
        transcript = read(Path(folder) / "transcript.jsonl")
        assert transcript.footer is not None
        return transcript.footer.seconds, sum(len(record.exchanges) for record in transcript.records)


def main() -> None:
    """Measure, print, and say what is far off."""
    short = arguments(__doc__ or "").short
    limits = Limits([])
    rows = []
    depth = ("--depth", "quick", "-k", "vis or pro or att") if short else ()
    part = ("--depth", "quick", "-k", "pro-a3k") if short else ("--depth", "quick", *PART)
    for delay in (JUDGED_AT,) if short else (0.0, 0.02, JUDGED_AT):
        with target() as url, delaying(url, delay) as slow:
            seconds, requests = certify(slow, *depth)
            alone, few = certify(slow, *part, "--concurrency", "1")
        floor, serial = requests * delay / CONCURRENCY, alone / few * requests
        over = seconds / floor if floor else None
        rows.append((f"{delay * 1000:.0f} ms", requests, seconds, floor, over or "", serial, serial / seconds))
        if over and delay == JUDGED_AT:
            limits.at_most("a run over its waiting at 80 ms", over, GOAL_FLOOR)
            limits.at_least("one at a time over a run at 80 ms", serial / seconds, GOAL_SERIAL)
    head = ("delay", "requests", "run, s", "waiting alone, s", "ratio", "one at a time, s", "times faster")
    print(table(head, rows))
    end(limits)


if __name__ == "__main__":
    main()
