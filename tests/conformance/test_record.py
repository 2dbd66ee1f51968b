"""The record: what is written is read back, and what was touched is refused."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.codec import decode, encode
from conformance.errors import Interrupted, TranscriptRefused
from conformance.model import Binding, Exchange, Record
from conformance.redact import Redactor
from conformance.transcript import Footer, Header, Writer, read

HEADER = Header(
    "http://127.0.0.1/api/v1", "1", "1.0.0", "quick", 0, "r", "2026-11-24T00:00:00+00:00", bodies=(b"\xff", b"{}")
)

exchanges = st.builds(
    Exchange,
    stage=st.integers(-1, 3),
    op=st.sampled_from(["create", "dataset"]),
    who=st.just("alice"),
    about=st.just("0"),
    method=st.just("POST"),
    path=st.text(),
    request_headers=st.dictionaries(st.text(), st.text()),
    request_body=st.binary(),
    status=st.none() | st.integers(100, 599),
    response_headers=st.just({}),
    response_body=st.binary(),
    elapsed=st.floats(0, 10),
)


@given(st.lists(exchanges, max_size=3))
def test_a_record_survives_json(found: list[Exchange]) -> None:
    record = Record("x-1", Binding("tok", users={"alice": 1}), tuple(found), unsupported=("runs",))
    assert decode(Record, json.loads(json.dumps(encode(record)))) == record


def written(tmp_path: Path, footer: bool = True) -> Path:
    stream = io.StringIO()
    writer = Writer(stream, HEADER)
    for number in range(5):
        writer.add(Record(f"x-{number}", None, trouble="t" * number))
    if footer:
        writer.close(1.5)
    path = tmp_path / "t.jsonl"
    path.write_text(stream.getvalue())
    return path


def test_a_whole_transcript_is_read_back(tmp_path: Path) -> None:
    transcript = read(written(tmp_path))
    assert (transcript.header, transcript.footer) == (HEADER, Footer(5, 1.5))
    assert [each.case for each in transcript.records] == [f"x-{n}" for n in range(5)]


def test_a_transcript_may_be_cut_at_any_byte(tmp_path: Path) -> None:
    """A killed run leaves a beginning of what it would have written: whole lines are kept, half a line is not."""
    path = written(tmp_path)
    whole = path.read_text()
    header = whole.index("\n") + 1
    for length in range(header, len(whole), 7):
        path.write_text(whole[:length])
        transcript = read(path)
        assert transcript.footer is None
        assert len(transcript.records) == whole[header:length].count("\n")
    for length in range(header):
        path.write_text(whole[:length])
        with pytest.raises(Interrupted, match="before its header"):
            read(path)


@pytest.mark.parametrize("text", ["nonsense", "nonsense\n", '{"chain":1}\n', '{"chain":"', "\x00", "[" * 99999 + "\n"])
def test_what_is_no_transcript_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(text)
    with pytest.raises((TranscriptRefused, Interrupted)) as refused:
        read(path)
    assert isinstance(refused.value, Interrupted) == ('{"chain":"'.startswith(text))


@pytest.mark.parametrize(
    "line",
    [
        *(
            "[]",
            "1",
            '{"case":1}',
            '{"case":"x","binding":{}}',
            '{"kind":"x"}',
            '{"footer":{}}',
            "[" * 99999,
            "9" * 9999,
        ),
        *('{"case":"x","binding":null,"exchanges":[{"op":"delete"}]}', '{"case":"x","binding":null,"steady":2}'),
    ],
    ids=lambda line: line[:40],
)
def test_a_chain_that_holds_is_no_excuse_for_a_line_of_another_kind(tmp_path: Path, line: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(chained(json.dumps(encode(HEADER)), line))
    with pytest.raises(TranscriptRefused, match=r"t\.jsonl:2: "):
        read(path)


def chained(*payloads: str) -> str:
    """Lines as the module's words describe them, written apart from it."""
    chain, lines = "", []
    for text in payloads:
        chain = hashlib.sha256((chain + text).encode()).hexdigest()
        lines.append(f'{{"chain":"{chain}","data":{text}}}\n')
    return "".join(lines)


@pytest.mark.parametrize("touch", ["edit", "space", "drop", "swap", "follow", "repeat"])
def test_a_touched_transcript_is_refused_with_the_line(tmp_path: Path, touch: str) -> None:
    path = written(tmp_path)
    lines = path.read_text().splitlines()
    number = 4
    if touch == "edit":
        lines[3] = lines[3].replace("x-2", "x-9")
    elif touch == "space":
        lines[3] = lines[3].replace(',"data"', ', "data"')
    elif touch == "drop":
        del lines[3]
    elif touch == "swap":
        lines[3], lines[4] = lines[4], lines[3]
    elif touch == "repeat":
        lines.insert(3, lines[2])
    else:
        lines.append(lines[3])
        number = len(lines)
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(TranscriptRefused, match=f"t.jsonl:{number}:"):
        read(path)


def test_keys_are_replaced_wherever_they_stand() -> None:
    redactor = Redactor()
    redactor.learn({"alice": "sk_alice_123", "bob": "sk_bob_4567"})
    own = {"alice": "sk_alice_123"}
    assert redactor.clean(b'{"k":"xsk_alice_123y"}', own) == b'{"k":"x$key-of-alicey"}'
    assert redactor.clean(b'{"k":"sk_bob_4567"}', own) == b'{"k":"$key-of-bob"}'
    assert redactor.clean(b"nothing here", own) == b"nothing here"
