"""Racing requests are all there before any is answered."""

from __future__ import annotations

import http.server
import threading

from conformance.connection import Answer, NetworkTrouble
from conformance.race import Racer, race
from conformance.transport import Transport


def test_all_racers_arrive_before_one_is_answered() -> None:
    barrier = threading.Barrier(5)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            barrier.wait(10)
            self.send_response(201)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/x"
        results = race([Racer(url, {}, b"%d" % n) for n in range(5)], Transport())
        server.shutdown()
    assert [each.body for each in results if isinstance(each, Answer)] == [b"0", b"1", b"2", b"3", b"4"]


def test_nobody_there_is_a_result() -> None:
    (result,) = race([Racer("http://127.0.0.1:1/x", {}, b"{}")], Transport())
    assert isinstance(result, NetworkTrouble)
    assert result.kind == "refused"
