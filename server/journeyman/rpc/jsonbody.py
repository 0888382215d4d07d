"""JSON bodies, read strictly and written safely. Knows nothing of methods or connections."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, cast

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_NOT_BRACKET = re.compile(rb"[^\[\]{}]++")
_OPENING = frozenset(b"[{")


class BadJson(Exception):  # noqa: N818 - a finding about the bytes
    """The bytes are not a JSON text we take; the message is for people."""


def parse(body: bytes, *, depth_max: int) -> Any:
    """The value in `body`: UTF-8, RFC 8259 numbers only, nested at most `depth_max` deep.

    The depth is counted before parsing and without recursion, so a message made of brackets costs
    nothing but its length.
    """
    if body.count(b"[") + body.count(b"{") > depth_max and _depth(body) > depth_max:
        raise BadJson(f"The message is nested deeper than {depth_max}.")
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadJson("The message is not UTF-8.") from error
    except ValueError as error:
        raise BadJson(f"The message is not JSON: {error}.") from error


def as_object(value: Any) -> dict[str, Any] | None:
    """`value` where it is a JSON object, else None."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""Made once: `json.loads` and `json.dumps` would make one for each message."""


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for byte in _NOT_BRACKET.sub(b"", _STRING.sub(b"", body)):
        if byte in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def dump(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """`value` as UTF-8 JSON. Text with a lone surrogate (a file name that is no UTF-8, say) goes out
    escaped, for it has no encoding."""
    try:
        if default is None:
            return _ENCODER.encode(value).encode("utf-8")
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=default).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), default=default).encode("ascii")
