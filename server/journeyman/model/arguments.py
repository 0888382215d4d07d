"""Decoding the arguments of a tool call, whatever a model wrote where a JSON object belongs.

Tolerant only where there is one possible reading: nothing at all means no arguments, a JSON string that
holds an object is decoded once more, raw line breaks inside strings are kept, an empty object before the
real one (a habit of some gateways) is skipped. Everything else is refused with words the model can use.
Knows nothing of streams or providers.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn, cast


class UndecodableError(ValueError):
    """Why the text is not one JSON object; one sentence for the model."""


def decode_arguments(text: str) -> dict[str, Any]:
    """The JSON object in `text`; `{}` for blank text. Raises `UndecodableError`."""
    values = _values(text)
    for _ in range(2):
        if len(values) == 1 and isinstance(values[0], str):
            values = _values(values[0])
    objects = [value for value in values if value is not None]
    distinct = _without_empty_and_repeated(objects)
    if not distinct:
        return {}
    if len(distinct) > 1:
        raise UndecodableError("The arguments hold more than one JSON value; make one call for each.")
    value = distinct[0]
    if not isinstance(value, dict):
        raise UndecodableError(f"The arguments are a JSON {_kind(value)}, not an object.")
    return cast("dict[str, Any]", without_lone_surrogates(value))


def is_complete(text: str) -> bool:
    """Whether `text` already reads as whole arguments, so that what follows belongs to another call."""
    if not text.rstrip().endswith(("}", '"')):
        return False
    try:
        decode_arguments(text)
    except UndecodableError:
        return False
    return True


def without_lone_surrogates(value: Any) -> Any:
    """`value` with half UTF-16 pairs (which no encoder takes) replaced by U+FFFD, keys included."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [without_lone_surrogates(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return {clean_text(key): without_lone_surrogates(item) for key, item in pairs}
    return value


def clean_text(text: str) -> str:
    """`text` with surrogate pairs joined and lone halves replaced by U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _values(text: str) -> list[Any]:
    """The JSON values in `text`, one after the other."""
    decoder = json.JSONDecoder(strict=False, parse_constant=_refuse_constant)
    values: list[Any] = []
    position = 0
    try:
        while True:
            while position < len(text) and text[position] in " \t\r\n":
                position += 1
            if position == len(text):
                return values
            value, position = decoder.raw_decode(text, position)
            values.append(value)
    except RecursionError as error:
        raise UndecodableError("The arguments are nested too deeply.") from error
    except ValueError as error:
        reason = getattr(error, "msg", None) or str(error)
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise UndecodableError(f"The arguments are not valid JSON: {reason}{where}.") from error


def _without_empty_and_repeated(values: list[Any]) -> list[Any]:
    distinct: list[Any] = []
    for value in values:
        if value != {} and value not in distinct:
            distinct.append(value)
    return distinct


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _kind(value: object) -> str:
    if isinstance(value, list):
        return "array"
    if isinstance(value, str):
        return "string"
    return "value"
