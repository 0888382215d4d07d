"""What a run did to the files: a look before, a look after, whoever made the change (a tool or a command).

Cheap first: a scan of names, sizes and times. To count lines the text before is needed, so small text files
are read at the start within a bound; beyond it a changed file is named, and its lines are not guessed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from journeyman.ports.guest import Guest, TreeEntry
from journeyman.records import Changes

FILE_BYTES_MAX = 256 * 1024
KEPT_BYTES_MAX = 8 * 1024 * 1024
KEPT_FILES_MAX = 4_000
DIFF_LINES_MAX = 4_000
NOT_OURS = frozenset(
    {b".git", b"node_modules", b"__pycache__", b".venv", b"venv", b".pytest_cache", b".mypy_cache",
     b".ruff_cache", b".cache", b".tox"}
)  # fmt: skip

_Mark = tuple[str, int, int, int, int, bytes]


@dataclass(frozen=True, slots=True)
class Snapshot:
    marks: Mapping[bytes, _Mark]
    contents: Mapping[bytes, bytes]


async def take(guest: Guest, root: str) -> Snapshot:
    """Every file and link outside caches and `.git`, with the content of small ones within the bound."""
    marks, sizes = await _scan(guest, root)
    wanted: list[bytes] = []
    room = KEPT_BYTES_MAX
    for path, size in sizes.items():
        if size <= FILE_BYTES_MAX and size <= room and len(wanted) < KEPT_FILES_MAX:
            wanted.append(path)
            room -= size
    return Snapshot(marks, await _contents(guest, root, wanted))


async def since(guest: Guest, root: str, before: Snapshot) -> Changes:
    """Files that differ from `before`, sorted, and the lines added and removed in those that are text."""
    marks, sizes = await _scan(guest, root)
    moved = [p for p in {*marks, *before.marks} if marks.get(p) != before.marks.get(p)]
    readable = [p for p in moved if sizes.get(p, FILE_BYTES_MAX + 1) <= FILE_BYTES_MAX][:KEPT_FILES_MAX]
    now = await _contents(guest, root, readable)
    return await asyncio.to_thread(_compare, before, marks, now, sorted(moved))


def _compare(
    before: Snapshot, marks: Mapping[bytes, _Mark], now: Mapping[bytes, bytes], moved: list[bytes]
) -> Changes:
    files: list[str] = []
    added = removed = 0
    for path in moved:
        old, new = before.contents.get(path), now.get(path)
        if old is not None and old == new and before.marks[path][2] == marks[path][2]:
            continue  # touched, not changed
        files.append(path.decode("utf-8", "replace"))
        was_known = old is not None or path not in before.marks
        is_known = new is not None or path not in marks
        if was_known and is_known:
            plus, minus = lines_changed(old or b"", new or b"")
            added, removed = added + plus, removed + minus
    return Changes(tuple(files), added, removed)


def lines_changed(old: bytes, new: bytes) -> tuple[int, int]:
    """Lines added and removed; (0, 0) where either is not text."""
    if b"\0" in old or b"\0" in new:
        return 0, 0
    before, after = old.splitlines(), new.splitlines()
    if len(before) + len(after) > DIFF_LINES_MAX:
        a, b = Counter(before), Counter(after)
        return (b - a).total(), (a - b).total()
    kept = sum(
        block.size for block in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    )
    return len(after) - kept, len(before) - kept


async def _scan(guest: Guest, root: str) -> tuple[dict[bytes, _Mark], dict[bytes, int]]:
    marks: dict[bytes, _Mark] = {}
    sizes: dict[bytes, int] = {}
    async for entry in guest.scan(root):
        if entry.kind not in ("file", "symlink") or NOT_OURS.intersection(entry.path.split(b"/")):
            continue
        marks[entry.path] = _mark(entry)
        if entry.kind == "file":
            sizes[entry.path] = entry.size
    return marks, sizes


def _mark(entry: TreeEntry) -> _Mark:
    return entry.kind, entry.size, entry.mode, entry.mtime_ns, entry.ctime_ns, entry.target


async def _contents(guest: Guest, root: str, paths: list[bytes]) -> dict[bytes, bytes]:
    found: dict[bytes, bytearray] = {}
    if not paths:
        return {}
    async for piece in guest.read_many(paths, root):
        if piece.error is None:
            found.setdefault(piece.path, bytearray()).extend(piece.data)
        else:
            found.pop(piece.path, None)
    return {path: bytes(data) for path, data in found.items()}
