"""YAML read strictly: line numbers kept, duplicate keys refused, each mistake reported as file:line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import yaml

from conformance.errors import SourceError, UsageError
from conformance.paths import SPEC, shown

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

try:
    from yaml import CSafeLoader as _Base
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _Base  # type: ignore[assignment]


class Lines(dict[tuple[str | int, ...], int]):
    """Line numbers (from 1) by path into the document."""

    def at(self, path: Sequence[str | int]) -> int:
        """The line of the deepest known part of ``path``."""
        for length in range(len(path), -1, -1):
            if (found := self.get(tuple(path[:length]))) is not None:
                return found
        return 1


def load(path: Path, schema: str | None = None) -> tuple[Any, Lines]:
    """The document and its line numbers, valid against ``spec/schemas/<schema>.schema.json``; SourceError otherwise."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SourceError(shown(path), error.object.count(b"\n", 0, error.start) + 1, "this is not UTF-8") from None
    loader = _Base(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise SourceError(shown(path), 1, "the file is empty")
        lines = Lines()
        _mark(path, node, (), lines)
        document = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SourceError(shown(path), mark.line + 1 if mark else 1, f"not YAML: {error.problem}") from None
    finally:
        loader.dispose()
    if schema:
        validate(path, document, lines, schema)
    return document, lines


def validate(path: Path, document: Any, lines: Lines, schema: str) -> None:
    """Refuse a document that breaks the schema, at the line of the mistake."""
    if _is_plainly_valid(document, schema):
        return
    # Imported here: its messages are for people, and almost no document has a mistake.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(_document(schema)).iter_errors(document))
    while error is not None and error.context:  # of several ways, what was wrong with the one that went furthest
        furthest = max(map(_reach, error.context))
        error = best_match(each for each in error.context if _reach(each) == furthest)
    if error is not None:
        where = list(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
            extra = [key for key in error.instance if f"'{key}'" in error.message]
            where += extra[:1]
        spot = "/".join(map(str, error.absolute_path))
        secret = _document(schema).get("writeOnly")
        message = _without_values(error) if secret else error.message[:300] + _bound(error)
        raise SourceError(shown(path), lines.at(where), message + (f" (at {spot})" if spot else ""))


def _reach(error: ValidationError) -> tuple[int, bool]:
    """How far a way led: what is of its type at all got further."""
    return len(error.absolute_path), error.validator != "type"


def _bound(error: ValidationError) -> str:
    return f" ({error.validator}: {error.validator_value})" if error.validator in ("minLength", "maxLength") else ""


def _without_values(error: ValidationError) -> str:
    """What a file with secrets is told: names and the schema's words, never what stands there."""
    if error.validator in ("additionalProperties", "required", "dependentRequired"):
        return error.message[:300] if error.validator != "additionalProperties" else _unknown(error)
    asked: Any = error.validator_value
    if error.validator == "not":
        return f"one of {' and '.join(asked['required'])} alone may stand here"
    return f"what stands here is not allowed: {error.validator} {json.dumps(asked)[:200]}"


def _unknown(error: ValidationError) -> str:
    given: Any = error.instance
    schema: Any = error.schema
    return f"unknown: {', '.join(str(each) for each in given if each not in schema.get('properties', {}))}"


def _is_plainly_valid(document: Any, schema: str) -> bool:
    """Whether the quick validator accepts the document; False where it does not take values of its kind."""
    try:
        return _validator(schema).is_valid(document)
    except ValueError:
        return False


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(_document(schema))


@cache
def _document(schema: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SPEC / "schemas" / f"{schema}.schema.json").read_text(encoding="utf-8"))
    return document


def _mark(path: Path, node: yaml.Node, at: tuple[str | int, ...], lines: Lines) -> None:
    lines.setdefault(at, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise SourceError(shown(path), key.start_mark.line + 1, f"the key {key.value!r} stands twice")
            seen.add(key.value)
            lines[(*at, key.value)] = key.start_mark.line + 1
            _mark(path, value, (*at, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _mark(path, value, (*at, index), lines)
