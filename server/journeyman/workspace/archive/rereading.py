"""What the files of a workspace hold now, by content digest: read where a reader will find them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from blake3 import blake3

from journeyman.ports.guest import FileData, Guest
from journeyman.workspace.archive.limits import MIB
from journeyman.workspace.archive.scanning import ROOT
from journeyman.workspace.archive.workers import Workers

BATCH_BYTES = 4 * MIB
BATCH_PIECES = 1024


@dataclass(slots=True)
class Reread:
    digests: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    """Keyed BLAKE3, by path."""
    unread: dict[bytes, str] = field(default_factory=dict[bytes, str])
    """Why a file could not be read, by path."""


async def reread(
    guest: Guest,
    workers: Workers,
    key: bytes,
    paths: Sequence[bytes],
    done: Callable[[int, int], None] = lambda _files, _bytes: None,
) -> Reread:
    """`key`: of content digests, as in the manifest. `done` is told of more files and bytes."""
    found = Reread()
    hasher: Any = blake3(key=key)

    def take(pieces: Sequence[FileData]) -> None:
        for path, data, last, error in pieces:
            hasher.update(data)
            if not last:
                continue
            if error is None:
                found.digests[path] = hasher.digest()
            else:
                found.unread[path] = error
            hasher.reset()

    async def hash_all(pieces: Sequence[FileData]) -> None:
        await workers.run(lambda: take(pieces))
        done(sum(piece.last for piece in pieces), sum(len(piece.data) for piece in pieces))

    batch: list[FileData] = []
    size = 0
    async for piece in guest.read_many(paths, ROOT):
        batch.append(piece)
        size += len(piece.data)
        if size >= BATCH_BYTES or len(batch) >= BATCH_PIECES:
            await hash_all(batch)
            batch, size = [], 0
    await hash_all(batch)
    return found
