"""DSSE envelopes, signed with ed25519 keys as ``openssl genpkey`` writes them. No rule of the page stands here.

An envelope without a signature is written with an empty list, since the field is required "even if empty"; no verifier
takes it for signed.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from conformance.errors import UsageError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_MOST = 64 << 20
"""Bytes of a file that is read: a certificate has some ten thousand."""


def signing_key(path: Path) -> CryptoSigner:
    """The private key in a PEM file; UsageError where it is none, or not ed25519."""
    key = _key(path, lambda data: load_pem_private_key(data, None), "private")
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path}: the key is not an ed25519 key")
    return CryptoSigner(key)


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file; UsageError where it is none, or not ed25519."""
    key = _key(path, load_pem_public_key, "public")
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path}: the key is not an ed25519 key")
    return key


def _key(path: Path, read: Callable[[bytes], object], kind: str) -> object:
    try:
        return read(_bytes(path))
    except TypeError:
        raise UsageError(f"{path}: the key is locked with a password, which nobody here can type") from None
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path}: this is no PEM file of a {kind} key") from None


def sealed(payload: bytes, signer: CryptoSigner | None) -> bytes:
    """The envelope's JSON."""
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    if signer is not None:
        envelope.sign(signer)
    return json.dumps(envelope.to_dict(), indent=1).encode("ascii") + b"\n"


def opened(path: Path) -> Envelope:
    """The envelope in a file; UsageError where there is none, or where its payload is of another type."""
    try:
        document = json.loads(_bytes(path))
        for at, each in enumerate(document["signatures"]):
            _require_base64(each["sig"])
            each["keyid"] = str(at)  # as written it is a hint that nobody signed, and it need not be there
        _require_base64(document["payload"])
        envelope = Envelope.from_dict(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"{path}: this is not a DSSE envelope") from None
    if envelope.payload_type != PAYLOAD_TYPE:
        raise UsageError(f"{path}: the envelope does not hold an in-toto statement")
    return envelope


def _require_base64(text: str) -> None:
    """Either alphabet, and no other text that is read as the same bytes: the last digit can have idle bits."""
    plain = text.replace("-", "+").replace("_", "/")
    if b64encode(b64decode(plain)).decode() != plain:
        raise ValueError("not base64")


def signed_by(envelope: Envelope, key: Ed25519PublicKey) -> bool:
    """Whether one of the signatures is of this key."""
    try:
        envelope.verify([SSlibKey.from_crypto(key, keyid=each) for each in envelope.signatures], 1)
    except (VerificationError, ValueError):  # ValueError: there is no signature
        return False
    return True


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > _MOST:
        raise UsageError(f"{path}: the file is too large to be a key or a certificate")
    return data
