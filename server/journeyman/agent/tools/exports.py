"""Reads what bash's `export -p` prints: every exported variable, quoted for bash to read again.

    declare -x NAME="a \\"quoted\\" value"
    declare -x OTHER=$'two\\nlines'

Exported arrays and variables without a value are in no program's environment, and left out. Pure.
"""

from __future__ import annotations

import re

_LINE = re.compile(
    rb"""(?:declare\ -(?P<kinds>[A-Za-z]+)|export)\ (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    (?:=(?:"(?P<double>(?:[^"\\]|\\.)*)"|\$'(?P<ansi>(?:[^'\\]|\\.)*)'|(?P<array>\(.*?\))))?\n""",
    re.DOTALL | re.VERBOSE,
)
_DOUBLE = re.compile(rb"\\([\\\"$`])")
_ANSI = re.compile(rb"\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.)", re.DOTALL)
_LETTERS = {
    b"a": b"\a",
    b"b": b"\b",
    b"e": b"\x1b",
    b"E": b"\x1b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
}


class UnreadableError(ValueError):
    """It is not what bash prints."""


def exports(printed: bytes) -> dict[bytes, bytes]:
    """Name -> value. Raises `UnreadableError` where any of it cannot be read."""
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(printed):
        line = _LINE.match(printed, at)
        if line is None:
            raise UnreadableError(printed[at : at + 80])
        at = line.end()
        double, ansi = line["double"], line["ansi"]
        if double is not None:
            found[line["name"]] = _DOUBLE.sub(rb"\1", double) if b"\\" in double else double
        elif ansi is not None:
            found[line["name"]] = _ANSI.sub(_letter, ansi)
    return found


def _letter(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code[:1].isdigit():
        return bytes([int(code, 8) & 255])
    if len(code) > 1:
        return bytes([int(code[1:], 16)])
    return _LETTERS.get(code, code)
