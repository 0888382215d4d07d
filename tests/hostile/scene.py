"""A stage for one forged archive: a store that holds a good one, and the means to lie about it.

Every checksum a forger can compute is computed (they are keyed with the project's id, which is no secret),
so that no forgery is refused by accident: each case says which check it must meet.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import zstandard
from blake3 import blake3

from components.archive_forgery import KEY, fitting, opened, sealed
from components.archive_kit import PROJECT
from journeyman.workspace.archive import codec, layout, pointer, strict
from journeyman.workspace.archive.limits import LIMITS, Limits
from journeyman.workspace.archive.model import Chunk, Frame, Manifest, Node, Pack
from journeyman.workspace.archive.zstd import compress

PLAIN = "not a plain one"
TIME_NS = 1_700_000_000_000_000_000


@dataclass
class Scene:
    objects: dict[str, bytes]
    manifest: Manifest
    canary: bytes
    """Absolute path of a directory outside the staging directory; `canary + b"/secret"` is a file."""
    wanted: Manifest | None = None
    """What a faithful restore must bring back; None: the good archive."""

    @property
    def pack(self) -> Pack:
        return self.manifest.packs[0]

    @property
    def pack_key(self) -> str:
        return layout.pack_key(PROJECT, self.pack.name)

    @property
    def head_key(self) -> str:
        return layout.head_key(PROJECT)

    @property
    def manifest_key(self) -> str:
        summary = self.manifest.summary
        return layout.manifest_key(PROJECT, summary.seq, summary.archive_id)

    def plant(self, manifest: Manifest) -> None:
        """Make it the newest archive."""
        self.wanted = manifest
        self.manifest = manifest
        self.plant_bytes(codec.encode(manifest, KEY))

    def plant_bytes(self, data: bytes, **head: Any) -> None:
        """Store `data` as the manifest and have HEAD name it, its digest right, the rest as `head` says."""
        self.objects[self.manifest_key] = data
        self.objects[self.head_key] = pointer.encode(replace(self.head(data), **head))

    def head(self, data: bytes | None = None) -> pointer.Head:
        summary = self.manifest.summary
        stored = self.objects[self.manifest_key] if data is None else data
        return pointer.Head(
            project_id=PROJECT,
            seq=summary.seq,
            epoch=summary.epoch,
            archive_id=summary.archive_id,
            manifest_key=self.manifest_key,
            manifest_digest=blake3(stored).digest(),
            root=summary.root,
            files=summary.files,
            bytes=summary.bytes,
            new_bytes=summary.new_bytes,
            created_at=summary.created_at,
        )

    def head_fields(self) -> dict[str, Any]:
        return json.loads(self.objects[self.head_key].split(b"\n")[0])

    def plant_head(self, fields: object) -> None:
        """HEAD with any JSON and its hash."""
        content = fields if isinstance(fields, bytes) else strict.dump(fields)
        self.objects[self.head_key] = content + b"\n" + blake3(content).hexdigest().encode() + b"\n"

    def json(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return opened(codec.encode(self.manifest, KEY))

    def plant_body(self, body: bytes) -> None:
        """Any bytes as the compressed body, sealed."""
        summary = strict.dump(codec._summary_out(self.manifest.summary))
        self.plant_bytes(sealed(summary, body))

    def node(self, path: bytes) -> Node:
        return next(node for node in self.manifest.nodes if node.path == path)

    def swapped(self, path: bytes, **change: Any) -> Manifest:
        nodes = tuple(n._replace(**change) if n.path == path else n for n in self.manifest.nodes)
        return fitting(replace(self.manifest, nodes=nodes))

    def add_pack(self, contents: list[bytes], *, stored: list[bytes] | None = None) -> None:
        """A pack of one frame for each content, chunk for chunk; the manifest lists it, nothing uses it yet.
        `stored`: what is really put where the compressed frames belong."""
        frames = stored if stored is not None else [compress(content) for content in contents]
        data = b"JMPACK01" + b"".join(frames)
        footer = compress(b"[]")
        data += footer + len(footer).to_bytes(4, "little") + b"JMPKEND1"
        name = blake3(data).hexdigest()
        self.objects[layout.pack_key(PROJECT, name)] = data
        manifest, at = self.manifest, 8
        number, first = len(manifest.packs), len(manifest.frames)
        listed: list[Frame] = []
        for content, frame in zip(contents, frames, strict=True):
            listed.append(Frame(number, at, len(frame), len(content)))
            at += len(frame)
        chunks = [
            Chunk(chunk_id(content), first + index, 0, len(content)) for index, content in enumerate(contents)
        ]
        self.manifest = replace(
            manifest,
            packs=(*manifest.packs, Pack(name, len(data))),
            frames=(*manifest.frames, *listed),
            chunks=(*manifest.chunks, *chunks),
        )

    def file_of(self, path: bytes, contents: list[bytes]) -> Node:
        """A file of contents that `add_pack` put there last."""
        first = len(self.manifest.chunks) - len(contents)
        whole = b"".join(contents)
        numbers = tuple(range(first, first + len(contents)))
        return Node(path, "file", 0o644, TIME_NS, size=len(whole), digest=chunk_id(whole), chunks=numbers)

    def with_nodes(self, *nodes: Node) -> Manifest:
        return _joined(replace(self.manifest, nodes=(*self.manifest.nodes, *nodes)))

    def sorted_with(self, *nodes: Node) -> Manifest:
        everything = sorted((*self.manifest.nodes, *nodes), key=lambda node: node.path.replace(b"/", b"\0"))
        return _joined(replace(self.manifest, nodes=tuple(everything)))


def _joined(manifest: Manifest) -> Manifest:
    """Hard links with the mode and time of what they join, where that is there; counts and root fitting."""
    files = {node.path: node for node in manifest.nodes if node.kind == "file"}
    nodes = [
        node._replace(mode=files[node.target].mode, mtime_ns=files[node.target].mtime_ns)
        if node.kind == "hardlink" and node.target in files
        else node
        for node in manifest.nodes
    ]
    return fitting(replace(manifest, nodes=tuple(nodes)))


@dataclass(frozen=True)
class Case:
    name: str
    forge: Callable[[Scene], object]
    match: str = ""
    """What the refusal says, as a regular expression; empty: it is restored, and is what it says it is."""
    kind: str = "archive_corrupt"
    begun: bool = False
    """It is seen only when data is read: writing may have begun, in the staging directory, and is undone."""
    either: bool = False
    """Refused where the file system cannot keep it, faithful where it can."""
    archive_id: str | None = None
    limits: Limits = field(default=LIMITS)


def chunk_id(content: bytes) -> bytes:
    return blake3(content, key=KEY).digest()


def link(path: bytes, target: bytes = b"x") -> Node:
    return Node(path, "symlink", 0o777, TIME_NS, target=target)


def folder(path: bytes, mode: int = 0o755) -> Node:
    return Node(path, "directory", mode, TIME_NS)


def hard(path: bytes, target: bytes) -> Node:
    return Node(path, "hardlink", 0o644, 0, target=target)


def added(name: str, match: str, *nodes: Node) -> Case:
    """These entries after the good ones."""
    return Case(name, lambda scene: scene.plant(scene.with_nodes(*nodes)), match)


def kept(name: str, *nodes: Node) -> Case:
    """Odd, but allowed: comes back as it is, in its place in the order."""
    return Case(name, lambda scene: scene.plant(scene.sorted_with(*nodes)))


def edited(name: str, match: str, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> Case:
    """The JSON of summary and body after `change`."""

    def forge(scene: Scene) -> None:
        summary, body = scene.json()
        change(summary, body)
        scene.plant_bytes(sealed(strict.dump(summary), compress(strict.dump(body))))

    return Case(name, forge, match)


def forged(name: str, match: str, change: Callable[[Scene], Manifest], *, begun: bool = False) -> Case:
    return Case(name, lambda scene: scene.plant(change(scene)), match, begun=begun)


def unsized(content: bytes) -> bytes:
    """A frame that does not say how much it holds."""
    return zstandard.ZstdCompressor(write_content_size=False).compress(content)
