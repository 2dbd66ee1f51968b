"""Request bodies as values. What is not one raises `InvalidBody` (the page's 422)."""

import json
from typing import Any, NamedTuple, NoReturn

LONGEST_NAME = 255


class InvalidBody(Exception):
    """The body is not what the endpoint documents; the message says why."""


class NewCollection(NamedTuple):
    """A well-formed body of `POST /data-collections`. Repeated ids are one; null and `[]` select nothing."""

    name: str
    dataset_ids: frozenset[int]


def parse_new_collection(body: bytes) -> NewCollection:
    """Read `{"name": string, "dataset_ids": integer[] | null}`; further fields have no effect."""
    fields = parse_object(body)
    name = fields.get("name")
    if not isinstance(name, str):
        raise InvalidBody("name: a string is required.")
    # The empty name passes: the page refuses it with 400.
    if len(name) > LONGEST_NAME:
        raise InvalidBody(f"name: at most {LONGEST_NAME} characters.")
    if not is_storable(name):
        raise InvalidBody("name: not storable as text.")
    return NewCollection(name, parse_ids(fields.get("dataset_ids")))


def parse_ids(value: Any) -> frozenset[int]:
    """Read `integer[] | null`; numbers with a fraction, strings and booleans are not integers."""
    if value is None:
        return frozenset()
    if not isinstance(value, list):
        raise InvalidBody("dataset_ids: an array or null is required.")
    # Not isinstance: a boolean is an int to Python.
    if any(type(item) is not int for item in value):
        raise InvalidBody("dataset_ids: every element must be an integer.")
    return frozenset(value)


def parse_object(body: bytes) -> dict[str, Any]:
    """Read a JSON object, whatever content type it came under."""
    try:
        # A ValueError covers bad UTF-8, bad JSON, a byte order mark, and numbers of thousands of digits.
        value = json.loads(body.decode(), parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise InvalidBody("The body is not JSON.") from None
    if not isinstance(value, dict):
        raise InvalidBody("The body is not a JSON object.")
    return value


def refuse_constant(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(constant)


def is_storable(text: str) -> bool:
    """Whether a database can keep the text and give it back: no NUL, no half of a surrogate pair."""
    if "\0" in text:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in text)
