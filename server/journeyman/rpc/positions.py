"""Where LSP's positions are in a text, and back. Pure.

Lines end with CR LF, LF or CR and with nothing else: Python's `splitlines` also ends them at form feeds and
at U+2028, which moves every position after those. A position past the end of its line is the line's end,
one past the last line the text's; one inside a character is that character's beginning.
"""

from __future__ import annotations

import re
from itertools import islice

_END = re.compile("\r\n|\n|\r")


def line_bounds(text: str, line: int) -> tuple[int, int]:
    """Where the line begins and ends in `text`, its end of line left out."""
    start = 0
    if line > 0:
        end = next(islice(_END.finditer(text), line - 1, None), None)
        if end is None:
            return len(text), len(text)
        start = end.end()
    found = _END.search(text, start)
    return start, len(text) if found is None else found.start()


def offset(text: str, line: int, character: int, encoding: str) -> int:
    """Code points before the position."""
    start, end = line_bounds(text, line)
    return start + code_points(text[start:end], character, encoding)


def code_points(line: str, character: int, encoding: str) -> int:
    """Of a line, those before `character` code units."""
    if encoding == "utf-32" or line.isascii():
        return min(character, len(line))
    count = 0
    for number, each in enumerate(line):
        count += units(each, encoding)
        if count > character:
            return number
    return len(line)


def units(text: str, encoding: str) -> int:
    """Code units of `text`."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
