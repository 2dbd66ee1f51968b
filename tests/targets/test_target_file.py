"""The target file: mistakes at their line, secrets from elsewhere and nowhere shown, precedence."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import ConformanceError, SourceError
from conformance.options import Given, settings_of
from conformance.targets.target_file import load_target

GOOD = """base_url: https://api.example.com/api/v1/
documented_api: {runs: true}
personas:
  ann: {key: "env:ANN_KEY", organization: 3}
  cat:
    key: file:cat.key
    organization: null
headers: {X-Stage: "env:STAGE", X-Plain: blue}
limits: {concurrency: 2, per_second: 5, requests: 100, seconds: 60, answer: 3}
tls: {ca: ca.pem, verify: false}
proxy: http://127.0.0.1:3128
write_to: api.example.com
"""
SECRETS = {"ANN_KEY": "sk_secret_of_ann", "STAGE": "secret-stage"}


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "target.yaml"
    path.write_text(text)
    (folder / "ca.pem").touch()
    (folder / "cat.key").write_text("sk_secret_of_cat\n")
    (folder / "cat.key").chmod(mode)
    return path


def test_everything_that_a_target_file_says(tmp_path: Path) -> None:
    target = load_target(write(tmp_path, GOOD), SECRETS)
    assert target.accounts is not None
    ann, cat = target.accounts.personas
    assert (ann.key, ann.shown, ann.organization, ann.known) == ("sk_secret_of_ann", "$ANN_KEY", 3, True)
    assert (cat.key, cat.organization, cat.known) == ("sk_secret_of_cat", None, True)
    assert target.base_url == "https://api.example.com/api/v1"
    assert target.headers == {"x-stage": "secret-stage", "x-plain": "blue"}
    assert target.tls.ca == str(tmp_path / "ca.pem") and not target.tls.verify
    assert target.limits.requests == 100 and target.concurrency == 2
    assert set(target.secrets.values()) == {"sk_secret_of_ann", "sk_secret_of_cat", "secret-stage"}
    assert "secret" not in repr(target)


@pytest.mark.parametrize(
    "old, new, line, words",
    [
        ("write_to:", "writeto:", 12, "unknown: writeto"),
        ("organization: 3", "organization: three", 4, "at personas/ann/organization"),
        ('"env:ANN_KEY"', "sk_secret_of_ann", 4, "at personas/ann/key"),
        ('{key: "env:ANN_KEY", organization: 3}', "sk_secret_of_ann", 4, "at personas/ann"),
        ('"env:ANN_KEY"', '"env:NOBODYS_KEY"', 4, "the environment has no NOBODYS_KEY"),
        ("file:cat.key", "file:none.key", 6, "cannot be read: No such file"),
        ("file:cat.key", "env:ANN_KEY", 5, "two have one key"),
        (
            "documented_api: {runs: true}",
            "documented_api: {}\nprovider_states: https://x.test/",
            1,
            "one of provider_states and documented_api alone",
        ),
        ("  cat:\n", "  ann:\n", 5, "stands twice"),
        ("requests: 100", "requests: 0", 9, "minimum"),
        ("personas:", "known: {datasets: [{id: 7, owner: eve}]}\npersonas:", 3, "there is no persona 'eve'"),
        ("personas:", "known: {datasets: [{id: 7}]}\npersonas:", 3, "has an organization"),
        ("proxy: http", "proxy: socks", 11, "pattern"),
        ("ca: ca.pem", "ca: none.pem", 10, "there is no file"),
        ("https://api.example.com/api/v1/", "https://api.example.com:99999/api/v1", 1, "not an http or https URL"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_no_value(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(SourceError) as caught:
        load_target(write(tmp_path, GOOD.replace(old, new)), SECRETS)
    assert str(caught.value).startswith(f"{tmp_path}/target.yaml:{line}: "), caught.value
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(SourceError, match=r"target\.yaml:6: .*chmod 600"):
        load_target(write(tmp_path, GOOD, mode), SECRETS)


def test_a_key_that_no_header_can_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="printable ASCII") as caught:
        load_target(write(tmp_path, GOOD), {**SECRETS, "ANN_KEY": "sk_secret\nx: y"})
    assert "sk_secret" not in str(caught.value)


def test_an_option_wins_over_the_file_and_what_neither_says_has_a_default(tmp_path: Path) -> None:
    target = load_target(write(tmp_path, GOOD), SECRETS)
    plain = settings_of(Given(), target)
    assert (plain.base_url, plain.concurrency, plain.timeout) == ("https://api.example.com/api/v1", 2, 3.0)
    assert plain.limits.per_second == 5 and plain.limits.answer == 3.0
    given = Given(base_url="http://127.0.0.1/x", concurrency=7, timeout=9.0, headers={"x-plain": "red"})
    chosen = settings_of(given, target)
    assert (chosen.base_url, chosen.concurrency, chosen.limits.answer) == ("http://127.0.0.1/x", 7, 9.0)
    assert chosen.headers == {"x-stage": "secret-stage", "x-plain": "red"}
    assert settings_of(Given(base_url="http://127.0.0.1/x"), None).concurrency == 32


def test_provider_states_by_option_contradict_a_file_of_accounts(tmp_path: Path) -> None:
    target = load_target(write(tmp_path, GOOD), SECRETS)
    with pytest.raises(ConformanceError, match="documented API"):
        settings_of(Given(provider_states="http://127.0.0.1/s"), target)
