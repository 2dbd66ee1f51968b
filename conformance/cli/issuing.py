"""The certificate of a run that ``--certificate`` asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import UsageError, writing

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

    from conformance.result import Result


@dataclass(frozen=True)
class Issue:
    """Where the certificate goes, who signs it, and the digest set of the build that it is about."""

    path: Path
    signer: CryptoSigner | None
    build: Mapping[str, str]

    def begin(self) -> None:
        """Make room: after the run the file is this run's certificate, or there is none."""
        from conformance.envelope import opened

        if self.path.exists():
            opened(self.path)  # what is no certificate is not overwritten
        with writing(self.path):
            self.path.unlink(missing_ok=True)
            self.path.parent.mkdir(parents=True, exist_ok=True)

    def end(self, result: Result) -> None:
        """Write it where the verdict is *conformant*, and say so."""
        from conformance.envelope import sealed
        from conformance.report.statement import statement

        if result.judgement.claim != "conformant":
            print(f"no certificate: the verdict is {result.judgement.claim}")
            return
        payload = json.dumps(statement(result, self.build), separators=(",", ":")).encode("ascii")
        with writing(self.path):
            self.path.write_bytes(sealed(payload, self.signer))
        print(f"certificate: {self.path}" + ("" if self.signer else ", not signed (--sign-key)"))


def issue_of(certificate: Path | None, sign_key: Path | None, subject: str) -> Issue | None:
    """What the options ask for; a key or a subject that is of no use is told before anything is sent."""
    if certificate is None:
        if sign_key or subject:
            raise UsageError("--sign-key and --subject need --certificate FILE")
        return None
    from conformance.envelope import signing_key
    from conformance.report.statement import build_of

    return Issue(certificate, signing_key(sign_key) if sign_key else None, build_of(subject))
