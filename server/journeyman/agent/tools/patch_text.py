"""Reading the `*** Begin Patch` envelope: sections for files, hunks of lines. No file is looked at.

A line that cannot be read is an error with its number, never a guess: half a patch is not a smaller patch.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

BEGIN, END = "*** Begin Patch", "*** End Patch"
_SECTION = re.compile(r"\*\*\* (Add|Delete|Update) File: *(\S.*?) *")
_MOVE = re.compile(r"\*\*\* Move to: *(\S.*?) *")
_END_OF_FILE = "*** End of File"
_HEADER = re.compile(r"@@(?: ?(?P<anchor>.*))?")
_GIT_NUMBERS = re.compile(r"-\d+(,\d+)? \+\d+(,\d+)? @@.*")
_WRAPPED = re.compile(r"\s*(?:<<\s*['\"]?(?P<word>\w+)['\"]?\n(?P<here>.*)\n(?P=word)"
                      r"|```\w*\n(?P<fenced>.*)\n```)\s*", re.DOTALL)  # fmt: skip

Mark = Literal[" ", "-", "+"]
SectionKind = Literal["add", "delete", "update"]


class UnreadableError(Exception):
    """Why the text is no patch, for the model."""


@dataclass(slots=True)
class Hunk:
    anchors: list[str] = field(default_factory=list[str])
    """Lines it is below, from the outermost: what stands behind `@@`."""
    lines: list[tuple[Mark, str]] = field(default_factory=list[tuple[Mark, str]])
    at_end: bool = False
    """It ends the file."""

    @property
    def old(self) -> list[str]:
        return [text for mark, text in self.lines if mark != "+"]

    @property
    def changes(self) -> bool:
        return any(mark != " " for mark, _ in self.lines)


@dataclass(slots=True)
class Section:
    kind: SectionKind
    path: str
    moved_to: str | None = None
    content: list[str] = field(default_factory=list[str])
    """Lines of a file that is added."""
    gap: bool = False
    """A line without a mark came after them."""
    hunks: list[Hunk] = field(default_factory=list[Hunk])


def parse(text: str) -> list[Section]:
    """The sections in order. Raises `UnreadableError`."""
    lines = _unwrapped(text).replace("\r\n", "\n").strip("\n").split("\n")
    if lines[0].strip() != BEGIN or lines[-1].strip() != END or len(lines) < 2:
        raise UnreadableError(f"a patch begins with the line {BEGIN!r} and ends with the line {END!r}")
    sections: list[Section] = []
    for number, line in enumerate(lines[1:-1], 2):
        head = _SECTION.fullmatch(line)
        if head is not None:
            sections.append(Section(_kind(head.group(1)), head.group(2)))
        elif not sections:
            if line.strip():
                raise _bad(number, line, "stands before the first '*** Add|Update|Delete File: path'")
        else:
            _take(sections[-1], number, line)
    if not sections:
        raise UnreadableError("the patch names no file")
    for section in sections:
        _check(section)
    return sections


def _unwrapped(text: str) -> str:
    wrapped = _WRAPPED.fullmatch(text.replace("\r\n", "\n"))
    return text if wrapped is None else wrapped.group("here") or wrapped.group("fenced") or ""


def _kind(word: str) -> SectionKind:
    return "add" if word == "Add" else "delete" if word == "Delete" else "update"


def _take(section: Section, number: int, line: str) -> None:
    if section.kind == "add":
        if not line.strip():
            section.gap = True
            return
        if section.gap or not line.startswith("+"):
            raise _bad(number, line, "is no line of a new file: each begins with '+'")
        section.content.append(line[1:])
        return
    if section.kind == "delete":
        if line.strip():
            raise _bad(number, line, f"follows the deletion of {section.path}, which takes no lines")
        return
    move = _MOVE.fullmatch(line)
    if move is not None and section.moved_to is None and not section.hunks:
        section.moved_to = move.group(1)
        return
    _take_in_hunk(section.hunks, number, line)


def _take_in_hunk(hunks: list[Hunk], number: int, line: str) -> None:
    header = _HEADER.fullmatch(line)
    if header is not None:
        anchor = (header.group("anchor") or "").rstrip()
        if _GIT_NUMBERS.fullmatch(anchor):
            anchor = ""  # line numbers are often wrong; what stands behind them need not be around it
        if not hunks or hunks[-1].lines or not hunks[-1].anchors or not anchor:
            hunks.append(Hunk())
        if anchor:
            hunks[-1].anchors.append(anchor)
        return
    if not hunks:
        hunks.append(Hunk())
    hunk = hunks[-1]
    if hunk.at_end:
        raise _bad(number, line, f"follows {_END_OF_FILE!r}; begin another hunk with '@@'")
    if line.rstrip() == _END_OF_FILE and hunk.lines:
        hunk.at_end = True
    elif line[:1] in (" ", "-", "+"):
        mark: Mark = "+" if line[0] == "+" else "-" if line[0] == "-" else " "
        hunk.lines.append((mark, line[1:]))
    elif not line:
        hunk.lines.append((" ", ""))  # an empty line of the file, its mark lost on the way
    else:
        raise _bad(number, line, "begins with none of ' ' (as it is), '-' (goes), '+' (comes) and '@@'")


def _check(section: Section) -> None:
    for hunk in section.hunks:
        while hunk.lines and not hunk.at_end and hunk.lines[-1] == (" ", ""):
            hunk.lines.pop()  # a blank line between two parts of the patch
    section.hunks = [hunk for hunk in section.hunks if hunk.lines or hunk.anchors]
    for index, hunk in enumerate(section.hunks, 1):
        if not hunk.changes:
            raise UnreadableError(f"{section.path}: hunk {index} has no '-' and no '+' line")
    if section.kind == "update" and not section.hunks and section.moved_to is None:
        raise UnreadableError(f"{section.path}: an update has hunks, or '*** Move to: path'")


def _bad(number: int, line: str, why: str) -> UnreadableError:
    return UnreadableError(f"line {number} of the patch ({line[:80]!r}) {why}")
