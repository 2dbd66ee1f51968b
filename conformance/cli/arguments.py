"""The options that several commands have, or that make a long list: what each is called in the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.cli.common import option

BaseUrl = Annotated[str | None, option("The deployment, https://host/api/v1; none: the bundled reference.", "BASE_URL")]
ProviderStates = Annotated[str | None, option("Where worlds are arranged, if not at the origin.", "PROVIDER_STATES")]
Depth = Annotated[str, option("quick, standard or exhaustive.", "DEPTH")]
Seed = Annotated[int, option("Seed of what is drawn beyond the tables.", "SEED")]
Header = Annotated[list[str] | None, option("'Name: value' sent with every request.")]
StateHeader = Annotated[list[str] | None, option("'Name: value' sent to the provider-state URL.")]
Concurrency = Annotated[int | None, option("Requests at a time.", "CONCURRENCY", min=1, max=256)]
Timeout = Annotated[float | None, option("Seconds that an answer may take.", "TIMEOUT", min=0.1)]
Expect = Annotated[Path | None, option("Known failures and ledger that the run is held to.", "EXPECT", metavar="FILE")]
UpdateExpect = Annotated[bool, option("Write what this run did to the file of --expect.")]
ReportDir = Annotated[Path | None, option("Where report.html, report.json, junit.xml … go.", "REPORT_DIR")]
Target = Annotated[Path | None, option("A target file (docs/targets.md).", "TARGET")]
WriteTo = Annotated[list[str] | None, option("This host, beside this machine, may be written to.", metavar="HOST")]
Catalogue = Annotated[str, option("Held to this version: what came later is advisory.", "CATALOGUE", metavar="VERSION")]
Confirm = Annotated[int, option("Times that failures are run again; what does not repeat is flaky.", min=0, max=20)]
DryRun = Annotated[bool, option("Print the requests, with keys as $NAME, and send nothing.")]
Certificate = Annotated[
    Path | None, option("Where a conformant run's certificate goes.", "CERTIFICATE", metavar="FILE")
]
SignKey = Annotated[Path | None, option("The ed25519 key that signs it.", "SIGN_KEY", metavar="PEM")]
Subject = Annotated[str, option("The build that it certifies: sha256:… or a version.", "SUBJECT", metavar="TEXT")]
Workers = Annotated[
    str | None, typer.Option("-n", "--numprocesses", help="Workers that share the cases (pytest-xdist), or auto.")
]
Tx = Annotated[list[str] | None, option("A worker elsewhere (pytest-xdist): ssh=HOST//python=PATH.", metavar="SPEC")]
