"""Replacing a piece of text in a file without ever replacing the wrong piece.

Pure: bytes in, bytes or a refusal out. The rungs go from strict to lenient and the first one that finds
anything decides: exactly one place, or a refusal that names the places. No rung lets a differing
character that is neither white space nor typographic punctuation pass, and only the matched span changes.
This module knows nothing of files, workspaces or models.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from journeyman.agent.tools.edit_hint import closest
from journeyman.agent.tools.edit_rungs import RUNGS, Match, exact

BOM = "\ufeff"
LENIENT_CHARACTERS_MAX = 2_000_000
"""In a longer file only an exact match counts."""


@dataclass(frozen=True, slots=True)
class Edited:
    data: bytes
    rung: str
    """Name of the most lenient rung that was needed (`edit_rungs.RUNGS`)."""
    first_line: int
    """First changed line, counted from 1, in the new text."""
    last_line: int


@dataclass(frozen=True, slots=True)
class NotEdited:
    message: str
    """Why, and what to do next."""


def edit(data: bytes, old: str, new: str, *, replace_all: bool = False) -> Edited | NotEdited:
    """Replace `old` by `new` in a file's bytes. The file need not be UTF-8: odd bytes stay as they are."""
    old, new = old.removeprefix(BOM), new.removeprefix(BOM)
    whole = data.decode("utf-8", "surrogateescape")
    bom = BOM if whole.startswith(BOM) else ""
    text = whole[len(bom) :]
    if not old:
        return NotEdited("old_string is empty: it must name the text to replace (write creates a file)")
    if old == new:
        there = " The file already reads so." if old in text else ""
        return NotEdited(f"old_string and new_string are equal: nothing to do.{there}")
    # Nobody reads a binary file, or one this long, closely enough to be nearly right about it.
    rungs = RUNGS[:1] if "\0" in text or len(text) > LENIENT_CHARACTERS_MAX else RUNGS
    for rung in rungs:
        matches = rung.find(text, old, new)
        if not matches:
            continue
        if len(matches) > 1 and not (replace_all and rung.repeatable):
            return NotEdited(_ambiguous(text, matches))
        if replace_all and rung.repeatable:
            matches = _apart(matches)
        changed = _apply(text, matches)
        if changed == text:
            return NotEdited("the file already reads as new_string wants it: nothing to do")
        first = text.count("\n", 0, matches[0].start) + 1
        last = first + changed.count("\n", matches[0].start, matches[0].start + len(matches[0].text))
        if len(matches) > 1:
            last = changed.count("\n", 0, matches[-1].end + len(changed) - len(text)) + 1
        return Edited((bom + changed).encode("utf-8", "surrogateescape"), rung.name, first, last)
    return NotEdited(_missing(text, old, new))


def edit_all(data: bytes, edits: Sequence[tuple[str, str, bool]]) -> Edited | NotEdited:
    """Apply (old, new, replace_all) in order, each to the result of the one before; all or none."""
    rung, first, last = "exact", 0, 0
    order = [each.name for each in RUNGS]
    for number, (old, new, replace_all) in enumerate(edits, 1):
        result = edit(data, old, new, replace_all=replace_all)
        if isinstance(result, NotEdited):
            prefix = f"edit {number} of {len(edits)} failed, so none was made: " if len(edits) > 1 else ""
            return NotEdited(prefix + result.message)
        data = result.data
        rung = max(rung, result.rung, key=order.index)
        first = min(first or result.first_line, result.first_line)
        last = max(last, result.last_line)
    return Edited(data, rung, first, last)


def _apart(matches: Sequence[Match]) -> list[Match]:
    kept: list[Match] = []
    for match in matches:
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
    return kept


def _apply(text: str, matches: Sequence[Match]) -> str:
    for match in reversed(matches):
        text = text[: match.start] + match.text + text[match.end :]
    return text


def _ambiguous(text: str, matches: Sequence[Match]) -> str:
    lines = [text.count("\n", 0, match.start) + 1 for match in matches]
    named = ", ".join(str(line) for line in lines[:10]) + (", ..." if len(lines) > 10 else "")
    return (
        f"{len(matches)} matches at lines {named}: nothing was changed. Add surrounding lines to old_string "
        "so that it names one place, or set replace_all."
    )


def _missing(text: str, old: str, new: str) -> str:
    if new.strip() and len(exact(text, new, new)) == 1:
        line = text.count("\n", 0, text.index(new)) + 1
        return f"old_string was not found, but new_string is there already (line {line}): nothing to do."
    near = closest(text, old)
    if near is None:
        return "old_string was not found, nor anything like it: nothing was changed. Read the file again."
    return (
        f"old_string was not found: nothing was changed. The closest place is\n{near}\n"
        "Copy the text from the file."
    )
