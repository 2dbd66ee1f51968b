"""`python -m reference_impl [--port N] [--database FILE]`: serve on the loopback interface until told to stop."""

import argparse
import signal
import socket
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import uvicorn

from reference_impl.app import PREFIX, create_app
from reference_impl.store import Store
from reference_impl.writes import ROUTES


class AnnouncingServer(uvicorn.Server):
    """A server that says where it is, in one line on stdout, as soon as it accepts connections."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to accept, then say so."""
        await super().startup(sockets)
        assert sockets
        port = sockets[0].getsockname()[1]
        print(f"reference implementation at http://127.0.0.1:{port}{PREFIX}", flush=True)


def main() -> None:
    """Serve, on a temporary database when none is given."""
    parser = argparse.ArgumentParser(prog="python -m reference_impl", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0, the default, takes a free one")
    parser.add_argument("--database", type=Path, help="SQLite file; a temporary one when not given")
    arguments = parser.parse_args()
    # uvicorn stops gracefully and then raises the signal again: exit with 0, through the clean-up below.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        listener = listen(arguments.port)
    except (OSError, OverflowError) as error:
        parser.error(f"cannot listen on port {arguments.port}: {error}")
    with TemporaryDirectory(prefix="reference-impl-") as directory:
        serve(arguments.database or Path(directory) / "reference.sqlite", listener)


def stop(_number: int, _frame: Any) -> None:
    """Leave as if all work were done."""
    sys.exit(0)


def listen(port: int) -> socket.socket:
    """A socket on the loopback interface."""
    # asyncio switches Nagle's delay off only where it reads TCP here, and not the default 0.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    return listener


def serve(database: Path, listener: socket.socket) -> None:
    """Answer requests until a signal comes."""
    with closing(Store(database)) as store:
        config = uvicorn.Config(
            create_app(store, ROUTES),
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_keep_alive=120,
            timeout_graceful_shutdown=2,
        )
        AnnouncingServer(config).run([listener])


if __name__ == "__main__":
    main()
