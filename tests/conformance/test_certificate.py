"""Certificates: issued for *conformant* alone, checked without trust in the file, recomputed from the transcript."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.certification import judge_transcript
from conformance.envelope import PAYLOAD_TYPE, opened, public_key, sealed, signed_by, signing_key
from conformance.errors import UsageError
from conformance.paths import SCENARIOS, SPEC
from conformance.report.statement import EXTENSION, build_of, statement
from conformance.verification import Verification, differences, verify
from tests.conformance.conftest import Command, command_line, serving


def openssl(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, cwd=cwd)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys as openssl makes them: ours, somebody else's, and some that are of no use."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ours", "other"):
        openssl("genpkey", "-algorithm", "ed25519", "-out", f"{name}.pem", cwd=folder)
        openssl("pkey", "-in", f"{name}.pem", "-pubout", "-out", f"{name}.pub", cwd=folder)
    openssl("genpkey", "-algorithm", "RSA", "-out", "rsa.pem", cwd=folder)
    openssl("pkey", "-in", "rsa.pem", "-pubout", "-out", "rsa.pub", cwd=folder)
    openssl("pkey", "-in", "ours.pem", "-aes256", "-passout", "pass:secret", "-out", "locked.pem", cwd=folder)
    (folder / "junk.pem").write_text("junk")
    return folder


@pytest.fixture(scope="session")
def issued(tmp_path_factory: pytest.TempPathFactory, keys: Path, reference: str) -> Path:
    """A folder with the report, the transcript and the certificate of a run against the reference."""
    folder = tmp_path_factory.mktemp("issued")
    target = ("certify", "--base-url", reference, "--depth", "quick", "--report-dir", ".")
    wanted = ("--certificate", "deep/c.json", "--sign-key", str(keys / "ours.pem"), "--subject", "2026.11.2")
    run = command_line(folder, *target, *wanted)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "certificate: deep/c.json"
    return folder


def payload_of(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.b64decode(json.loads(path.read_text())["payload"]))
    return document


def signed(folder: Path, document: object, key: Path | None) -> Path:
    """A certificate of somebody who signs whatever there is."""
    path = folder / "made.json"
    path.write_bytes(sealed(json.dumps(document).encode(), signing_key(key) if key else None))
    return path


def test_the_statement_says_what_the_report_says(issued: Path) -> None:
    said, report = payload_of(issued / "deep/c.json"), json.loads((issued / "report.json").read_text())
    assert (said["_type"], said["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "https://in-toto.io/attestation/test-result/v0.1",
    )
    (subject,), predicate = said["subject"], said["predicate"]
    assert (subject["uri"], subject["digest"]) == (report["target"], {"version": "2026.11.2"})
    assert predicate["result"] == "PASSED"
    assert predicate["passedTests"] == [each["id"] for each in report["requirements"]]
    ours = predicate[EXTENSION]
    for name in ("verdict", "class", "suite", "catalogue", "depth", "seed", "started", "transcript", "readings"):
        assert ours[name] == report[name], name
    assert (ours["counts"], ours["heldTo"]) == (report["counts"], report["held_to"])
    assert set(ours["choices"]) == {point.split("/")[0] for point in report["choices"]}
    digests = {each["name"]: each["digest"]["sha256"] for each in predicate["configuration"]}
    assert digests["kills"] == sha256((SPEC / "kills.json").read_bytes()).hexdigest()
    assert digests["spec"] == sha256((SPEC / "openapi.yaml").read_bytes()).hexdigest()
    tables = b"".join(
        path.name.encode() + b"\0" + path.read_bytes() + b"\0" for path in sorted(SCENARIOS.glob("*.yaml"))
    )
    assert digests["tables"] == sha256(tables).hexdigest()
    assert {name: digests[name] for name in report["digests"]} == report["digests"]


def test_openssl_alone_finds_the_signature_good(issued: Path, keys: Path, tmp_path: Path) -> None:
    envelope = json.loads((issued / "deep/c.json").read_text())
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    (tmp_path / "signed").write_bytes(b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload))
    (tmp_path / "signature").write_bytes(base64.b64decode(envelope["signatures"][0]["sig"]))
    arguments = ["-verify", "-pubin", "-rawin", "-in", tmp_path / "signed", "-sigfile", tmp_path / "signature"]
    assert openssl("pkeyutl", *arguments, "-inkey", keys / "ours.pub").returncode == 0
    assert openssl("pkeyutl", *arguments, "-inkey", keys / "other.pub").returncode != 0


def test_what_was_checked_is_told_and_what_was_not(conformance: Command, issued: Path, keys: Path) -> None:
    certificate = str(issued / "deep/c.json")
    bare = conformance("verify", certificate)
    assert bare.returncode == 3
    assert "signature    not checked: no public key was given" in bare.stdout
    assert "verdict      not recomputed: no transcript was given" in bare.stdout
    assert "proves       nothing" in bare.stdout
    whole = conformance(
        *("verify", certificate, "--public-key", str(keys / "ours.pub")),
        *("--transcript", str(issued / "transcript.jsonl")),
    )
    assert whole.returncode == 0, whole.stdout + whole.stderr
    for words in ("signature    valid", "files        page, spec", "every field is as it says", "version 2026.11.2"):
        assert words in whole.stdout
    assert "proves not   that the record is what the target answered" in whole.stdout
    wrong = conformance("verify", certificate, "--public-key", str(keys / "other.pub"))
    assert (wrong.returncode, wrong.stdout) == (1, f"not verified: {certificate}: no signature is of this key\n")


def test_an_unsigned_certificate_is_an_envelope_that_no_key_verifies(issued: Path, keys: Path, tmp_path: Path) -> None:
    path = signed(tmp_path, payload_of(issued / "deep/c.json"), None)
    assert json.loads(path.read_text())["signatures"] == []
    assert "signature    none: the certificate is unsigned" in verify(path, None, None).lines
    refused = verify(path, keys / "ours.pub", None)
    assert refused == Verification((), (f"{path}: the certificate is not signed",))


@given(data=st.data(), payload=st.binary(min_size=1, max_size=200))
def test_a_changed_byte_of_payload_or_signature_is_refused(
    data: st.DataObject, payload: bytes, keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "changed.json"
    path.write_bytes(sealed(payload, signing_key(keys / "ours.pem")))
    key = public_key(keys / "ours.pub")
    assert signed_by(opened(path), key)
    envelope = json.loads(path.read_text())
    holder, name = data.draw(st.sampled_from([(envelope, "payload"), (envelope["signatures"][0], "sig")]))
    content = bytearray(base64.b64decode(holder[name]))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    holder[name] = base64.b64encode(content).decode()
    path.write_text(json.dumps(envelope))
    assert not signed_by(opened(path), key)


@given(data=st.data())
def test_a_changed_character_of_the_file_is_refused_or_means_nothing(
    data: st.DataObject, issued: Path, keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Base64 has idle bits, JSON has blanks, and the key's id is a hint: what is verified is what was signed."""
    text = (issued / "deep/c.json").read_text()
    at = data.draw(st.integers(0, len(text) - 1) | st.integers(len(text) - 300, len(text) - 1))
    path = tmp_path_factory.getbasetemp() / "touched.json"
    path.write_text(text[:at] + data.draw(st.characters(codec="ascii")) + text[at + 1 :])
    try:
        envelope = opened(path)
    except UsageError:
        return
    if signed_by(envelope, public_key(keys / "ours.pub")):
        assert json.loads(envelope.payload) == payload_of(issued / "deep/c.json")
        old, new = json.loads(text), json.loads(path.read_text())
        assert new["payload"].replace("-", "+").replace("_", "/") == old["payload"]


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each leaf of a JSON value: its place, its holder and its key."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in pairs:
        if isinstance(each, (dict, list)) and each:
            yield from leaves(each, f"{place}/{key}")
        else:
            yield f"{place}/{key}", value, key


def test_every_field_is_compared_with_what_the_transcript_gives(issued: Path) -> None:
    said = payload_of(issued / "deep/c.json")
    now = json.loads(json.dumps(statement(judge_transcript(issued / "transcript.jsonl"), {"version": "2026.11.2"})))
    assert not list(differences(said, now))
    count = 0
    for place, holder, key in list(leaves(said)):
        before, holder[key] = holder[key], "another"
        assert len(list(differences(said, now))) == 1, place
        holder[key] = before
        count += 1
    assert count > 100
    assert [place for place, _then, _now in differences({"a": 1, "b": [1]}, {"a": True, "b": [1, 2], "c": 0})] == [
        "a",
        "b",
        "c",
    ]


@pytest.mark.parametrize(
    "field, value, words",
    [
        ("seed", 7, f"predicate.{EXTENSION}.seed is 7, and the transcript gives 0"),
        ("counts", {"passed": 9999}, "counts.passed is 9999"),
        ("notes", ["all is well"], 'notes is ["all is well"], and the transcript gives []'),
        ("transcript", "0" * 64, "transcript.jsonl is not the transcript of this run"),
        ("surplus", 1, "surplus is 1, and the transcript gives null"),
    ],
)
def test_a_signed_lie_does_not_survive_the_transcript(
    issued: Path, keys: Path, tmp_path: Path, field: str, value: object, words: str
) -> None:
    said = payload_of(issued / "deep/c.json")
    said["predicate"][EXTENSION][field] = value
    path = signed(tmp_path, said, keys / "ours.pem")
    assert not verify(path, keys / "ours.pub", None).problems
    (problem,) = verify(path, keys / "ours.pub", issued / "transcript.jsonl").problems
    assert words in problem


@pytest.mark.parametrize("name", ["page", "spec", "catalogue", "tables", "kills"])
def test_other_files_are_named(issued: Path, keys: Path, tmp_path: Path, name: str) -> None:
    said = payload_of(issued / "deep/c.json")
    for each in said["predicate"]["configuration"]:
        if each["name"] == name:
            each["digest"]["sha256"] = "0" * 64
    (problem,) = verify(signed(tmp_path, said, keys / "ours.pem"), keys / "ours.pub", None).problems
    assert problem.startswith(f"{name}: not this suite's")


@pytest.mark.parametrize(
    "text",
    ["", "junk", "[]", "null", "{}", "[" * 99999, '{"payload": 1}', '{"payload": "", "payloadType": "", "signatures": 1}']
    + ['{"payload": "e30=", "payloadType": "text/plain", "signatures": []}', "\x00\udcff"]
    + [f'{{"payload": "{text}", "payloadType": "{PAYLOAD_TYPE}", "signatures": {more}}}' for text, more in (
        ("e30", "[]"), ("e31=", "[]"), ("", "[]"), ("Zm9v", "[]"), ("e30=", "[]"), ("W10=", "[]"), ("e30=", "[1]"),
        ("e30=", '[{"keyid": "x"}]'), ("e30=", '[{"sig": "?"}]'), ("e30=", '[{"sig": 1}]'), ("e30=", '{"a": 1}'),
    )],
    ids=lambda text: text[:60],
)  # fmt: skip
def test_what_is_no_certificate_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError) as refused:
        verify(path, None, None)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


def test_base64_that_only_means_the_same_is_refused(tmp_path: Path) -> None:
    """The last digit of `e30=` has idle bits: `e31=` is read as the same two bytes."""
    path = tmp_path / "c.json"
    for text, good in (
        ("e30=", True),
        ("e31=", False),
        ("e3 0=", False),
        ("e30", False),
        ("Pz8_", True),
        ("Pz8/", True),
    ):
        path.write_text(json.dumps({"payload": text, "payloadType": PAYLOAD_TYPE, "signatures": []}))
        if good:
            assert opened(path).payload in (b"{}", b"???")
        else:
            with pytest.raises(UsageError, match="not a DSSE envelope"):
                opened(path)


def test_files_that_are_no_certificate_or_missing_are_status_two(conformance: Command, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"payload": "\\u001b[31m"}')
    for path, words in (
        ("c.json", "this is not a DSSE envelope"),
        ("none.json", "No such file"),
        (".", "Is a directory"),
    ):
        done = conformance("verify", path)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
        assert words in done.stderr


@pytest.mark.parametrize(
    "name, words",
    [("rsa.pem", "not an ed25519 key"), ("locked.pem", "locked with a password"), ("junk.pem", "no PEM file"), ("ours.pub", "no PEM file"), ("none", "cannot be read")],
)  # fmt: skip
def test_a_key_of_no_use_is_told(keys: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        signing_key(keys / name)


@pytest.mark.parametrize("name, words", [("rsa.pub", "not an ed25519 key"), ("ours.pem", "no PEM file"), ("junk.pem", "no PEM file")])  # fmt: skip
def test_a_public_key_of_no_use_is_told(keys: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        public_key(keys / name)


def test_a_subject_is_a_digest_or_a_version() -> None:
    assert build_of("sha256:" + "a" * 64) == {"sha256": "a" * 64}
    assert build_of("2026.11.2+build 7") == {"version": "2026.11.2+build 7"}
    assert build_of("") == {}
    for bad in ("sha256:abc", "sha256:" + "A" * 64, "x" * 201, " x", "a\x1b[0m", "a\u202eb"):
        with pytest.raises(UsageError, match="--subject"):
            build_of(bad)


def test_options_that_do_not_fit_are_told_before_anything_is_sent(
    conformance: Command, keys: Path, tmp_path: Path
) -> None:
    target = ("certify", "--base-url", "http://127.0.0.1:9/api/v1")
    (tmp_path / "precious.txt").write_text("precious")
    for arguments, words in (
        (("--subject", "1"), "need --certificate FILE"),
        (("--sign-key", str(keys / "ours.pem")), "need --certificate FILE"),
        (("--certificate", "c.json", "--sign-key", str(keys / "rsa.pem")), "not an ed25519 key"),
        (("--certificate", "precious.txt"), "precious.txt: this is not a DSSE envelope"),
        (("--certificate", "precious.txt/c.json"), "cannot be written"),
    ):
        done = conformance(*target, *arguments)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
        assert words in done.stderr
    assert (tmp_path / "precious.txt").read_text() == "precious"


def test_only_a_conformant_run_gets_one(conformance: Command, issued: Path, tmp_path: Path, reference: str) -> None:
    """An earlier certificate is gone, too: the file never speaks of another run."""
    part = ("-k", "pro-a3k", "--certificate", "c.json")
    with serving("mutants", "pro-none") as faulty:
        for base_url, status, verdict in ((faulty, 1, "not conformant"), (reference, 0, "partial")):
            (tmp_path / "c.json").write_bytes((issued / "deep/c.json").read_bytes())
            run = conformance("certify", "--base-url", base_url, *part)
            assert run.returncode == status, run.stderr
            assert run.stdout.splitlines()[-1] == f"no certificate: the verdict is {verdict}"
            assert not (tmp_path / "c.json").exists()
