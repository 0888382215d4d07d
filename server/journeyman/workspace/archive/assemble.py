"""From contents and where their chunks are to the tables of a manifest, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from journeyman.workspace.archive import tree
from journeyman.workspace.archive.chunker import CHUNKER
from journeyman.workspace.archive.model import Chunk, Frame, Manifest, Node, Pack, Summary
from journeyman.workspace.archive.packs import Content, FrameSpot, PackSpot, Spot


@dataclass(frozen=True, slots=True)
class Tables:
    """Where chunks are, as in a manifest."""

    packs: tuple[Pack, ...]
    frames: tuple[Frame, ...]
    chunks: tuple[Chunk, ...]
    content_project: str
    """Whose content key made the chunks' ids."""

    def catalog(self) -> dict[bytes, Spot]:
        packs = [PackSpot(pack.name, pack.size, pack.owner) for pack in self.packs]
        frames = [
            FrameSpot(packs[frame.pack], frame.offset, frame.stored, frame.raw) for frame in self.frames
        ]
        return {chunk.id: Spot(frames[chunk.frame], chunk.offset, chunk.length) for chunk in self.chunks}


def assemble(
    summary: Summary,
    nodes: Iterable[Node],
    contents: Mapping[bytes, Content],
    catalog: Mapping[bytes, Spot],
    skipped: tuple[str, ...],
    content_project: str,
) -> tuple[Manifest, list[bytes]]:
    """A manifest that lists exactly the packs, frames and chunks its files need, in first-use order, and what
    the root hash tells of each entry. Version, counts and root hash of `summary` are filled in.
    `content_project`: whose key made the ids."""
    packs: dict[int, tuple[int, Pack]] = {}
    frames: dict[int, tuple[int, Frame]] = {}
    chunks: list[Chunk] = []
    known: dict[bytes, int] = {}

    def frame_number(spot: FrameSpot) -> int:
        found = frames.get(id(spot))
        if found is None:
            stored = Pack(spot.pack.name, spot.pack.size, spot.pack.owner)
            pack, _ = packs.setdefault(id(spot.pack), (len(packs), stored))
            found = frames[id(spot)] = (len(frames), Frame(pack, spot.offset, spot.stored, spot.raw))
        return found[0]

    def number_of(ident: bytes) -> int:
        number = known.get(ident)
        if number is None:
            spot, offset, length = catalog[ident]
            number = known[ident] = len(chunks)
            chunks.append(Chunk(ident, frame_number(spot), offset, length))
        return number

    filled: list[Node] = []
    files = total = 0
    for node in nodes:
        if node.kind == "file":
            path, kind, mode, mtime_ns, size, target, xattrs, _, _ = node
            ids, _, digest = contents[path]
            numbers = tuple(map(number_of, ids))
            node = Node(path, kind, mode, mtime_ns, size, target, xattrs, digest, numbers)
            files, total = files + 1, total + size
        filled.append(node)
    told = tree.told(filled)
    root = tree.root_of(b"".join(told))
    manifest = Manifest(
        summary=replace(summary, root=root, entries=len(filled), files=files, bytes=total),
        chunker=CHUNKER,
        packs=tuple(pack for _, pack in packs.values()),
        frames=tuple(frame for _, frame in frames.values()),
        chunks=tuple(chunks),
        nodes=tuple(filled),
        skipped=skipped,
        content=None if content_project == summary.project_id else content_project,
    )
    return replace(manifest, summary=replace(manifest.summary, version=manifest.version)), told


def contents_of(manifest: Manifest) -> dict[bytes, Content]:
    """What each file of a checked manifest holds, by path; hard links too."""
    contents: dict[bytes, Content] = {}
    for node in manifest.nodes:
        if node.kind == "file":
            ids = tuple([manifest.chunks[number].id for number in node.chunks])
            contents[node.path] = Content(ids, node.size, node.digest)
        elif node.kind == "hardlink":
            contents[node.path] = contents[node.target]
    return contents
