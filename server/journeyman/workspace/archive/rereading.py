"""What the files of a workspace hold now, by content digest: read where a reader will find them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from blake3 import blake3

from journeyman.failures import Failure
from journeyman.ports.guest import FileData, Guest
from journeyman.workspace.archive.limits import MIB
from journeyman.workspace.archive.load import corrupt
from journeyman.workspace.archive.model import Node
from journeyman.workspace.archive.scanning import ROOT
from journeyman.workspace.archive.tree import shown
from journeyman.workspace.archive.workers import Workers

BATCH_BYTES = 4 * MIB
BATCH_PIECES = 1024


class Rereading:
    def __init__(self, guest: Guest, workers: Workers, key: bytes) -> None:
        """`key`: of content digests, as in the manifest."""
        self._guest = guest
        self._workers = workers
        self._key = key
        self._hasher = blake3(key=key)
        self._digests: dict[bytes, bytes] = {}

    async def digests(self, files: Sequence[Node], done: Callable[[int, int], None]) -> Mapping[bytes, bytes]:
        """By path. Raises `archive_corrupt` where a file cannot be read."""
        batch: list[FileData] = []
        size = 0
        async for piece in self._guest.read_many([node.path for node in files], ROOT):
            if piece.error is not None:
                raise not_restored(f"{shown(piece.path)} cannot be read back ({piece.error})")
            batch.append(piece)
            size += len(piece.data)
            if size >= BATCH_BYTES or len(batch) >= BATCH_PIECES:
                await self._hash(batch, done)
                batch, size = [], 0
        await self._hash(batch, done)
        if len(self._digests) != len(files):
            raise not_restored("not every file could be read back")
        return self._digests

    async def _hash(self, batch: Sequence[FileData], done: Callable[[int, int], None]) -> None:
        await self._workers.run(lambda: self._take(batch))
        done(sum(piece.last for piece in batch), sum(len(piece.data) for piece in batch))

    def _take(self, batch: Sequence[FileData]) -> None:
        for path, data, last, _ in batch:
            self._hasher.update(data)
            if last:
                self._digests[path] = self._hasher.digest()
                self._hasher.reset()


def not_restored(why: str) -> Failure:
    return corrupt("the restored workspace is not what was archived", why)
