"""JSON Schemas of what travels as JSON; the only door to jsonschema."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, cast

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

NAMES = (
    "purpose-declaration",
    "grant-request",
    "query",
    "programme",
    "receipt-purchase",
    "receipt-participation",
    "release",
    "controller",
    "rights-request",
    "rights-step",
    "breach",
    "breach-step",
    "seed",
)
"""Every schema there is; served at `/.vocab/schemas/{name}.json`."""


class SchemaError(ValueError):
    """A value that breaks its schema. `pointer` is the JSON Pointer (RFC 6901) of the offending part."""

    def __init__(self, name: str, pointer: str, sentence: str) -> None:
        super().__init__(f"{name}{f' at {pointer}' if pointer else ''}: {sentence}")
        self.pointer = pointer
        self.sentence = sentence


def validate(name: str, value: object) -> None:
    """Check a value against a schema of ours; raise SchemaError with the place and a sentence."""
    error = best_match(_validator(name).iter_errors(value))
    if error is not None:
        raise SchemaError(name, _pointer(error), _sentence(error))


def source(name: str) -> str:
    """Return the text of a schema; KeyError if there is none of that name."""
    if name not in NAMES:
        raise KeyError(name)
    return (files("vocab") / "schemata" / f"{name}.json").read_text("utf-8")


def _pattern(_validator: Any, pattern: str, instance: object, _schema: object) -> Iterator[ValidationError]:
    # `$` in Python also matches before a final newline, in ECMA 262 (JSON Schema, "Regular Expressions") it
    # does not; without this "anna\n" would pass as a slug.
    exact = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and re.search(exact, instance) is None:
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]  # as published


@cache
def _validator(name: str) -> Draft202012Validator:
    schema: Mapping[str, Any] = json.loads(source(name))
    return cast(Draft202012Validator, _Validator(schema, format_checker=FormatChecker()))


def _pointer(error: ValidationError) -> str:
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in error.absolute_path)
    return "".join(f"/{step}" for step in steps)


def _sentence(error: ValidationError) -> str:
    """Return what is wrong in words that never repeat a long value."""
    match error.validator:
        case "additionalProperties":
            schema = error.schema if isinstance(error.schema, Mapping) else {}
            return f"{error.message}. Known members: {', '.join(sorted(schema.get('properties', {})))}."
        case "enum":
            return f"The value is not one of {', '.join(map(str, cast(list[Any], error.validator_value)))}."
        case "pattern":
            return f"The text does not have the form {error.validator_value}."
        case _:
            message = error.message if len(error.message) < 300 else f"breaks the rule {error.validator!r}"
            return f"{message}."
