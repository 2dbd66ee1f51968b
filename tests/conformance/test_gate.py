"""The gate: a known failure may fail; whatever changed fails the gate at the line of its entry."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from conformance.certification import judge_transcript
from conformance.cli.gating import Gate
from conformance.gate import complaints, gaps, load_expectation, write_expectation
from conformance.judge import judge_run
from conformance.result import Result
from tests.conformance.conftest import Command, command_line, serving

PART = ("--depth", "quick", "-k", "pro-")


@pytest.fixture(scope="module")
def faulty() -> Iterator[str]:
    with serving("mutants", "pro-none") as url:
        yield url


def edited(path: Path, **changes: object) -> None:
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes, sort_keys=False))


def test_what_was_written_is_as_expected_and_the_verdict_stays(
    conformance: Command, tmp_path: Path, faulty: str
) -> None:
    target = ("certify", "--depth", "quick", "--expect", "e.yaml", "--base-url")
    assert conformance(*target, faulty, "--update-expect").returncode == 0
    written = yaml.safe_load((tmp_path / "e.yaml").read_text())
    assert written["known_failures"] and written["readings"] and written["choices"]
    races = [{"case": "con-*", "reason": "a race shows it only now and then"}]
    singles = [each for each in written["known_failures"] if not each["case"].startswith("con-")]
    edited(tmp_path / "e.yaml", known_failures=singles + races)
    again = conformance(*target, faulty, "-k", "pro- or con-")
    assert again.returncode == 0, again.stdout[-1500:]
    assert "not conformant (catalogue" in again.stdout
    assert "as expected: not conformant, " in again.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"known_failures": []}, "fails, and is no known failure"),
        ({"known_failures": [{"case": "pro-*", "reason": "r", "until": "2020-01-31"}]}, "to be mended by 2020-01-31"),
        ({"known_failures": [{"case": "zzz-*", "reason": "r"}]}, "e.yaml:4: zzz-* matches no case"),
        ({"readings": {"run_promotion": ["kept"]}}, "run_promotion was kept and is"),
        ({"choices": {"time-format": ["+00:00"]}}, "time-format was +00:00 and is Z"),
        ({"seed": 7}, "written for depth quick and seed 7"),
    ],
)
def test_a_difference_is_told_with_its_line(
    conformance: Command, tmp_path: Path, faulty: str, changes: dict[str, object], words: str
) -> None:
    nothing = {"depth": "quick", "seed": 0, "known_failures": [], "readings": {}, "choices": {}}
    (tmp_path / "e.yaml").write_text(yaml.safe_dump(nothing | changes, sort_keys=False))
    done = conformance("certify", "--base-url", faulty, "--expect", "e.yaml", *PART)
    assert done.returncode == 1, done.stdout + done.stderr
    assert words in done.stdout


@pytest.mark.parametrize(
    "text, words",
    [
        ("depth: quick\nseed: 0\nknown_failures: [{case: x}]\nreadings: {}\nchoices: {}\n", "e.yaml:3: 'reason' is"),
        ("depth: quick\nseed: 0\nreadings: {}\nchoices: {}\n", "'known_failures' is a required property"),
        (
            "depth: quick\nseed: 0\nknown_failures:\n- {case: x, reason: r, until: '2026-02-31'}\nreadings: {}\nchoices: {}\n",
            "e.yaml:4: there is no day 2026-02-31",
        ),
    ],
)
def test_a_broken_file_is_told_before_anything_is_sent(
    conformance: Command, tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "e.yaml").write_text(text)
    done = conformance("certify", "--base-url", "http://127.0.0.1:9/api/v1", "--expect", "e.yaml")
    assert done.returncode == 2
    assert words in done.stderr


def test_a_set_up_that_fails_is_never_the_expected_failure(conformance: Command, tmp_path: Path) -> None:
    nothing = {"depth": "quick", "seed": 0, "readings": {}, "choices": {}}
    (tmp_path / "e.yaml").write_text(yaml.safe_dump(nothing | {"known_failures": [{"case": "*", "reason": "all"}]}))
    done = conformance("certify", "--base-url", "http://127.0.0.1:9/api/v1", "--expect", "e.yaml", "--depth", "quick")
    assert done.returncode == 3


def test_update_needs_a_file_and_a_whole_run(conformance: Command, faulty: str) -> None:
    assert conformance("certify", "--update-expect").returncode == 2
    part = conformance("certify", "--base-url", faulty, "--expect", "e.yaml", "--update-expect", *PART)
    assert part.returncode == 2
    assert "needs a whole run" in part.stderr


TODAY = datetime.date(2026, 11, 25)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """What the reference, two variants and two mutants do; they are judged from the record."""
    found = {}
    for name in ("reference", "mix-before-access", "moved-visible", "pro-none", "ato-duplicate-after-write"):
        folder = tmp_path_factory.mktemp(name)
        module = ("reference_impl",) if name == "reference" else ("mutants", name)
        with serving(*module) as url:
            selected = ("--depth", "quick", "-k", "ato-r or pro- or run-")
            command_line(folder, "certify", "--base-url", url, "--report-dir", ".", *selected)
        found[name] = judge_transcript(folder / "transcript.jsonl")
    return found


def compared(path: Path, result: Result) -> list[str]:
    return list(complaints(load_expectation(path), result, TODAY))


@pytest.mark.parametrize(
    "name", ["reference", "mix-before-access", "moved-visible", "pro-none", "ato-duplicate-after-write"]
)
def test_each_build_is_as_it_was(results: dict[str, Result], tmp_path: Path, name: str) -> None:
    path = tmp_path / "e.yaml"
    write_expectation(path, results[name], None)
    assert compared(path, results[name]) == []
    for other in set(results) - {name}:
        assert compared(path, results[other]), other


def test_a_status_choice_that_changed_in_one_row_is_told_at_its_line(
    results: dict[str, Result], tmp_path: Path
) -> None:
    """Other rows still answer 400 and 404, as before: the choice is compared row by row."""
    path = tmp_path / "e.yaml"
    write_expectation(path, results["reference"], None)
    found = compared(path, results["mix-before-access"])
    lines = path.read_text().splitlines()
    assert found
    for each in found:
        _path, number, words = each.split(":", 2)
        assert words.endswith(" was 404 and is 400"), each
        assert lines[int(number) - 1].strip().startswith(words.split()[0]), each


def test_a_reading_that_changed_is_told(results: dict[str, Result], tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    write_expectation(path, results["reference"], None)
    assert any(each.endswith("moved_runs was all and is visible") for each in compared(path, results["moved-visible"]))


def test_a_case_that_came_to_nothing_is_no_expected_failure(
    results: dict[str, Result], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run is *not conformant* all the same, for other failures: the gate still cannot say that it is as expected."""
    path = tmp_path / "e.yaml"
    whole = results["pro-none"]
    write_expectation(path, whole, None)
    failing = [each.case for each in whole.judgement.cases.values() if each.outcome == "failed"]
    records = [
        replace(each, exchanges=(), trouble="the world could not be arranged") if each.case == failing[0] else each
        for each in whole.transcript.records
    ]
    judgement = judge_run(whole.selected, records, whole.catalogue, partial=False)
    result = replace(whole, judgement=judgement)
    assert (judgement.claim, judgement.cases[failing[0]].outcome) == ("not conformant", "error")
    assert list(gaps(result)) == [f"{failing[0]}: error: the world could not be arranged"]
    for update in (False, True):
        before = path.read_text()
        with pytest.raises(SystemExit) as end:
            Gate(path, load_expectation(path), update).end(result)
        assert end.value.code == 3
        assert f"the run is incomplete\n  {failing[0]}: error" in capsys.readouterr().out
        assert path.read_text() == before
    assert not list(gaps(whole))


def test_a_known_failure_that_passes_is_told(results: dict[str, Result], tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    write_expectation(path, results["reference"], None)
    edited(path, known_failures=[{"case": "pro-a3k.*", "reason": "ticket 7"}])
    (mended,) = compared(path, results["reference"])
    assert mended == f"{path}:4: no failure any more, to be taken off: pro-a3k.1, pro-a3k.2, pro-a3k.3"


def test_an_entry_keeps_its_words_when_the_file_is_written_anew(results: dict[str, Result], tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    write_expectation(path, results["pro-none"], None)
    edited(
        path,
        known_failures=[{"case": "pro-*", "reason": "ticket 7", "until": "2027-01-31"}, {"case": "x-*", "reason": "r"}],
    )
    write_expectation(path, results["pro-none"], load_expectation(path))
    first, *rest = yaml.safe_load(path.read_text())["known_failures"]
    assert first == {"case": "pro-*", "reason": "ticket 7", "until": "2027-01-31"}
    assert all(each["reason"].startswith("known since") and not each["case"].startswith("pro-") for each in rest)
    assert "x-*" not in path.read_text()


def test_the_last_day_of_a_known_failure_is_a_good_one(results: dict[str, Result], tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    write_expectation(path, results["pro-none"], None)
    known = [{**each, "until": "2026-11-25"} for each in yaml.safe_load(path.read_text())["known_failures"]]
    edited(path, known_failures=known)
    expected = load_expectation(path)
    assert list(complaints(expected, results["pro-none"], TODAY)) == []
    late = list(complaints(expected, results["pro-none"], TODAY + datetime.timedelta(days=1)))
    assert len(late) == len(known)
    assert "was to be mended by 2026-11-25" in late[0]
