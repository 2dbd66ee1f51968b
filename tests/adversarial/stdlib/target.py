"""Runs one behaviour: python target.py [--port N] [--behaviour NAME]."""

from __future__ import annotations

import argparse
import contextlib
import socket
from http.client import responses
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

from api import Answer, Api
from base import Refusal
from behaviours import REGISTRY


class Server(HTTPServer):
    def __init__(self, port: int, api: Api) -> None:
        self.api = api
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are no news."""


class ManyAtATime(ThreadingHTTPServer, Server):
    daemon_threads = True
    request_queue_size = 256


class Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    timeout = 120
    server: Server

    def setup(self) -> None:
        self.protocol_version = self.server.api.target.protocol
        super().setup()

    def serve(self) -> None:
        api = self.server.api
        try:
            raw = self.read_body(api.target.max_body)
        except Refusal as refusal:
            self.send(api.refuse(refusal.status, refusal.message), close=True)
            self.linger()
            return
        self.send(api.handle(self.command, self.path, self.headers, raw))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = serve

    def read_body(self, most: int) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self.read_chunks(most)
        text = self.headers.get("Content-Length", "0").strip()
        if not (text.isascii() and text.isdigit()):
            raise Refusal(400, "Content-Length is not a number.")
        if int(text) > (most if "_conformance" not in self.path else 2**40):
            raise Refusal(413, "The body is too large.")
        return self.rfile.read(int(text))

    def read_chunks(self, most: int) -> bytes:
        parts: list[bytes] = []
        total = 0
        while True:
            try:
                size = int(self.rfile.readline(100).split(b";")[0], 16)
            except ValueError:
                raise Refusal(400, "Bad chunk.") from None
            total += size
            if total > most:
                raise Refusal(413, "The body is too large.")
            parts.append(self.rfile.read(size))
            line = self.rfile.readline(1000)
            if size == 0:
                while line not in (b"\r\n", b"\n", b""):
                    line = self.rfile.readline(1000)
                return b"".join(parts)

    def send(self, answer: Answer, close: bool = False) -> None:
        """Headers and body in one write: two would wait for each other's acknowledgement."""
        self.close_connection = self.close_connection or close
        head = [
            f"{self.protocol_version} {answer.status} {responses.get(answer.status, 'Unknown')}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.body)}",
            f"Date: {self.date_time_string()}",
        ]
        if answer.status == 401:
            head.append("WWW-Authenticate: Bearer")
        if self.close_connection:
            head.append("Connection: close")
        body = b"" if self.command == "HEAD" else answer.body
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)

    def linger(self) -> None:
        """Reads what is still coming, or the reset would overtake the answer."""
        self.connection.settimeout(1)
        try:
            self.connection.shutdown(socket.SHUT_WR)
            while self.connection.recv(65536):
                pass
        except OSError:
            pass

    def log_message(self, *args: object) -> None:
        """Quiet."""


def start(behaviour: str = "base", port: int = 0) -> Server:
    target = REGISTRY[behaviour].target()
    return (Server if target.one_at_a_time else ManyAtATime)(port, Api(target))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--behaviour", default="base", choices=sorted(REGISTRY), metavar="NAME")
    options = parser.parse_args()
    server = start(options.behaviour, options.port)
    print(f"listening on http://127.0.0.1:{server.server_address[1]}/api/v1", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
