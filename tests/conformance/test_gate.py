"""The gate: a known failure may fail; whatever changed fails the gate at the line of its entry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.conformance.conftest import Command, serving

PART = ("--depth", "quick", "-k", "pro-")


@pytest.fixture(scope="module")
def faulty() -> Iterator[str]:
    with serving("mutants", "pro-none") as url:
        yield url


def edited(path: Path, **changes: object) -> None:
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes, sort_keys=False))


def test_what_was_written_is_as_expected_and_the_verdict_stays(
    conformance: Command, tmp_path: Path, faulty: str, reference: str
) -> None:
    target = ("certify", "--depth", "quick", "--expect", "e.yaml", "--base-url")
    assert conformance(*target, faulty, "--update-expect").returncode == 0
    written = yaml.safe_load((tmp_path / "e.yaml").read_text())
    assert written["known_failures"] and written["readings"] and written["choices"]
    edited(tmp_path / "e.yaml", known_failures=[{"case": "*", "reason": "ticket 7"}])
    assert "passes now" in conformance(*target, faulty).stdout
    races = [{"case": "con-*", "reason": "a race shows it only now and then"}]
    singles = [each for each in written["known_failures"] if not each["case"].startswith("con-")]
    edited(tmp_path / "e.yaml", known_failures=singles + races)
    again = conformance(*target, faulty)
    assert again.returncode == 0, again.stdout[-1500:]
    assert "not conformant (catalogue" in again.stdout
    assert "as expected: not conformant, " in again.stdout
    mended = conformance(*target, reference)
    assert mended.returncode == 1
    assert "passes now: take it off" in mended.stdout


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
