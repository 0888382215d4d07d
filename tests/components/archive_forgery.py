"""Makes manifests that lie, with every checksum right, and puts them where a restore finds them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import zstandard
from blake3 import blake3

from components.archive_kit import PROJECT, Kit
from journeyman.workspace.archive import codec, layout, pointer, strict
from journeyman.workspace.archive.limits import LIMITS
from journeyman.workspace.archive.load import parse_manifest
from journeyman.workspace.archive.model import Manifest, Node
from journeyman.workspace.archive.tree import root_hash
from journeyman.workspace.archive.zstd import compress, decompress

KEY = layout.content_key(PROJECT)


def current(kit: Kit) -> Manifest:
    (key,) = [key for key in kit.memory.objects if "/m/" in key]
    return parse_manifest(kit.memory.objects[key], PROJECT, LIMITS)


def with_nodes(manifest: Manifest, *nodes: Node, sort: bool = False) -> Manifest:
    """The manifest with these entries put after its own, its counts and root hash made to fit."""
    everything = (*manifest.nodes, *nodes)
    if sort:
        everything = tuple(sorted(everything, key=lambda node: node.path.replace(b"/", b"\0")))
    return fitting(replace(manifest, nodes=everything))


def fitting(manifest: Manifest) -> Manifest:
    files = [node for node in manifest.nodes if node.kind == "file"]
    summary = replace(
        manifest.summary,
        root=root_hash(manifest.nodes),
        entries=len(manifest.nodes),
        files=len(files),
        bytes=sum(node.size for node in files),
    )
    return replace(manifest, summary=summary)


def sealed(summary: bytes, body: bytes) -> bytes:
    """A manifest object around any summary and any compressed body."""
    rest = len(summary).to_bytes(4, "little") + summary + body
    return codec.MAGIC + blake3(rest, key=KEY).digest() + rest


def opened(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    length = int.from_bytes(data[40:44], "little")
    body = decompress(data[44 + length :], LIMITS.manifest_bytes, LIMITS.window_bytes)
    return json.loads(data[44 : 44 + length]), json.loads(body)


def edited(manifest: Manifest, change: Callable[[dict[str, Any], dict[str, Any]], None]) -> bytes:
    """The object of `manifest` after `change(summary, body)` on its JSON."""
    summary, body = opened(codec.encode(manifest, KEY))
    change(summary, body)
    return sealed(strict.dump(summary), compress(strict.dump(body)))


def bomb(size: int) -> bytes:
    """One honest zstd frame of `size` zeros, made without holding them."""
    stream = zstandard.ZstdCompressor(level=1).compressobj(size=size)
    piece = bytes(2**20)
    parts = [stream.compress(piece) for _ in range(size // len(piece))]
    return b"".join(parts) + stream.flush()


def plant(kit: Kit, manifest: Manifest, data: bytes) -> None:
    """Make HEAD name `data` as the newest archive."""
    summary = manifest.summary
    key = layout.manifest_key(PROJECT, summary.seq, summary.archive_id)
    kit.memory.objects[key] = data
    head = pointer.Head(
        project_id=PROJECT,
        seq=summary.seq,
        epoch=summary.epoch,
        archive_id=summary.archive_id,
        manifest_key=key,
        manifest_digest=blake3(data).digest(),
        root=summary.root,
        files=summary.files,
        bytes=summary.bytes,
        new_bytes=summary.new_bytes,
        created_at=summary.created_at,
    )
    kit.memory.objects[layout.head_key(PROJECT)] = pointer.encode(head)
