"""Reading JSON that may have been written by anybody: exact types, bounded values, nothing ignored.

Every reader raises `MalformedError` and nothing else. Bytes travel as text of code points 0 to 255 (latin-1),
so plain names stay readable and every byte string has exactly one spelling.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn, cast

INT64_MAX = 2**63 - 1
_is_digest = re.compile(r"[0-9a-f]{64}").fullmatch
_MARKS = (b",", b"[", b"{")
"""Each value but one has one of these before it."""


class MalformedError(Exception):
    """What was read is not what we write. The text says what is wrong, for the log and the failure."""


def dump(value: object) -> bytes:
    """Canonical JSON: keys sorted, no spaces, ASCII."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    ).encode()


def parse(data: bytes, most: int) -> Any:
    """JSON with at most `most` values. They are counted, roughly and upwards, before memory is taken."""
    if sum(map(data.count, _MARKS)) > most:
        raise MalformedError(f"its JSON has more than {most} values")
    try:
        return json.loads(
            data.decode("ascii"),
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"not canonical JSON: {str(error)[:100]}") from None


def _refuse_number(text: str) -> NoReturn:
    raise MalformedError(f"the number {text[:20]} is not whole")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise MalformedError("a key appears twice")
    return result


def record(value: Any, keys: frozenset[str]) -> dict[str, Any]:
    """An object with exactly these keys."""
    if type(value) is not dict or cast("dict[str, Any]", value).keys() != keys:
        raise MalformedError("an object has other fields than it should")
    return cast("dict[str, Any]", value)


def mapping(value: Any, most: int) -> dict[str, Any]:
    """An object with any keys, at most `most` of them."""
    if type(value) is not dict or len(cast("dict[str, Any]", value)) > most:
        raise MalformedError(f"an object is missing or has more than {most} fields")
    return cast("dict[str, Any]", value)


def rows(value: Any, most: int) -> list[Any]:
    if type(value) is not list or len(cast("list[Any]", value)) > most:
        raise MalformedError(f"a list is missing or has more than {most} entries")
    return cast("list[Any]", value)


def row(value: Any, length: int) -> list[Any]:
    """A list of exactly `length`."""
    found = rows(value, length)
    if len(found) != length:
        raise MalformedError(f"an entry has {len(found)} fields, not {length}")
    return found


def whole(value: Any, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise MalformedError(f"a number is not between {low} and {high}")
    return value


def text(value: Any, most: int) -> str:
    if type(value) is not str or len(value) > most:
        raise MalformedError(f"a text is missing or longer than {most}")
    return value


def raw(value: Any, most: int) -> bytes:
    """Bytes, at most `most` of them."""
    try:
        return text(value, most).encode("latin-1")
    except UnicodeEncodeError:
        raise MalformedError("a byte string holds what is no byte") from None


def digest(value: Any) -> bytes:
    """32 bytes, in hex."""
    if type(value) is not str or not _is_digest(value):
        text(value, 64)
        raise MalformedError("a hash is not one")
    return bytes.fromhex(value)
