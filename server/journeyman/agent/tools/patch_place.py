"""Finding the one place of each hunk in a file, by the rule of the edit ladder: exactly one, or a refusal.

Pure: text in, text or a refusal out. Hunks are looked for in the file as it is before the patch, so no hunk
can match what another put there. Lines a hunk leaves as they are keep every byte, also where they differ in
trailing space, indentation or typography from what the patch says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from journeyman.agent.tools.edit_hint import closest
from journeyman.agent.tools.edit_indent import indent_of, shift_for
from journeyman.agent.tools.edit_rungs import plain_punctuation, punctuation
from journeyman.agent.tools.patch_text import Hunk

BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Patched:
    data: bytes
    rung: str
    """The most lenient rung that was needed."""


@dataclass(frozen=True, slots=True)
class NotPatched:
    message: str
    """Why, and what to do next."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where a hunk stands: lines [start, end), and what it puts in front of which line."""

    start: int
    end: int
    gone: frozenset[int]
    comes: dict[int, list[str]]
    """Line -> what is put before it."""
    rung: str


_Added = Callable[[list[str]], list[str] | None]
"""New lines in the style of the place; None where they do not fit it."""


def patch(data: bytes, hunks: Sequence[Hunk]) -> Patched | NotPatched:
    """Apply all hunks or none. Odd bytes stay as they are."""
    whole = data.decode("utf-8", "surrogateescape")
    bom = BOM if whole.startswith(BOM) else ""
    rows = _rows(whole[len(bom) :])
    lines = [text for text, _ in rows]
    placed: list[_Placed] = []
    for number, hunk in enumerate(hunks, 1):
        found = _place(lines, hunk)
        if isinstance(found, str):
            of = f"hunk {number} of {len(hunks)}: " if len(hunks) > 1 else ""
            return NotPatched(of + found)
        clash = next((index for index, other in enumerate(placed, 1) if _clash(found, other)), None)
        if clash is not None:
            return NotPatched(f"hunks {clash} and {number} change the same lines: make one hunk of them")
        placed.append(found)
    changed = (bom + _spliced(rows, placed)).encode("utf-8", "surrogateescape")
    if changed == data:
        return NotPatched("the file already reads as the patch wants it: nothing to do")
    return Patched(changed, max((each.rung for each in placed), key=_ORDER.index, default="exact"))


def _rows(text: str) -> list[tuple[str, str]]:
    """Lines and their endings; the last one's is empty where the file has no final newline."""
    rows: list[tuple[str, str]] = []
    for piece in text.split("\n"):
        crlf = piece.endswith("\r")
        rows.append((piece[:-1], "\r\n") if crlf else (piece, "\n"))
    last, ending = rows.pop()
    if last or ending == "\r\n":
        rows.append((last + "\r" if ending == "\r\n" else last, ""))
    return rows


def _place(lines: list[str], hunk: Hunk) -> _Placed | str:
    old = hunk.old
    if not old:
        return _at_the_end(lines, hunk)
    scopes = _scopes(lines, hunk.anchors)
    if not scopes:
        return _not_there(lines, hunk.anchors[-1:], f"the line after '@@' ({hunk.anchors[-1]!r})")
    for name, alike, added_by in _RUNGS if any(text.strip() for text in old) else _RUNGS[:1]:
        found: list[_Placed] = []
        for at in range(len(lines) - len(old) + 1):
            if hunk.at_end and at + len(old) != len(lines):
                continue
            if not any(start <= at < end for start, end in scopes):
                continue
            theirs = lines[at : at + len(old)]
            if not all(alike(a, b) for a, b in zip(theirs, old, strict=True)):
                continue
            made = _made(hunk, theirs, at, name, added_by(theirs, hunk))
            if made is not None:
                found.append(made)
        if len(found) == 1:
            return found[0]
        if found:
            named = ", ".join(str(each.start + 1) for each in found[:10])
            return (
                f"its lines stand at {len(found)} places (lines {named}): nothing was changed. "
                "Give more lines around the change, or the line it is below after '@@'."
            )
    return _not_there(lines, old, "what it changes")


def _at_the_end(lines: list[str], hunk: Hunk) -> _Placed | str:
    if lines and not hunk.at_end:
        return (
            "it has only new lines, so it could go anywhere: nothing was changed. Give the lines around "
            "them, or '*** End of File' where they end the file."
        )
    end = len(lines)
    return _Placed(end, end, frozenset(), {end: [text for _, text in hunk.lines]}, "exact")


def _scopes(lines: list[str], anchors: Sequence[str]) -> list[tuple[int, int]]:
    """Where a hunk below these lines may begin: in the block below the anchor, or, where nothing is indented
    below it, anywhere after it."""
    scopes = [(0, len(lines))]
    for anchor in anchors:
        wanted = anchor.strip()
        scopes = [
            (index, _block_end(lines, index, end))
            for start, end in scopes
            for index in range(start, end)
            if lines[index].strip() == wanted
        ]
    return scopes


def _block_end(lines: list[str], at: int, end: int) -> int:
    depth = len(indent_of(lines[at]))
    inside = False
    for index in range(at + 1, end):
        text = lines[index].strip()
        if not text or text[0] in "{)]":
            continue  # these go on with what the anchor began
        if len(indent_of(lines[index])) <= depth:
            return index if inside else end
        inside = True
    return end


def _made(hunk: Hunk, theirs: list[str], at: int, rung: str, added: _Added | None) -> _Placed | None:
    """The hunk at a place; None where its new lines do not fit there."""
    if added is None:
        return None
    gone: set[int] = set()
    comes: dict[int, list[str]] = {}
    line, fresh = at, list[str]()

    def settle() -> bool:
        nonlocal fresh
        if fresh:
            fitted = added(fresh)
            if fitted is None:
                return False
            comes[line] = fitted
            fresh = []
        return True

    for mark, text in hunk.lines:
        if mark == "+":
            fresh.append(text)
            continue
        if mark == " " and not settle():
            return None
        if mark == "-":
            if fresh and not settle():
                return None
            gone.add(line)
        line += 1
    if not settle():
        return None
    return _Placed(at, at + len(theirs), frozenset(gone), comes, rung)


def _clash(one: _Placed, other: _Placed) -> bool:
    kept_one = range(one.start, one.end)
    kept_other = range(other.start, other.end)
    return (
        any(line in kept_other for line in one.gone)
        or any(line in kept_one for line in other.gone)
        or bool(one.comes.keys() & other.comes.keys())
    )


def _spliced(rows: list[tuple[str, str]], placed: Sequence[_Placed]) -> str:
    gone = {line for each in placed for line in each.gone}
    comes = {line: new for each in placed for line, new in each.comes.items()}
    endings = [ending for _, ending in rows if ending]
    usual = "\r\n" if endings.count("\r\n") * 2 > len(endings) else "\n"
    unended = bool(rows) and rows[-1][1] == ""
    made: list[tuple[str, str]] = []
    for index, row in enumerate([*rows, None]):
        if index in comes:
            near = [ending for _, ending in rows[max(index - 1, 0) : index + 1] if ending]
            made += [(text, near[0] if near else usual) for text in comes[index]]
            if row is None and unended:
                made[-1] = (made[-1][0], "")
        if row is not None and index not in gone:
            made.append(row)
    last = len(made) - 1
    return "".join(
        text + (ending if index == last else ending or usual) for index, (text, ending) in enumerate(made)
    )


def _not_there(lines: list[str], wanted: Sequence[str], what: str) -> str:
    near = closest("\n".join(lines), "\n".join(wanted))
    if near is None:
        return f"{what} was not found, nor anything like it: nothing was changed. Read the file again."
    return f"{what} was not found: nothing was changed. The closest place is\n{near}\nCopy its lines."


def _as_given(_theirs: list[str], _hunk: Hunk) -> _Added:
    return lambda new: new


def _indented(theirs: list[str], hunk: Hunk) -> _Added | None:
    pairs = [(indent_of(b), indent_of(a)) for a, b in zip(theirs, hunk.old, strict=True) if a.strip()]
    added = [indent_of(text) for mark, text in hunk.lines if mark == "+" and text.strip()]
    shift = shift_for(pairs, added)
    if shift is None:
        return None

    def fit(new: list[str]) -> list[str] | None:
        shifted = shift("\n".join(new))
        return None if shifted is None else shifted.split("\n")

    return fit


def _typographic(theirs: list[str], hunk: Hunk) -> _Added:
    """New lines keep the file's own characters wherever they say the same as the line they replace."""
    old = hunk.old

    def fit(new: list[str]) -> list[str]:
        gone = [index for index, mark in enumerate(m for m, _ in hunk.lines if m != "+") if mark == "-"]
        before = "\n".join(theirs[index] for index in gone)
        asked, wanted = "\n".join(old[index] for index in gone), "\n".join(new)
        matches = punctuation(before, asked, wanted) if asked.strip() else []
        whole = [each for each in matches if (each.start, each.end) == (0, len(before))]
        return whole[0].text.split("\n") if len(whole) == 1 else new

    return fit


def _same(theirs: str, ours: str) -> bool:
    return theirs == ours


def _same_but_trailing(theirs: str, ours: str) -> bool:
    return theirs.rstrip(" \t") == ours.rstrip(" \t")


def _same_but_indent(theirs: str, ours: str) -> bool:
    return theirs.strip(" \t") == ours.strip(" \t")


def _same_but_typography(theirs: str, ours: str) -> bool:
    return plain_punctuation(theirs) == plain_punctuation(ours)


_RUNGS: tuple[
    tuple[str, Callable[[str, str], bool], Callable[[list[str], Hunk], _Added | None]], ...
] = (
    ("exact", _same, _as_given),
    ("trailing-space", _same_but_trailing, _as_given),
    ("indent", _same_but_indent, _indented),
    ("punctuation", _same_but_typography, _typographic),
)  # fmt: skip
_ORDER = [name for name, _, _ in _RUNGS]
