"""A server that notes what it is asked and answers everything alike."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

Answer = tuple[int, Mapping[str, str], bytes]


@dataclass
class Listener:
    """What came: "METHOD PATH" of each request, in order, its headers, and the client's port."""

    origin: str
    requests: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)


@contextmanager
def listening(
    answer: Callable[[str], Answer] = lambda request: (404, {}, b"{}"), tls: ssl.SSLContext | None = None
) -> Iterator[Listener]:
    """The server while it runs; ``answer`` gets "METHOD PATH"."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            listener.requests.append(f"{self.command} {self.path}")
            listener.headers.append({name.lower(): value for name, value in self.headers.items()})
            listener.ports.append(self.client_address[1])
            status, headers, body = answer(listener.requests[-1])
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = handle_any

        def log_message(self, format: str, *args: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        listener = Listener(f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}")
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a refused handshake is no news here
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()
