"""What the files of a workspace hold now, by content digest: read where a reader will find them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from blake3 import blake3

from journeyman.ports.guest import Guest
from journeyman.workspace.archive.scanning import ROOT


@dataclass(slots=True)
class Reread:
    digests: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])
    """Keyed BLAKE3, by path."""
    unread: dict[bytes, str] = field(default_factory=dict[bytes, str])
    """Why a file could not be read, by path."""


async def reread(
    guest: Guest,
    key: bytes,
    paths: Sequence[bytes],
    done: Callable[[int, int], None] = lambda _files, _bytes: None,
) -> Reread:
    """`key`: of content digests, as in the manifest. `done` is told of more files and bytes."""
    found = Reread()
    hasher: Any = blake3(key=key)

    files = size = 0

    def take(path: bytes, data: bytes | memoryview, last: bool, error: str | None) -> None:
        nonlocal files, size
        hasher.update(data)
        size += len(data)
        if not last:
            return
        if error is None:
            found.digests[path] = hasher.digest()
        else:
            found.unread[path] = error
        hasher.reset()
        files += 1

    async for _ in guest.feed(paths, take, ROOT):
        done(files, size)
        files = size = 0
    return found
