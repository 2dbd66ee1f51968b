"""Frozen values to JSON and back, by their type hints; bytes that are UTF-8 stay readable."""

from __future__ import annotations

import base64
import dataclasses
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def encode(value: Any) -> Any:
    """JSON for a value of the model; fields that have their default are left out."""
    return _encoder(cast(Any, type(value)))(value)


def decode(kind: type[T], data: Any) -> T:
    """The value of type ``kind`` that ``encode`` wrote; ValueError or TypeError where it did not."""
    return cast(T, _decoder(cast(Any, kind))(data))


# Each type is looked at once; what is made of it then turns thousands of values.


@cache
def _encoder(kind: type) -> Callable[[Any], Any]:
    if dataclasses.is_dataclass(kind):
        return _fields_encoder(cast(type, kind))
    if issubclass(kind, bytes):
        return _encode_bytes
    if issubclass(kind, Mapping):
        return lambda value: {key: encode(each) for key, each in value.items()}
    if issubclass(kind, (tuple, list)):
        return lambda value: [encode(each) for each in value]
    if issubclass(kind, frozenset):
        return lambda value: sorted(encode(each) for each in value)
    return lambda value: value


def _fields_encoder(kind: type) -> Callable[[Any], Any]:
    fields = tuple(
        (field.name, field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default)
        for field in dataclasses.fields(kind)
    )
    return lambda value: {
        name: encode(each)
        for name, default in fields
        if (each := getattr(value, name)) != default or default is dataclasses.MISSING
    }


def _encode_bytes(value: bytes) -> Any:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}


@cache
def _decoder(kind: Any) -> Callable[[Any], Any]:
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        inner = _decoder(next(each for each in parts if each is not type(None)))
        return lambda data: None if data is None else inner(data)
    if dataclasses.is_dataclass(kind):
        return _fields_decoder(cast(type, kind))
    if kind is bytes:
        return lambda data: base64.b64decode(data["base64"]) if isinstance(data, dict) else data.encode("utf-8")
    if origin is tuple:
        return _tuple_decoder(parts)
    if origin is frozenset:
        inner = _decoder(parts[0])
        return lambda data: frozenset(inner(each) for each in data)
    if origin is Mapping:
        inner = _decoder(parts[1])
        return lambda data: {key: inner(each) for key, each in data.items()}
    if origin is Literal:
        return _literal_decoder(parts)
    return _plain_decoder(kind) if isinstance(kind, type) else lambda data: data


def _fields_decoder(kind: type) -> Callable[[Any], Any]:
    fields = {name: _decoder(hint) for name, hint in get_type_hints(kind).items()}
    return lambda data: kind(**{name: fields[name](each) for name, each in data.items()})


def _tuple_decoder(parts: tuple[Any, ...]) -> Callable[[Any], Any]:
    inner = [_decoder(part) for part in parts if part is not Ellipsis]
    if len(parts) == 2 and parts[1] is Ellipsis:
        return lambda data: tuple(inner[0](each) for each in data)
    return lambda data: tuple(turn(each) for turn, each in zip(inner, data, strict=True))


def _literal_decoder(values: tuple[Any, ...]) -> Callable[[Any], Any]:
    def literal(data: Any) -> Any:
        if data not in values:
            raise ValueError(f"{data!r:.80} is none of {', '.join(map(repr, values))}")
        return data

    return literal


def _plain_decoder(kind: type) -> Callable[[Any], Any]:
    def plain(data: Any) -> Any:
        if kind is float and isinstance(data, int):
            return float(data)
        if not isinstance(data, kind):
            raise TypeError(f"{data!r:.80} is not a {kind.__name__}")
        return data

    return plain
