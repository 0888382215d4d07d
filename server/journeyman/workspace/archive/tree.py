"""From what a guest scanned to the tree an archive holds, and the one hash that stands for all of it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from blake3 import blake3

from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive.model import Node

_MARK = b"journeyman tree v1"
MODE_BITS = 0o1777
"""What is kept of a mode. setuid and setgid are not archived: a restore never makes such a file."""
_NO_XATTRS: tuple[tuple[str, bytes], ...] = ()
_COUNT, _LENGTH = struct.Struct("<I").pack, struct.Struct("<Q").pack
_TOLD_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Tree:
    nodes: tuple[Node, ...]
    """In canonical order. Of files, digest and chunks are still empty."""
    skipped: tuple[str, ...]
    """Entries that are neither file, directory nor symlink, as text for people."""


def order(path: bytes) -> bytes:
    """Sort key: names in byte order, a directory before what is in it."""
    return path.replace(b"/", b"\0")


def shown(path: bytes) -> str:
    """A path as text for people; bytes that are not UTF-8 are escaped."""
    return path.decode("utf-8", "backslashreplace")


def moved(before: Sequence[TreeEntry], after: Sequence[TreeEntry]) -> bool:
    """Whether two scans in canonical order tell of different trees.

    What its owner may not read, the guest reads by loosening its mode and putting it back, which sets the
    ctime: for such entries that says nothing."""
    return list(map(_settled, before)) != list(map(_settled, after))


def _settled(entry: TreeEntry) -> tuple[object, ...]:
    needed = {"file": 0o400, "directory": 0o500}.get(entry.kind, 0)
    readable = entry.mode & needed == needed
    return entry[:9] if readable else entry._replace(ctime_ns=0)[:9]


def build(entries: Iterable[TreeEntry]) -> Tree:
    """Names of one file after the first (in canonical order) become hard links to it."""
    nodes: list[Node] = []
    skipped: list[str] = []
    first: dict[tuple[int, ...], bytes] = {}
    for entry in sorted(entries, key=lambda entry: order(entry.path)):
        mode = entry.mode & MODE_BITS
        xattrs = tuple(sorted(entry.xattrs.items())) if entry.xattrs else _NO_XATTRS
        if entry.kind == "file":
            if entry.nlink > 1:
                # Numbers of inodes repeat across file systems; the rest keeps mounts apart.
                same = (entry.inode, entry.nlink, entry.size, entry.mode, entry.mtime_ns, entry.ctime_ns)
                joined = first.setdefault(same, entry.path)
                if joined != entry.path:
                    nodes.append(Node(entry.path, "hardlink", mode, entry.mtime_ns, target=joined))
                    continue
            nodes.append(Node(entry.path, "file", mode, entry.mtime_ns, entry.size, b"", xattrs))
        elif entry.kind == "directory":
            nodes.append(Node(entry.path, "directory", mode, entry.mtime_ns, 0, b"", xattrs))
        elif entry.kind == "symlink":
            nodes.append(Node(entry.path, "symlink", mode, entry.mtime_ns, target=entry.target))
        else:
            skipped.append(shown(entry.path))
    return Tree(tuple(nodes), tuple(skipped))


def root_hash(nodes: Iterable[Node]) -> bytes:
    """BLAKE3 over every entry in canonical order: kind, path, mode, mtime, size, link text, extended
    attributes and content digest. Independent of how content was cut, packed or compressed. The mode of
    a symlink means nothing and is left out."""
    hasher = blake3(_MARK)
    told: list[bytes] = []
    for path, kind, mode, mtime_ns, size, target, xattrs, digest, _ in nodes:
        numbers = b"%d %d %d" % (0 if kind == "symlink" else mode, mtime_ns, size)
        told += [
            _COUNT(5 + 2 * len(xattrs)),
            *(_LENGTH(len(kind)), kind.encode()),
            *(_LENGTH(len(path)), path),
            *(_LENGTH(len(numbers)), numbers),
            *(_LENGTH(len(target)), target),
            *(_LENGTH(len(digest)), digest),
        ]
        for name, value in xattrs:
            spelt = name.encode("utf-8", "surrogatepass")
            told += [_LENGTH(len(spelt)), spelt, _LENGTH(len(value)), value]
        if len(told) > _TOLD_AT_ONCE:
            hasher.update(b"".join(told))
            told.clear()
    hasher.update(b"".join(told))
    return hasher.digest()


def difference(wanted: Sequence[Node], found: Sequence[Node]) -> str | None:
    """The first thing in which two trees differ, for people; None when there is none."""
    for want, have in zip(wanted, found, strict=False):
        if want.path != have.path:
            missing = order(want.path) < order(have.path)
            return f"{shown(want.path)} is missing" if missing else f"{shown(have.path)} should not be there"
        for name in ("kind", "size", "target", "mode", "mtime_ns", "xattrs", "digest"):
            if name == "mode" and want.kind == "symlink":
                continue
            if getattr(want, name) != getattr(have, name):
                return f"{shown(want.path)} has another {name.removesuffix('_ns')}"
    if len(wanted) != len(found):
        node = max(wanted, found, key=len)[min(len(wanted), len(found))]
        word = "is missing" if len(wanted) > len(found) else "should not be there"
        return f"{shown(node.path)} {word}"
    return None


def without_xattrs(nodes: Iterable[Node]) -> tuple[Node, ...]:
    return tuple(node._replace(xattrs=_NO_XATTRS) if node.xattrs else node for node in nodes)
