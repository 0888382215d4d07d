"""What an entry of the workspace was at some time, and what a step made of it: plain values and their bytes.

Times of files are no part of it: whether something is as it was is decided by kind, mode, content and link
text. A directory is its mode.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from journeyman.changed import PathChange
from journeyman.failures import Failure
from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive.packs import Content
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.tree import MODE_BITS
from journeyman.workspace.archive.zstd import compress, decompress

CHANGES_BYTES_MAX = 1 << 30

Kind = Literal["file", "directory", "symlink"]


class State(NamedTuple):
    kind: Kind
    mode: int
    value: bytes = b""
    """Digest of a file, text of a link. Of a file whose content is not kept: its size and time."""
    size: int = 0
    chunks: tuple[bytes, ...] = ()
    kept: bool = True
    """Whether the content can be brought back."""
    xattrs: tuple[tuple[str, bytes], ...] = ()

    def is_as(self, other: State | None) -> bool:
        return other is not None and _compared(self) == _compared(other)


def _compared(state: State) -> tuple[object, ...]:
    return state.kind, state.mode, state.value, state.kept, state.xattrs


def same(one: State | None, two: State | None) -> bool:
    return one is two if one is None or two is None else one.is_as(two)


class Change(NamedTuple):
    """What a step did to one path. None: nothing was, or is, there."""

    path: bytes
    before: State | None
    after: State | None
    sure: bool = True
    """False where somebody else was at work meanwhile, so that it may be theirs."""


def of_entry(entry: TreeEntry, content: Content | None) -> State | None:
    """`content` of a file, None where it is not kept. None for what is neither file, directory nor link."""
    mode = entry.mode & MODE_BITS
    xattrs = tuple(sorted(entry.xattrs.items()))
    if entry.kind == "directory":
        return State("directory", mode, xattrs=xattrs)
    if entry.kind == "symlink":
        return State("symlink", 0, entry.target)
    if entry.kind != "file":
        return None
    if content is None:
        value = b"%d %d" % (entry.size, entry.mtime_ns)
        return State("file", mode, value, entry.size, kept=False, xattrs=xattrs)
    return State("file", mode, content.digest, entry.size, content.ids, xattrs=xattrs)


NOT_DECIDED_ON = frozenset(
    {b".git", b"node_modules", b"__pycache__", b".venv", b"venv", b".pytest_cache", b".mypy_cache",
     b".ruff_cache", b".cache", b".tox"}
)  # fmt: skip
"""What programs keep for themselves: nobody looks through it line by line."""
RUN_BY_GIT = (b".git/config", b".git/hooks/")


def decided_on(changes: Sequence[Change]) -> tuple[PathChange, ...]:
    """Those changes people are asked about."""
    return tuple(
        PathChange(each.path, to_text(each.before), to_text(each.after), each.sure)
        for each in changes
        if NOT_DECIDED_ON.isdisjoint(each.path.split(b"/")) or _run_by_git(each.path)
    )


def _run_by_git(path: bytes) -> bool:
    return any(b"/" + each in b"/" + path for each in RUN_BY_GIT)


def to_bytes(changes: Sequence[Change]) -> bytes:
    rows = [
        [each.path.decode("latin-1"), _row(each.before), _row(each.after), int(each.sure)] for each in changes
    ]
    text = json.dumps(rows, separators=(",", ":"), ensure_ascii=False)
    return compress(text.encode("utf-8", "surrogatepass"))


def from_bytes(data: bytes) -> tuple[Change, ...]:
    """Raises `storage_failed` where that is not what was written."""
    try:
        text = decompress(data, CHANGES_BYTES_MAX, CHANGES_BYTES_MAX).decode("utf-8", "surrogatepass")
        rows: list[Any] = json.loads(text)
        return tuple(
            Change(path.encode("latin-1"), _state(before), _state(after), bool(sure))
            for path, before, after, sure in rows
        )
    except (MalformedError, ValueError, TypeError, KeyError) as error:
        raise Failure(
            "storage_failed",
            "What a checkpoint holds cannot be read.",
            hint="Take another checkpoint; `journeyman doctor` looks at the database.",
        ) from error


def to_text(state: State | None) -> str | None:
    """One state as a column of text; None for nothing there."""
    return None if state is None else json.dumps(_row(state), separators=(",", ":"))


def from_text(text: str | None) -> State | None:
    return None if text is None else _state(json.loads(text))


def _row(state: State | None) -> list[object] | None:
    if state is None:
        return None
    whole = state.chunks in ((state.value,), ())  # most files are one chunk, named as the file is
    return [
        state.kind[0],
        state.mode,
        state.value.decode("latin-1"),
        state.size,
        None if whole else "".join(chunk.decode("latin-1") for chunk in state.chunks),
        int(state.kept),
        {name: value.decode("latin-1") for name, value in state.xattrs},
    ]


_KINDS: Mapping[str, Kind] = {"f": "file", "d": "directory", "s": "symlink"}


def _state(row: Any) -> State | None:
    if row is None:
        return None
    kind, mode, value, size, chunks, kept, xattrs = row
    raw = value.encode("latin-1")
    if chunks is None:
        ids: tuple[bytes, ...] = (raw,) if kind == "f" and kept and size else ()
    else:
        joined = chunks.encode("latin-1")
        ids = tuple(joined[at : at + 32] for at in range(0, len(joined), 32))
    pairs = tuple(sorted((name, text.encode("latin-1")) for name, text in xattrs.items()))
    return State(_KINDS[kind], int(mode), raw, int(size), ids, bool(kept), pairs)
