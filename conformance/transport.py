"""The one place that sends: one httpx client a worker thread, answers bounded in size and time."""

from __future__ import annotations

import math
import ssl
import threading
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpx

from conformance.allowance import LONGEST_HOLD, Allowance, Limits
from conformance.errors import UsageError

MAX_ANSWER = 4 * 1024 * 1024
"""Bytes of an answer that are kept; what is longer is cut and marked."""

BUSY = frozenset({429, 502, 503, 504})
"""Statuses that say something about the way to the target, not about the page: what was asked is asked again."""

RESENT = 2
"""Times that a request is sent again which a rate limit refused (429 with Retry-After): it was not carried out."""

FIRST_PAUSE = 0.1
"""Seconds before a second attempt; each later one is twice as long."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: header names in lower case, at most MAX_ANSWER bytes of body, seconds it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool
    elapsed: float


class NetworkTrouble(Exception):
    """No answer: ``kind`` is refused (no connection), closed (connection lost), timeout, or protocol."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Tls:
    """Who signs the target's certificate (a PEM file), our own certificate and key, and whether theirs is checked."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    verify: bool = True


def context_of(tls: Tls) -> ssl.SSLContext:
    """The TLS context; UsageError where a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=tls.ca) if tls.ca else httpx.create_ssl_context(trust_env=False)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"tls: a certificate or key cannot be used: {error}") from None
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def retry_after(answer: Answer, most: float = 10.0) -> float:
    """Seconds to wait, at most ``most``; one where the answer gives a date."""
    try:
        asked = float(answer.headers.get("retry-after", "0.2"))
    except ValueError:
        return 1.0
    return 1.0 if math.isnan(asked) else min(max(asked, 0.1), most)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL; UsageError where it is not an http(s) URL."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("http", "https") or not parts.hostname or port == -1:
        raise UsageError(f"{url!r} is not an http or https URL")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def unpacked(body: bytes, encoding: str) -> tuple[bytes, bool]:
    """The body without the gzip or deflate that nobody asked for, and whether it was cut at MAX_ANSWER."""
    if encoding.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return body, False
    unpack = zlib.decompressobj(wbits=47)
    try:
        return unpack.decompress(body, MAX_ANSWER), bool(unpack.unconsumed_tail)
    except zlib.error:
        return body, False


def pause(attempt: int, asked: float = 0.0) -> None:
    """Wait before an attempt is made again: what was asked for, or longer each time, so that an outage can end."""
    threading.Event().wait(max(asked, FIRST_PAUSE * 2.0 ** (attempt - 1)))


class _Clock:
    """When the answer that is being waited for must be complete (``time.monotonic``)."""

    until = 0.0

    def left(self) -> float:
        return max(self.until - time.monotonic(), 0.001)


class _Timed:
    """A connection, or what opens them, whose reads and writes end with the time that the whole answer has.

    httpx limits each read by itself: a target that sends a byte now and then would keep it for ever.
    """

    def __init__(self, inner: Any, clock: _Clock) -> None:
        self._inner = inner
        self._clock = clock

    def connect_tcp(self, *args: Any, **kwargs: Any) -> _Timed:
        return _Timed(self._inner.connect_tcp(*args, **kwargs), self._clock)

    def start_tls(self, *args: Any, **kwargs: Any) -> _Timed:
        return _Timed(self._inner.start_tls(*args, **kwargs), self._clock)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = self._inner.read(max_bytes, self._clock.left())
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._clock.left())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Transport:
    """Sends requests; safe to share between threads."""

    def __init__(
        self,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        tls: Tls | None = None,
        proxy: str | None = None,
    ) -> None:
        self.headers = dict(headers or {})
        self.limits = limits or Limits()
        self.allowance = Allowance(self.limits)
        self.proxy = proxy
        self._local = threading.local()
        self._clients: list[httpx.Client] = []
        self.context = context_of(tls or Tls())

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """One request, one answer; NetworkTrouble when none comes. Redirects are answers, never followed."""
        for _ in range(RESENT):
            answer = self._send(method, url, headers, body)
            if not self.must_wait(answer):
                return answer
        return self._send(method, url, headers, body)

    def must_wait(self, answer: Answer) -> bool:
        """Whether a rate limit refused the request; nothing is then sent before the time that it names."""
        if answer.status != 429 or "retry-after" not in answer.headers:
            return False
        self.allowance.hold(retry_after(answer, LONGEST_HOLD))
        return True

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        self.allowance.take()
        started = time.monotonic()
        sent = {"accept": "application/json", "accept-encoding": "identity", **self.headers, **headers}
        raw = [(name.encode("ascii"), value.encode("utf-8")) for name, value in sent.items()]
        try:
            client = self._client()
            self._local.clock.until = started + self.limits.answer
            with client.stream(method, url, headers=raw, content=body) as response:
                content, truncated = self._read(response, started)
        except httpx.ConnectError as error:
            raise NetworkTrouble("refused", f"no connection to {origin_of(url)}: {error}") from None
        except httpx.TimeoutException as error:
            waited = time.monotonic() - started
            raise NetworkTrouble("timeout", f"{type(error).__name__} after {waited:.1f} s") from None
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            raise NetworkTrouble("closed", f"the connection was lost: {error}") from None
        except httpx.HTTPError as error:
            raise NetworkTrouble("protocol", f"not an HTTP answer: {error}") from None
        answered = {name.lower(): value for name, value in response.headers.items()}
        content, cut = unpacked(content, answered.get("content-encoding", ""))
        truncated = truncated or cut
        return Answer(response.status_code, answered, content, truncated, time.monotonic() - started)

    def _read(self, response: httpx.Response, started: float) -> tuple[bytes, bool]:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_raw():
            chunks.append(chunk[: MAX_ANSWER - size])
            size += len(chunk)
            if size > MAX_ANSWER:
                return b"".join(chunks), True
            if time.monotonic() - started > self.limits.answer:
                raise httpx.ReadTimeout("the answer was not complete in time")
        return b"".join(chunks), False

    def _client(self) -> httpx.Client:
        client: httpx.Client | None = getattr(self._local, "client", None)
        if client is None:
            timeout = httpx.Timeout(self.limits.answer, connect=self.limits.connect)
            transport = httpx.HTTPTransport(verify=self.context, trust_env=False, proxy=self.proxy)
            clock = _Clock()
            transport._pool._network_backend = _Timed(transport._pool._network_backend, clock)  # type: ignore[assignment]
            # a cookie that one answer sets must not go out with another user's request
            no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
            client = httpx.Client(
                timeout=timeout, transport=transport, cookies=no_cookies, trust_env=False, follow_redirects=False
            )
            self._local.client = client
            self._local.clock = clock
            self._clients.append(client)
        return client

    def close(self) -> None:
        """Close every connection; the next request opens a new one."""
        clients, self._clients, self._local = self._clients, [], threading.local()
        for client in clients:
            client.close()
