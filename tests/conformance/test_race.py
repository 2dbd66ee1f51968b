"""Racing requests are all there before any is answered."""

from __future__ import annotations

import http.server
import threading

import pytest

from conformance.connection import Answer, NetworkTrouble
from conformance.race import Racer, _in_two, race
from conformance.transport import Transport

BODIES = [b"0", b"12", "3é".encode(), "4数5".encode(), "😀67".encode()]


@pytest.mark.parametrize("body, held", [("{}", 1), ("é12", 3), ("数", 1), ("😀é1", 2)])
def test_a_request_is_cut_within_its_last_character_of_several_bytes(body: str, held: int) -> None:
    first, last = _in_two(b"POST /x HTTP/1.1\r\n\r\n" + body.encode())
    assert len(last) == held and (first + last).endswith(body.encode())


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
        results = race([Racer(url, {}, each) for each in BODIES], Transport())
        server.shutdown()
    assert [each.body for each in results if isinstance(each, Answer)] == BODIES


def test_nobody_there_is_a_result() -> None:
    (result,) = race([Racer("http://127.0.0.1:1/x", {}, b"{}")], Transport())
    assert isinstance(result, NetworkTrouble)
    assert result.kind == "refused"
