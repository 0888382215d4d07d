"""Two texts as blocks of lines that differ, each of which can be taken or left on its own. Pure.

Lines are bytes with their ends, so that whatever is put together is made of the bytes of one side or the
other. Blocks lie at least `JOIN` + 1 equal lines apart, and what names a block looks no further than that:
taking or leaving one does not rename its neighbours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from hashlib import blake2b
from typing import NamedTuple

JOIN = 3
"""Blocks with as few equal lines between them, or fewer, are one."""
CONTEXT = 3
BYTES_MAX = 1024 * 1024
LINES_MAX = 20_000
"""More on both sides together is one piece."""
WHOLE_LINES_MAX = 500
"""More lines that may differ are compared in parts."""


class Block(NamedTuple):
    """`old` lines, from the line `old_at` (from 0), become `new` ones at `new_at`."""

    old_at: int
    old: tuple[bytes, ...]
    new_at: int
    new: tuple[bytes, ...]

    @property
    def old_end(self) -> int:
        return self.old_at + len(self.old)

    @property
    def new_end(self) -> int:
        return self.new_at + len(self.new)


def lines(content: bytes) -> list[bytes] | None:
    """Lines with their ends; None for what is no text."""
    if b"\0" in content or len(content) > BYTES_MAX:
        return None
    try:
        content.decode()
    except UnicodeDecodeError:
        return None
    parts = content.split(b"\n")
    ended = [part + b"\n" for part in parts[:-1]]
    return [*ended, parts[-1]] if parts[-1] else ended


def blocks(old: Sequence[bytes], new: Sequence[bytes]) -> list[Block]:
    """What differs, in order."""
    found: list[tuple[int, int, int, int]] = []
    for a, b, c, d in _differing(old, new):
        if found and a - found[-1][1] <= JOIN:
            a, _, c, _ = found.pop()
        found.append((a, b, c, d))
    return [Block(a, tuple(old[a:b]), c, tuple(new[c:d])) for a, b, c, d in found]


def _differing(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[int, int, int, int]]:
    """Without what both begin and end with, which is most of it most of the time."""
    short = min(len(old), len(new))
    begin = 0
    while begin < short and old[begin] == new[begin]:
        begin += 1
    end = 0
    while end < short - begin and old[-1 - end] == new[-1 - end]:
        end += 1
    found: list[tuple[int, int, int, int]] = []
    for (a, b), (c, d) in _between(old, new, range(begin, len(old) - end), range(begin, len(new) - end)):
        matcher = SequenceMatcher(None, old[a:b], new[c:d])
        found += [(a + i, a + j, c + k, c + m) for tag, i, j, k, m in matcher.get_opcodes() if tag != "equal"]
    return found


def _between(
    old: Sequence[bytes], new: Sequence[bytes], olds: range, news: range
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Pieces to compare. Long texts are cut at lines that each side has once and both in the same order:
    comparing costs the square of a piece's length."""
    if len(olds) + len(news) > WHOLE_LINES_MAX:
        for at_old, at_new in _anchors(old, new, olds, news):
            yield (olds.start, at_old), (news.start, at_new)
            olds, news = range(at_old + 1, olds.stop), range(at_new + 1, news.stop)
    yield (olds.start, olds.stop), (news.start, news.stop)


def _anchors(old: Sequence[bytes], new: Sequence[bytes], olds: range, news: range) -> list[tuple[int, int]]:
    """The longest row of them: as patience sorting finds it, each with the one before it."""
    once_old, once_new = (
        {line for line, count in Counter(side[part.start : part.stop]).items() if count == 1}
        for side, part in ((old, olds), (new, news))
    )
    places = {new[at]: at for at in news if new[at] in once_new}
    ends: list[int] = []
    rows: list[_Row] = []
    for at in olds:
        place = places.get(old[at]) if old[at] in once_old else None
        if place is None:
            continue
        length = bisect_left(ends, place)
        row = _Row(at, place, rows[length - 1] if length else None)
        ends[length : length + 1] = [place]
        rows[length : length + 1] = [row]
    found: list[tuple[int, int]] = []
    last = rows[-1] if rows else None
    while last is not None:
        found.append((last.old_at, last.new_at))
        last = last.before
    return found[::-1]


class _Row(NamedTuple):
    old_at: int
    new_at: int
    before: _Row | None


def take(old: Sequence[bytes], chosen: Collection[Block]) -> bytes:
    """`old` with the chosen blocks taken."""
    made: list[bytes] = []
    at = 0
    for block in sorted(chosen):
        made += old[at : block.old_at]
        made += block.new
        at = block.old_end
    return b"".join([*made, *old[at:]])


def leave(new: Sequence[bytes], chosen: Collection[Block]) -> bytes:
    """`new` with the chosen blocks taken back."""
    return take(new, [_turned(block) for block in chosen])


def _turned(block: Block) -> Block:
    return Block(block.new_at, block.new, block.old_at, block.old)


def moved(now: Sequence[bytes], new: Sequence[bytes], chosen: Collection[Block]) -> list[Block] | None:
    """The chosen blocks where they are in `now`, which somebody made of `new`; None where one of them, or a
    line beside it, was changed."""
    found: list[Block] = []
    equal = SequenceMatcher(None, new, now, autojunk=False).get_matching_blocks()
    for block in chosen:
        begin, end = max(0, block.new_at - 1), min(len(new), block.new_end + 1)
        for a, b, size in equal:
            at_edges = (block.new_at > 0 or b == a == 0) and (
                block.new_end < len(new) or b + len(new) - a == len(now)
            )
            if a <= begin and end <= a + size and at_edges:
                found.append(block._replace(new_at=block.new_at + b - a))
                break
        else:
            return None
    return found


def touching(
    found: Sequence[Block], before: Sequence[bytes], after: Sequence[bytes], now: Sequence[bytes]
) -> list[Block]:
    """Those of `found`, which lead to `now`, that share or meet lines that were changed from `before` to
    `after`, some time ago."""
    then = SequenceMatcher(None, after, now).get_opcodes()
    ranges = [_followed(block.new_at, block.new_end, then) for block in blocks(before, after)]
    return [
        block
        for block in found
        if any(begin <= block.new_end and block.new_at <= end for begin, end in ranges)
    ]


def _followed(begin: int, end: int, then: Sequence[tuple[str, int, int, int, int]]) -> tuple[int, int]:
    """Where lines are once more was done to them; a line that was changed again is all that became of it."""
    first = last = 0
    for tag, a, b, c, d in then:
        if a <= begin and (begin < b or begin == a):
            first = c + begin - a if tag == "equal" else c
        if a <= end <= b:
            last = max(last, c + end - a if tag == "equal" else d)
    return min(first, last), last


def names(path: bytes, old: Sequence[bytes], new: Sequence[bytes], found: Sequence[Block]) -> list[str]:
    """A name for each block, the same as long as it is the same change at the same place. Changes that look
    alike are named for this very pair of texts: once one of them is decided the others are asked for anew."""
    plain = [name(path, b"lines", *_fields(old, block)) for block in found]
    twice = {each for each, count in Counter(plain).items() if count > 1}
    if not twice:
        return plain
    pair = [blake2b(b"".join(side)).digest() for side in (old, new)]
    return [
        name(path, b"alike", ident.encode(), *pair, b"%d" % number) if ident in twice else ident
        for number, ident in enumerate(plain)
    ]


def _fields(old: Sequence[bytes], block: Block) -> list[bytes]:
    above = old[max(0, block.old_at - CONTEXT) : block.old_at]
    below = old[block.old_end : block.old_end + CONTEXT]
    return [_joined(side) for side in (above, block.old, block.new, below)]


def _joined(side: Sequence[bytes]) -> bytes:
    return b"%d\n" % len(side) + b"".join(side)


def name(path: bytes, *fields: bytes) -> str:
    """An id of a hunk; it begins with `place(path)`."""
    made = blake2b(digest_size=10)
    for field in fields:
        made.update(b"%d:" % len(field) + field)
    return f"{place(path)}.{made.hexdigest()}"


def place(path: bytes) -> str:
    """What the ids of all hunks of a path begin with."""
    return blake2b(path, digest_size=6).hexdigest()


def shown(old: Sequence[bytes], block: Block) -> str:
    """As a unified diff shows it, with the lines around it."""
    above = old[max(0, block.old_at - CONTEXT) : block.old_at]
    below = old[block.old_end : block.old_end + CONTEXT]
    around = len(above) + len(below)
    old_at, new_at = block.old_at - len(above), block.new_at - len(above)
    head = f"@@ -{_range(old_at, len(block.old) + around)} +{_range(new_at, len(block.new) + around)} @@\n"
    body = [
        *(_line(" ", each) for each in above),
        *(_line("-", each) for each in block.old),
        *(_line("+", each) for each in block.new),
        *(_line(" ", each) for each in below),
    ]
    return head + "".join(body)


def _range(at: int, count: int) -> str:
    return f"{at + 1 if count else at},{count}"


def _line(mark: str, line: bytes) -> str:
    text = mark + line.decode("utf-8", "replace")
    return text if text.endswith("\n") else f"{text}\n\\ No newline at end of file\n"
