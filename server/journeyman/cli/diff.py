"""A change as a unified diff for people: plain lines, coloured when the terminal can."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from journeyman.cli.visible import visible

if TYPE_CHECKING:
    from rich.text import Text

LINES_MAX = 2000
"""Most lines of one file's diff that are printed; the rest is counted."""


def text_of(content: bytes | None) -> str | None:
    """The content as text; None for what no diff can show."""
    if content is None:
        return ""
    if b"\0" in content[:8192]:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def diff_lines(path: str, before: bytes | None, after: bytes | None) -> list[str]:
    """Unified diff of one file; None stands for a file that is not there."""
    old, new = text_of(before), text_of(after)
    if old is None or new is None:
        sizes = " -> ".join("none" if c is None else f"{len(c):,} bytes" for c in (before, after))
        return [f"binary file {visible(path)} differs: {sizes}"]
    source = "/dev/null" if before is None else f"a/{path}"
    target = "/dev/null" if after is None else f"b/{path}"
    lines: list[str] = []
    for line in difflib.unified_diff(old.split("\n"), new.split("\n"), source, target, lineterm="", n=3):
        lines.append(visible(line))
        if len(lines) == LINES_MAX:
            lines.append(f"... the diff of {visible(path)} has more lines than are shown here")
            break
    if not lines:
        lines.append(f"{visible(path)}: only its mode changed")
    return lines


def counts(lines: list[str]) -> tuple[int, int]:
    """Lines added and removed in a unified diff."""
    body = lines[2:]
    return sum(line.startswith("+") for line in body), sum(line.startswith("-") for line in body)


def styled(lines: list[str]) -> Iterator[Text]:
    """The diff's lines in colour."""
    from rich.text import Text

    for number, line in enumerate(lines):
        if number < 2 and line.startswith(("--- ", "+++ ")):
            style = "bold"
        elif line.startswith("@@"):
            style = "cyan"
        elif line.startswith("+"):
            style = "green"
        elif line.startswith("-"):
            style = "red"
        else:
            style = ""
        yield Text(line, style=style)
