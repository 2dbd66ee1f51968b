"""Templates become bytes once a world has ids and keys; what is recorded keeps the template of the key."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from string import digits

from conformance.errors import HarnessError
from conformance.model import Binding, Request

_PLACE = re.compile(r"\$\{((?:(?!\$\{).)+?\*\d+|[^{}]+)\}", re.DOTALL)
_MANY = re.compile(r"unknown\.\.(\d+)")
_REPEAT = re.compile(r"(.+)\*(\d+)", re.DOTALL)
FIRST_UNKNOWN = 2_147_400_000
"""Ids from here on are taken as never given; ATT-4 asks for one up to 2**31 - 1."""

LARGEST_HALF = 2**52
"""From here on a double holds no halves."""


def unknown_id(symbol: str) -> int:
    """The id behind ``unknown`` or ``unknown-3``."""
    return FIRST_UNKNOWN + int(symbol.partition("-")[2] or 0)


def body_of(request: Request, binding: Binding) -> bytes:
    """The request's bytes."""
    text = _filled(request.body, binding)
    return text.encode(request.encoding, "surrogatepass" if request.encoding == "utf-8" else "strict")


def path_of(request: Request, binding: Binding) -> str:
    """Where the request goes, below the base URL."""
    return "/data-collections" + (f"?{_filled(request.query, binding)}" if request.query else "")


def _filled(template: str, binding: Binding) -> str:
    """The template's places: ``${symbol}`` a dataset's id, ``${@}`` the token, ``${a*3}`` a repetition.

    ``${symbol+4294967296}`` is a number beside the id, ``${symbol.5}`` one between two ids where a double can hold
    it, ``${symbol.0}`` the id with a fraction part where it stays the same number; ``${org:acme}``, ``${user:bob}``,
    ``${email:bob}`` and ``${run:night}`` are what they say; ``${unknown..9}`` are nine unknown ids.
    """
    others: Mapping[str, Mapping[str, int] | Mapping[str, str]] = {
        "org": binding.organizations, "user": binding.users, "email": binding.emails, "run": binding.runs,
    }  # fmt: skip

    def place(match: re.Match[str]) -> str:
        inner = match[1]
        if inner == "@":
            return binding.token
        if repeat := _REPEAT.fullmatch(inner):
            return repeat[1] * int(repeat[2])
        if many := _MANY.fullmatch(inner):
            return ", ".join(str(FIRST_UNKNOWN + number) for number in range(int(many[1])))
        symbol, point, fraction = inner.partition(".")
        if point and symbol in binding.datasets:
            return _with_fraction(binding.datasets[symbol], fraction)
        symbol, _, added = inner.partition("+")
        if symbol in binding.datasets:
            return str(binding.datasets[symbol] + int(added or 0))
        kind, colon, symbol = inner.partition(":")
        if colon and symbol in others.get(kind, {}):
            return str(others[kind][symbol])
        if inner.partition("-")[0] == "unknown":
            return str(unknown_id(inner))
        raise HarnessError(f"a body names {inner!r}, which the world does not have")

    return _PLACE.sub(place, template)


def _with_fraction(number: int, fraction: str) -> str:
    """``7.5`` or ``7.0``; a number that most parsers would round to another id has none, so ``1.5`` or itself."""
    if number < LARGEST_HALF:
        return f"{number}.{fraction}"
    return f"1.{fraction}" if int(fraction) else str(number)


def credentials_of(template: str, keys: Mapping[str, str]) -> str:
    """The Authorization header: ``${alice}`` is her key, ``${alice|chopped}`` a near miss of it."""

    def place(match: re.Match[str]) -> str:
        symbol, _, change = match[1].partition("|")
        return _NEAR_MISSES[change](keys[symbol]) if change else keys[symbol]

    return _PLACE.sub(place, template)


def _other(char: str) -> str:
    """Another character, and no digit: where keys are numbered, another digit is another account's key.

    In base64 it has other first bits: at a key's end the last ones may mean nothing (RFC 4648, 3.5).
    """
    if char.isdigit():
        return "e"
    if char.isupper():
        return "E" if char >= "Q" else "Q"
    return "e" if "g" <= char <= "v" else "q"


def _unpadded(key: str) -> str:
    """Without base64's padding, which many do not ask for."""
    return key.rstrip("=") or key


def _shorter(key: str, length: int) -> str:
    """The key's beginning, and no number at its end: where keys are numbered, ``sk_71`` is another than ``sk_712``."""
    return key[:length].rstrip(digits) or key[:length]


def _with_other(key: str, at: int) -> str:
    return key[:at] + _other(key[at]) + key[at + 1 :]


_HEXADECIMAL = re.compile(r"[0-9A-Fa-f-]*")
"""A UUID, say, is the same in either case."""

_NEAR_MISSES: Mapping[str, Callable[[str], str]] = {
    "first-changed": lambda key: _with_other(key, 0),
    "middle-changed": lambda key: _with_other(key, len(key) // 2),
    "last-changed": lambda key: _with_other(key, len(_unpadded(key)) - 1),
    "chopped": lambda key: _shorter(_unpadded(key), len(_unpadded(key)) - 1),
    "unmarked": lambda key: key.partition("_")[2] or key[1:],
    "extended": lambda key: _unpadded(key) + _other(key[-1]) + "e",
    "shuffled": lambda key: key[::-1] if key[::-1] != key else key + "x",
    "case-changed": lambda key: key + "x" if _HEXADECIMAL.fullmatch(key) or key.swapcase() == key else key.swapcase(),
    "as-user": lambda key: b64encode(f"{key}:".encode()).decode(),
    "as-password": lambda key: b64encode(f"key:{key}".encode()).decode(),
    "half": lambda key: _shorter(key, len(key) // 2),
    "pattern": lambda key: key[: len(key) // 2] + "%",
    "escaped": lambda key: f"%{ord(key[0]):02X}{key[1:]}",
}
NEAR_MISSES = tuple(_NEAR_MISSES)


def near_miss(key: str, kind: str) -> str:
    """A key that is nearly this one, of a kind in NEAR_MISSES."""
    return _NEAR_MISSES[kind](key)
