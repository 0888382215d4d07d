"""From what a guest scanned to the tree an archive holds, and the one hash that stands for all of it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from blake3 import blake3

from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive.model import Node, NodeKind

_MARK = b"journeyman tree v1"
MODE_BITS = 0o1777
"""What is kept of a mode. setuid and setgid are not archived: a restore never makes such a file."""
_COMPARED = Node._fields.index("digest") + 1
_NO_XATTRS: tuple[tuple[str, bytes], ...] = ()
_COUNT, _LENGTH = struct.Struct("<I").pack, struct.Struct("<Q").pack
_SHORT = tuple(map(_LENGTH, range(512)))
_BEGINS = {
    kind: _COUNT(5) + _LENGTH(len(kind)) + kind.encode()
    for kind in ("file", "directory", "symlink", "hardlink")
}


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


def readable(entry: TreeEntry) -> bool:
    needed = {"file": 0o400, "directory": 0o500}.get(entry.kind, 0)
    return entry.mode & needed == needed


def _settled(entry: TreeEntry) -> tuple[object, ...]:
    return entry[:9] if readable(entry) else entry._replace(ctime_ns=0)[:9]


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


def told(nodes: Iterable[Node], digests: Mapping[bytes, bytes] | None = None) -> list[bytes]:
    """What the root hash is made of, for each entry: kind, path, mode, mtime, size, link text, content digest
    and extended attributes. The mode of a symlink means nothing and is left out. `digests`: by path, instead
    of those in `nodes`."""
    if digests is None:
        return [_told(*node) for node in nodes]
    return [_told(*node[:7], digests.get(node[0], b""), ()) for node in nodes]


def _told(
    path: bytes,
    kind: NodeKind,
    mode: int,
    mtime_ns: int,
    size: int,
    target: bytes,
    xattrs: tuple[tuple[str, bytes], ...],
    digest: bytes,
    _: tuple[int, ...],
) -> bytes:
    numbers = b"%d %d %d" % (0 if kind == "symlink" else mode, mtime_ns, size)
    long = len(path)
    parts = (
        _BEGINS[kind] if not xattrs else _COUNT(5 + 2 * len(xattrs)) + _BEGINS[kind][4:],
        *(_SHORT[long] if long < len(_SHORT) else _LENGTH(long), path),
        *(_SHORT[len(numbers)], numbers),
        *(_LENGTH(len(target)), target),
        *(_SHORT[len(digest)], digest),
    )
    if not xattrs:
        return b"".join(parts)
    spelt = [each for name, value in xattrs for each in (name.encode("utf-8", "surrogatepass"), value)]
    return b"".join((*parts, *(part for each in spelt for part in (_LENGTH(len(each)), each))))


def root_of(told: bytes) -> bytes:
    """BLAKE3 over what is told of every entry in canonical order. Independent of how content was cut, packed
    or compressed."""
    hasher = blake3(_MARK)
    hasher.update(told)
    return hasher.digest()


def root_hash(nodes: Iterable[Node]) -> bytes:
    return root_of(b"".join(told(nodes)))


def difference(wanted: Sequence[Node], found: Sequence[Node], *, content: bool = True) -> str | None:
    """The first thing in which two trees differ, for people; None when there is none. What files hold counts
    only with `content`."""
    compared = _COMPARED if content else _COMPARED - 1
    for want, have in zip(wanted, found, strict=False):
        if want[:compared] == have[:compared]:
            continue
        if want.path != have.path:
            missing = order(want.path) < order(have.path)
            return f"{shown(want.path)} is missing" if missing else f"{shown(have.path)} should not be there"
        for name in ("kind", "size", "target", "mode", "mtime_ns", "xattrs", "digest"):
            if (name == "mode" and want.kind == "symlink") or (name == "digest" and not content):
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
