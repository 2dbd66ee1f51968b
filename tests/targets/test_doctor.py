"""``conformance doctor``: it reads only, and says beforehand what a run will say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.conformance.conftest import Command
from tests.targets.conftest import Deployment, known
from tests.targets.listening import listening


def test_doctor_says_who_is_who_and_what_can_be_tested_and_writes_nothing(
    deployment: Deployment, tmp_path: Path, conformance: Command
) -> None:
    # nothing is declared: what rows tell must be enough
    personas = {name: {"key": f"env:{name.upper()}_KEY"} for name in ("ann", "ben", "cat", "dan", "eve")}
    before = deployment.names()
    file = deployment.file(tmp_path, personas=personas)
    run = conformance(
        "doctor", "--target", file, "--depth", "quick", "--write", "filled.yaml", **deployment.environment
    )
    assert run.returncode == 3  # nothing is shared with eve: no row tells her organization
    assert deployment.names() == before
    organization = deployment.organizations["acme"]
    ann = deployment.users["ann"]
    assert f"key $ANN_KEY works, organization {organization}, user {ann['id']}, {ann['email']}" in run.stdout
    assert "key $CAT_KEY works, no organization" in run.stdout
    assert "key $EVE_KEY works, an organization that no row tells: declare it" in run.stdout
    assert "GET /runs/2147400000: 404, as for any row that is not there" in run.stdout
    assert "it needs 2 personas of no organization, and there are 1" in run.stdout
    filled = yaml.safe_load((tmp_path / "filled.yaml").read_text())["personas"]
    assert filled["ann"] == {"key": "env:ANN_KEY", "organization": organization, "id": ann["id"], "email": ann["email"]}
    assert filled["cat"]["organization"] is None
    assert "sk_" not in run.stdout + run.stderr + (tmp_path / "filled.yaml").read_text()


def test_what_doctor_counts_is_what_a_run_carries_out(
    deployment: Deployment, tmp_path: Path, conformance: Command
) -> None:
    file = deployment.file(tmp_path, known=known(deployment))
    told = conformance("doctor", "--target", file, "--depth", "quick", **deployment.environment)
    assert told.returncode == 0, told.stdout
    (line,) = [each for each in told.stdout.splitlines() if " NAM-1 " in each]
    assert line.split() == ["✓", "NAM-1", "9", "of", "9", "cases"]
    run = conformance("certify", "--target", file, "--depth", "quick", "-k", "nam-a5k or nam-a9p or nam-b9m or nam-b2m or aut-k2v",
                      "--report-dir", "report", **deployment.environment)  # fmt: skip
    assert run.returncode == 3, run.stderr
    report = json.loads((tmp_path / "report/report.json").read_text())
    outcomes = {each["id"]: each["outcome"] for each in report["cases"]}
    assert outcomes.pop("aut-k2v") == "not-tested"
    assert set(outcomes.values()) == {"passed"}


def test_a_key_that_does_not_work_is_named_by_its_variable(
    deployment: Deployment, tmp_path: Path, conformance: Command
) -> None:
    environment = {**deployment.environment, "BEN_KEY": "sk_nobodys_key"}
    run = conformance("doctor", "--target", deployment.file(tmp_path), **environment)
    assert run.returncode == 3
    assert "key $BEN_KEY does not work" in run.stdout and "sk_nobodys_key" not in run.stdout


def test_doctor_of_a_bare_url_sends_no_post(tmp_path: Path, conformance: Command) -> None:
    with listening() as listener:
        url = f"{listener.origin}/api/v1"
        run = conformance("doctor", "--base-url", url, "--write", "begin.yaml")
    assert run.returncode == 3 and "no provider states seem to be served" in run.stdout
    assert {each.split()[0] for each in listener.requests} == {"GET", "OPTIONS"}
    begun = yaml.safe_load((tmp_path / "begin.yaml").read_text())
    assert begun["base_url"] == url and begun["personas"]["ann"] == {"key": "env:ANN_KEY"}
    again = conformance("doctor", "--base-url", url, "--write", "begin.yaml")
    assert again.returncode == 2 and "is there already" in again.stderr


def test_doctor_finds_provider_states(served: str, tmp_path: Path, conformance: Command) -> None:
    run = conformance("doctor", "--base-url", served, "--write", "begin.yaml")
    assert run.returncode == 0, run.stdout
    states = served.replace("/api/v1", "/_conformance/provider-states")
    assert yaml.safe_load((tmp_path / "begin.yaml").read_text()) == {"base_url": served, "provider_states": states}
    rerun = conformance("certify", "--target", "begin.yaml", "--depth", "quick", "-k", "pro-n7z")
    assert rerun.returncode == 0, rerun.stderr


@pytest.mark.parametrize("allowed, status", [("POST", 0), ("post, OPTIONS", 0), ("GET,HEAD", 3), ("REPOST", 3)])
def test_doctor_finds_provider_states_behind_a_router_that_refuses_methods_with_404(
    allowed: str, status: int, conformance: Command
) -> None:
    """Express, and whoever routes by method."""
    with listening(lambda request: (204, {"allow": allowed}, b"") if "OPTIONS" in request else (404, {}, b"")) as found:
        run = conformance("doctor", "--base-url", f"{found.origin}/api/v1")
    assert run.returncode == status, run.stdout


@pytest.mark.parametrize("get, status, words", [(405, 0, "is there (GET: 405)"), (404, 3, "no provider states seem")])
def test_doctor_bears_a_server_that_does_not_answer_options(
    get: int, status: int, words: str, conformance: Command
) -> None:
    def answer(request: str) -> tuple[int, dict[str, str], bytes]:
        if "OPTIONS" in request:
            raise ConnectionError
        return get, {}, b"{}"

    with listening(answer) as found:
        run = conformance("doctor", "--base-url", f"{found.origin}/api/v1")
    assert (run.returncode, words in run.stdout) == (status, True), run.stdout


@pytest.mark.parametrize("who, place", [("ben", "in "), ("cat", "in none by what it may read")])
def test_an_account_in_another_organization_than_declared_is_named(
    who: str, place: str, deployment: Deployment, tmp_path: Path, conformance: Command
) -> None:
    document = deployment.document()
    document["personas"][who]["organization"] = 987654
    file = deployment.file(tmp_path, personas=document["personas"])
    run = conformance("certify", "--target", file, "--depth", "quick", "-k", "pro-n7z", **deployment.environment)
    assert run.returncode == 3
    assert f"{who} is declared in organization 987654, and is {place}" in run.stderr
