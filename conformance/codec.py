"""Frozen values to JSON and back, by their type hints; bytes that are UTF-8 stay readable."""

from __future__ import annotations

import base64
import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def encode(value: Any) -> Any:
    """JSON for a value of the model; fields that have their default are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field: encode(each)
            for field, default in _defaults(type(value))
            if (each := getattr(value, field)) != default or default is dataclasses.MISSING
        }
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Mapping):
        return {key: encode(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [encode(each) for each in value]
    if isinstance(value, frozenset):
        return sorted(encode(each) for each in value)
    return value


def decode(kind: type[T], data: Any) -> T:
    """The value of type ``kind`` that ``encode`` wrote; ValueError or TypeError where it did not."""
    return cast(T, _decode(kind, data))


@cache
def _defaults(kind: type) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (field.name, field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default)
        for field in dataclasses.fields(kind)
    )


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _decode(kind: Any, data: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if data is None else _decode(next(each for each in get_args(kind) if each is not type(None)), data)
    if dataclasses.is_dataclass(kind):
        hints = _hints(cast(type, kind))
        return kind(**{key: _decode(hints[key], each) for key, each in data.items()})  # type: ignore[operator]
    if kind is bytes:
        return base64.b64decode(data["base64"]) if isinstance(data, dict) else data.encode("utf-8")
    if origin is tuple:
        parts = get_args(kind)
        if len(parts) == 2 and parts[1] is Ellipsis:
            return tuple(_decode(parts[0], each) for each in data)
        return tuple(_decode(part, each) for part, each in zip(parts, data, strict=True))
    if origin is frozenset:
        return frozenset(_decode(get_args(kind)[0], each) for each in data)
    if origin is Mapping:
        return {key: _decode(get_args(kind)[1], each) for key, each in data.items()}
    if origin is Literal:
        if data not in get_args(kind):
            raise ValueError(f"{data!r:.80} is none of {', '.join(map(repr, get_args(kind)))}")
        return data
    if kind is float and isinstance(data, int):
        return float(data)
    if isinstance(kind, type) and not isinstance(data, kind):
        raise TypeError(f"{data!r:.80} is not a {kind.__name__}")
    return data
