"""What differs between two trees: two archives, or an archive and the workspace as it is.

Content is compared by digest, never by times: what was touched and not changed is no difference. Of the
workspace only files are read that have the size they had and are not known to be as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from journeyman.failures import Failure
from journeyman.ports.guest import TreeEntry
from journeyman.workspace.archive import tree
from journeyman.workspace.archive.frames import FrameSource
from journeyman.workspace.archive.model import Manifest, Node
from journeyman.workspace.archive.packs import Content
from journeyman.workspace.archive.scanning import Scan

Verdict = Literal["added", "removed", "changed"]
EntryKind = Literal["file", "directory", "symlink"]


@dataclass(frozen=True, slots=True)
class Side:
    """One entry of one of the trees."""

    kind: EntryKind
    mode: int
    size: int
    """Of a file."""
    value: bytes
    """Digest of a file, text of a link."""


@dataclass(frozen=True, slots=True)
class Difference:
    path: bytes
    before: Side | None
    after: Side | None

    @property
    def verdict(self) -> Verdict:
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def content(self) -> bool:
        """Whether more than the mode differs."""
        before, after = self.before, self.after
        if before is None or after is None:
            return True
        return (before.kind, before.size, before.value) != (after.kind, after.size, after.value)


@dataclass(frozen=True, slots=True)
class Comparison:
    before: str
    """The archive compared with."""
    after: str | None
    """The other archive; None where it is the workspace as it was a moment ago."""
    differences: tuple[Difference, ...]


def sides(nodes: Iterable[Node], digests: Mapping[bytes, bytes] | None = None) -> dict[bytes, Side]:
    """The tree by path. A hard link counts as the file it joins; `digests` where nodes have none."""
    found: dict[bytes, Side] = {}
    for node in nodes:
        if node.kind == "hardlink":
            found[node.path] = found[node.target]
        elif node.kind == "file":
            digest = node.digest or (digests or {}).get(node.path, b"")
            found[node.path] = Side("file", node.mode, node.size, digest)
        elif node.kind == "symlink":
            found[node.path] = Side("symlink", 0, 0, node.target)
        else:
            found[node.path] = Side("directory", node.mode, 0, b"")
    return found


def differences(before: Mapping[bytes, Side], after: Mapping[bytes, Side]) -> Iterator[Difference]:
    """In the canonical order of paths."""
    for path in sorted(before.keys() | after.keys(), key=tree.order):
        old, new = before.get(path), after.get(path)
        if old != new:
            yield Difference(path, old, new)


def to_read(
    seen: Scan, before: Mapping[bytes, Side], known: Mapping[bytes, tuple[TreeEntry, Content]]
) -> _Needed:
    """Digests of files that are known to be as they were, and the files that must be read to tell: those
    of the size they had. Of others the size says enough."""
    digests: dict[bytes, bytes] = {}
    read: list[bytes] = []
    for entry in seen.files:
        old = before.get(entry.path)
        if old is None or old.kind != "file" or old.size != entry.size:
            continue
        remembered = known.get(entry.path)
        if remembered is not None and remembered[0] == entry:
            digests[entry.path] = remembered[1].digest
        else:
            read.append(entry.path)
    return _Needed(digests, read)


@dataclass(frozen=True, slots=True)
class _Needed:
    digests: dict[bytes, bytes]
    read: list[bytes]


async def content_of(source: FrameSource, manifest: Manifest, path: bytes, limit: int) -> bytes | None:
    """A file of an archive, checked; None where there is none. `invalid` when it is larger than `limit`."""
    nodes = {node.path: node for node in manifest.nodes}
    node = nodes.get(path)
    if node is not None and node.kind == "hardlink":
        node = nodes.get(node.target)
    if node is None or node.kind != "file":
        return None
    if node.size > limit:
        raise Failure("invalid", f"{tree.shown(path)} has {node.size:,} bytes, more than {limit:,}.")
    content = bytearray()
    for window in source.windows(node.chunks):
        pieces = await source.fetch(window)
        for number in window:
            content += pieces[number]
    return bytes(content)
