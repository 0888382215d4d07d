"""What of a scan is as an earlier scan told it: runs of entries found by comparing bytes, and the few others.

Both are in canonical order; whoever asks finds out whether they are (`Amendment`). Nothing is made of the
entries in a run: tens of thousands of them cost a comparison of two megabytes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from journeyman.guest.frames import entry_at
from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive.tree import order

_FIRST_BYTES = 256


class Run(NamedTuple):
    """Entries [start, stop) of the earlier scan, which are in the later one just so."""

    start: int
    stop: int


class Fresh(NamedTuple):
    """An entry of the later scan that the earlier one has otherwise, or not at all."""

    entry: TreeEntry
    was: int | None
    """Number of the entry of that path in the earlier scan."""


class Spans(NamedTuple):
    parts: list[Run | Fresh]
    """The later scan, in its order."""
    gone: list[int]
    """Entries of the earlier scan that are in no run, in order."""


def compare(old: bytes, offsets: Sequence[int], new: bytes, most: int) -> Spans | None:
    """`offsets`: where the entries of `old` begin, and where it ends. None where more than `most` entries
    differ. Raises `workspace_failed` for records that cannot be read."""
    parts: list[Run | Fresh] = []
    gone: list[int] = []
    at = place = 0
    last = len(offsets) - 1
    while True:
        same = _same(old, offsets, at, new, place)
        if same > at:
            parts.append(Run(at, same))
            place += offsets[same] - offsets[at]
            at = same
        if place >= len(new):
            gone.extend(range(at, last))
            return Spans(parts, gone) if len(gone) <= most else None
        entry, end = entry_at(new, place)
        was = entry_at(old, offsets[at])[0].path if at < last else None
        if was == entry.path:
            parts.append(Fresh(entry, at))
            gone.append(at)
            place, at = end, at + 1
        elif was is None or order(entry.path) < order(was):
            parts.append(Fresh(entry, None))
            place = end
        else:
            gone.append(at)
            at += 1
        if len(gone) > most or len(parts) > 2 * most:
            return None


def _same(old: bytes, offsets: Sequence[int], at: int, new: bytes, place: int) -> int:
    """The first entry of `old` from `at` on that is not as it is in `new` from `place` on."""
    begin, step = offsets[at], _FIRST_BYTES
    most = min(len(old) - begin, len(new) - place)
    low = 0
    while low < most:
        high = min(low + step, most)
        if old[begin + low : begin + high] != new[place + low : place + high]:
            break
        low, step = high, step * 2
    else:
        return bisect_right(offsets, begin + low, at) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if old[begin + low : begin + middle] == new[place + low : place + middle]:
            low = middle
        else:
            high = middle
    return bisect_right(offsets, begin + low, at) - 1
