"""What an archive says: the tree, where its content is stored, and a summary. Plain values only.

`codec` writes and reads these; `checks` decides whether they make sense.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

NodeKind = Literal["file", "directory", "symlink", "hardlink"]

FORMAT_VERSION = 1
FORK_VERSION = 2
"""Of a manifest that needs another project: its packs, or the key its chunk ids are made with."""

PackRef = tuple[str | None, str]
"""The project a pack belongs to (None: the manifest's own), and its name."""


class Node(NamedTuple):
    """One entry of the tree. A hard link carries the mode and mtime of the file it joins."""

    path: bytes
    """Relative to the workspace, `/` between names, which need not be UTF-8."""
    kind: NodeKind
    mode: int
    mtime_ns: int
    size: int = 0
    target: bytes = b""
    """Link text of a symlink; path of the earlier file a hard link joins."""
    xattrs: tuple[tuple[str, bytes], ...] = ()
    """Sorted by name."""
    digest: bytes = b""
    """Of a file: keyed BLAKE3 of its content, however it was cut."""
    chunks: tuple[int, ...] = ()
    """Of a file: numbers in `Manifest.chunks`, in order."""


@dataclass(frozen=True, slots=True)
class Pack:
    name: str
    size: int
    owner: str | None = None
    """The project it belongs to; None: the manifest's own."""

    @property
    def ref(self) -> PackRef:
        return self.owner, self.name


@dataclass(frozen=True, slots=True)
class Frame:
    """A zstd frame: bytes [offset, offset+stored) of a pack, `raw` bytes when decompressed."""

    pack: int
    offset: int
    stored: int
    raw: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes [offset, offset+length) of a decompressed frame. `id` is their keyed BLAKE3."""

    id: bytes
    frame: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Summary:
    """The head of a manifest, readable without the rest."""

    version: int
    tool: str
    archive_id: str
    project_id: str
    seq: int
    epoch: int
    parent: str | None
    """The archive HEAD named when this one was made. For people: nothing depends on it being there."""
    created_at: datetime
    root: bytes
    """Root hash of the tree."""
    entries: int
    files: int
    """Regular files, hard links not counted again."""
    bytes: int
    """Content of the files."""
    new_bytes: int
    """Bytes of packs this archive added to the store."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """An archive, complete by itself: no other manifest is needed to restore it."""

    summary: Summary
    chunker: str
    packs: tuple[Pack, ...]
    frames: tuple[Frame, ...]
    chunks: tuple[Chunk, ...]
    nodes: tuple[Node, ...]
    """Parents before children, names in byte order."""
    skipped: tuple[str, ...]
    """Devices, sockets and the like, which are not archived."""
    content: str | None = None
    """The project whose content key made chunk ids and digests; None: its own."""

    @property
    def content_project(self) -> str:
        return self.content or self.summary.project_id

    @property
    def version(self) -> int:
        return version_of(self.content, self.packs)


def version_of(content: str | None, packs: Iterable[Pack]) -> int:
    """The lowest that can say this of a manifest."""
    needs = content is not None or any(pack.owner is not None for pack in packs)
    return FORK_VERSION if needs else FORMAT_VERSION
