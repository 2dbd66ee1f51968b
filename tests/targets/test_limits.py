"""How far the suite goes: consent, dry run, limits, 429, redirects, TLS, proxy. All over real sockets."""

from __future__ import annotations

import itertools
import ssl
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme
import yaml

from conformance.allowance import Allowance, Limits
from conformance.consent import is_loopback
from conformance.errors import LimitReached
from conformance.race import Racer, race
from conformance.transport import UNNAMED, Tls, Transport
from tests.conformance.conftest import Command
from tests.targets.conftest import Deployment
from tests.targets.listening import listening

FEW = ("--depth", "quick", "-k", "pro-n7z or vis-a3k or nam-b9m")

# ---------------------------------------------------------------- consent


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "api.localhost"])
def test_this_machine_may_be_written_to(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "api.example.com", "localhost.example.com", "0.0.0.0", "127.0.0.1.nip.io"]
)
def test_another_machine_may_not(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    "arguments, host",
    [
        (("--base-url", "http://api.invalid/api/v1"), "api.invalid"),
        (("--base-url", "http://api.invalid/api/v1", "--yes-write-to", "other.invalid"), "api.invalid"),
        (("--base-url", "http://127.0.0.1:1/api/v1", "--provider-states", "http://states.invalid/"), "states.invalid"),
    ],
)
def test_without_consent_nothing_is_sent(conformance: Command, arguments: tuple[str, ...], host: str) -> None:
    run = conformance("certify", "--depth", "quick", "-k", "pro-n7z", *arguments)
    assert run.returncode == 2
    assert run.stderr.startswith(f"conformance: {host} is not this machine") and len(run.stderr.splitlines()) == 1
    assert f"--yes-write-to {host}" in run.stderr


@pytest.mark.parametrize("where", ["option", "file"])
def test_with_consent_the_target_is_asked(conformance: Command, tmp_path: Path, where: str) -> None:
    target = {"base_url": "http://api.invalid/api/v1", **({"write_to": "api.invalid"} if where == "file" else {})}
    (tmp_path / "target.yaml").write_text(yaml.safe_dump(target))
    option = ("--yes-write-to", "api.invalid") if where == "option" else ()
    run = conformance("certify", "--target", "target.yaml", "--depth", "quick", "-k", "pro-n7z", *option)
    assert run.returncode == 3
    assert "http://api.invalid/api/v1 does not answer" in run.stderr


# ---------------------------------------------------------------- dry run


def test_a_dry_run_prints_the_requests_and_sends_nothing(
    deployment: Deployment, tmp_path: Path, conformance: Command
) -> None:
    with listening() as listener:
        document = {**deployment.document(), "base_url": f"{listener.origin}/api/v1"}
        (tmp_path / "target.yaml").write_text(yaml.safe_dump(document))
        select = ("--depth", "quick", "-k", "pro-a3k.1 or con-a2k.1 or aut-b2m or nam-t1j.1")
        run = conformance("certify", "--target", "target.yaml", *select, "--dry-run", **deployment.environment)
        states = conformance("certify", "--base-url", f"{listener.origin}/api/v1", *select, "--dry-run")
    assert run.returncode == states.returncode == 0, run.stderr + states.stderr
    assert listener.requests == []
    base, organization = f"{listener.origin}/api/v1", deployment.organizations["acme"]
    lines = run.stdout.splitlines()
    assert f"POST {base}/datasets" in lines and f"POST {base}/data-collections" in lines
    assert f'  {{"org_id": {organization}}}' in lines
    assert any(line.startswith(f"PUT {base}/datasets/9000") for line in lines)
    assert any(line.startswith(f"DELETE {base}/data-collections/9000") for line in lines)
    assert "  authorization: Bearer $ANN_KEY" in lines
    assert any(line.startswith("# 4 requests at once") for line in lines)
    assert any("not tested: a name goes out without the run's mark" in line for line in lines)
    assert f"POST {listener.origin}/_conformance/provider-states" in states.stdout
    for user in deployment.users.values():
        key = user["api_key"]
        assert key not in run.stdout and key[:-1] not in run.stdout and key[: len(key) // 2] not in run.stdout


# ---------------------------------------------------------------- limits


def test_the_limit_of_requests_ends_the_run_and_clean_up_goes_on(
    deployment: Deployment, tmp_path: Path, conformance: Command
) -> None:
    before = deployment.names()
    file = deployment.file(tmp_path, limits={"requests": 150})
    run = conformance("certify", "--target", file, "--depth", "quick", **deployment.environment)
    assert run.returncode == 3, run.stderr
    assert "the limit of 150 requests in all is reached" in run.stdout
    assert " passed" in run.stdout
    assert deployment.names() == before


def test_no_more_requests_are_sent_than_the_limits_allow() -> None:
    with listening() as listener:
        transport = Transport(limits=Limits(requests=5))
        for _ in range(5):
            transport.send("GET", listener.origin, {})
        with pytest.raises(LimitReached, match="5 requests"):
            transport.send("GET", listener.origin, {})
        with transport.allowance.lifted():
            transport.send("GET", listener.origin, {})
        transport.close()
    assert len(listener.requests) == 6


def test_requests_keep_the_pace_from_all_threads() -> None:
    allowance = Allowance(Limits(per_second=50))
    started = time.monotonic()
    threads = [threading.Thread(target=lambda: [allowance.take() for _ in range(5)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started >= 19 / 50
    assert allowance.sent == 20


def test_after_the_time_is_over_nothing_is_sent() -> None:
    allowance = Allowance(Limits(per_second=1000, seconds=0.005))
    with pytest.raises(LimitReached, match="seconds in all"):
        for _ in range(100):
            allowance.take()
    assert 0 < allowance.sent < 100


def test_stopping_wakes_whoever_waits() -> None:
    allowance = Allowance(Limits(per_second=0.01))
    allowance.take()
    caught: list[BaseException] = []

    def wait() -> None:
        try:
            allowance.take()
        except LimitReached as stopped:
            caught.append(stopped)

    thread = threading.Thread(target=wait)
    thread.start()
    allowance.stop()
    thread.join(5)
    assert caught and not thread.is_alive()


def test_a_rate_limit_holds_everything_back_and_the_request_is_sent_again() -> None:
    numbers = itertools.count()

    def busy(_: str) -> tuple[int, Mapping[str, str], bytes]:
        return (429, {"retry-after": "0.4"}, b"") if next(numbers) == 0 else (200, {}, b"{}")

    with listening(busy) as listener:
        transport = Transport()
        started = time.monotonic()
        answer = transport.send("POST", listener.origin, {}, b"{}")
        transport.close()
    assert answer.status == 200 and len(listener.requests) == 2
    assert time.monotonic() - started >= 0.4


def test_a_rate_limit_is_kept_once_it_has_shown_itself() -> None:
    lock, tokens, since = threading.Lock(), 10.0, time.monotonic()
    statuses: list[int] = []

    def limited(_: str) -> tuple[int, Mapping[str, str], bytes]:
        """A bucket of ten tokens, filled by a hundred a second."""
        nonlocal tokens, since
        with lock:
            now = time.monotonic()
            tokens, since = min(tokens + 100 * (now - since), 10.0), now
            statuses.append(200 if tokens >= 1 else 429)
            tokens -= tokens >= 1
            return statuses[-1], {"retry-after": "0.2"}, b"{}"

    with listening(limited) as listener, ThreadPoolExecutor(16) as pool:
        transport = Transport()
        answers = list(pool.map(lambda _: transport.send("GET", listener.origin, {}).status, range(200)))
        transport.close()
    assert answers.count(429) < 10 and statuses[-100:].count(429) < 10


def test_a_rate_limit_that_is_gone_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    allowance = Allowance(Limits())

    def seconds(requests: int) -> float:
        allowance.take()
        started = time.monotonic()
        for _ in range(requests):
            allowance.take()
        return time.monotonic() - started

    monkeypatch.setattr("conformance.allowance.EASING", 1.0)
    for _ in range(2):
        seconds(10)
        allowance.refused(0.05)
    slow = seconds(5)
    monkeypatch.setattr("conformance.allowance.EASING", 0.5)
    seconds(15)
    assert slow > 0.02 > seconds(5)


def test_refusals_after_a_few_requests_each_show_no_pace() -> None:
    allowance = Allowance(Limits())
    for _ in range(3):
        for _ in range(4):
            allowance.take()
        allowance.refused(0.05)
    allowance.take()
    started = time.monotonic()
    for _ in range(5):
        allowance.take()
    assert time.monotonic() - started < 0.02


def test_a_rate_limit_that_never_ends_is_an_answer() -> None:
    with listening(lambda _: (429, {"retry-after": "0"}, b"")) as listener:
        transport = Transport()
        assert transport.send("GET", listener.origin, {}).status == 429
        transport.close()
    assert len(listener.requests) == 3


def test_a_rate_limit_that_names_no_time_is_waited_for_a_second() -> None:
    with listening(lambda _: (429, {}, b"")) as listener:
        transport = Transport()
        started = time.monotonic()
        assert transport.send("POST", listener.origin, {}, b"{}").status == 429
        transport.close()
    assert len(listener.requests) == 3 and time.monotonic() - started >= 2 * UNNAMED


def test_an_overloaded_server_gets_its_time_and_a_post_is_not_sent_twice() -> None:
    with listening(lambda _: (503, {"retry-after": "0.2"}, b"")) as listener:
        transport = Transport()
        started = time.monotonic()
        assert transport.send("POST", listener.origin, {}, b"{}").status == 503
        assert transport.send("GET", listener.origin, {}).status == 503
        transport.close()
    assert len(listener.requests) == 4 and time.monotonic() - started >= 0.6


# ---------------------------------------------------------------- redirects, TLS, proxy


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(status: int) -> None:
    with listening() as elsewhere, listening(lambda _: (status, {"location": elsewhere.origin}, b"")) as listener:
        transport = Transport()
        headers = {"authorization": "Bearer sk_secret"}
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert transport.send(method, f"{listener.origin}/x", headers, b"{}").status == status
        (raced,) = race([Racer(f"{listener.origin}/x", headers, b"{}")], transport)
        assert raced.status == status  # type: ignore[union-attr]
        transport.close()
    assert elsewhere.requests == [] and len(listener.requests) == 5


def test_a_proxy_is_used_by_plain_and_by_racing_requests() -> None:
    with listening(lambda _: (200, {}, b"{}")) as proxy:
        way = proxy.origin.replace("//", "//me:secret@")
        transport = Transport(proxy=way)
        transport.send("GET", "http://api.invalid/x", {})
        race([Racer("http://api.invalid/y", {}, b"{}")], transport)
        transport.close()
    assert proxy.requests == ["GET http://api.invalid/x", "POST http://api.invalid/y"]
    assert [each["proxy-authorization"] for each in proxy.headers] == ["Basic bWU6c2VjcmV0"] * 2


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_tls_believes_the_given_authority_and_shows_our_certificate(authority: trustme.CA, tmp_path: Path) -> None:
    mine = authority.issue_cert("me@example.test")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    mine.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "me.pem"))
    with secure(authority, ask=True) as url:
        tls = Tls(ca=str(tmp_path / "ca.pem"), certificate=str(tmp_path / "me.pem"))
        transport = Transport(tls=tls)
        assert transport.send("GET", url, {}).status == 200
        (raced,) = race([Racer(f"{url}/x", {}, b"{}")], transport)
        assert raced.status == 200  # type: ignore[union-attr]
        transport.close()
        stranger = Transport(tls=Tls(ca=str(tmp_path / "ca.pem")))
        with pytest.raises(Exception, match=r"connection|certificate"):
            stranger.send("GET", url, {})
        stranger.close()


def test_unverified_tls_is_said_in_the_report(
    deployment: Deployment, authority: trustme.CA, tmp_path: Path, conformance: Command
) -> None:
    file = deployment.file(tmp_path, tls={"verify": False})
    run = conformance("certify", "--target", file, *FEW, "--report-dir", "report", **deployment.environment)
    assert "note: TLS certificates were not verified" in run.stdout
    assert "TLS certificates were not verified" in (tmp_path / "report/report.json").read_text()
    with secure(authority) as url:
        transport = Transport(tls=Tls(verify=False))
        assert transport.send("GET", url, {}).status == 200
        transport.close()


class secure:
    """An https server with a certificate of ``authority``; it may ask for ours."""

    def __init__(self, authority: trustme.CA, ask: bool = False) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(self.context)
        if ask:
            authority.configure_trust(self.context)
            self.context.verify_mode = ssl.CERT_REQUIRED

    def __enter__(self) -> str:
        self.inner = listening(lambda _: (200, {}, b"{}"), self.context)
        return self.inner.__enter__().origin

    def __exit__(self, *_: object) -> None:
        self.inner.__exit__(None, None, None)
