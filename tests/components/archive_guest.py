"""A small guest over a folder, in process: fast enough for thousands of archives, and open to mischief.

Only what archiving needs of `ports.guest.Guest`. The real guest is used in `test_archive_real_guest`.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import cast

from journeyman.failures import Failure
from journeyman.guest.inside import wire
from journeyman.ports.guest import FileData, Guest, Hasher, RestoreEntry, Room, Take, TreeEntry, TreeRecords

PIECE = 200_000


class FolderGuest:
    """`hook` is awaited with the name of every call (`scan`, `read`, `begin`, `add`, `data`, `finish`)."""

    def __init__(self, root: Path) -> None:
        self.root = os.fsencode(root)
        self.hook: Callable[[str], Awaitable[None]] | None = None
        self.writes = 0
        """Entries a restore has added so far."""
        self.finished = False
        self.aborted = False
        self.keeps_xattrs = True

    def as_guest(self) -> Guest:
        return cast("Guest", self)

    async def _at(self, name: str) -> None:
        if self.hook is not None:
            await self.hook(name)

    async def scan(self, root: str = "/workspace") -> AsyncIterator[TreeEntry]:
        await self._at("scan")
        for entry in self._below(b""):
            yield entry

    async def look(
        self,
        root: str = "/workspace",
        *,
        xattrs: bool = True,
        since_ns: int | None = None,
        bytes_max: int = 1 << 30,
    ) -> TreeRecords:
        entries = [entry async for entry in self.scan(root)]
        records = [
            wire.pack_entry((wire.KINDS.index(e.kind), *e[2:8], e.path, e.target, {}))  # type: ignore[arg-type]
            for e in entries
        ]
        attributes = [
            wire.pack_attributes(e.path, dict(e.xattrs))
            for e in entries
            if xattrs and e.xattrs and (since_ns is None or e.ctime_ns >= since_ns)
        ]
        return TreeRecords(b"".join(records), b"".join(attributes))

    async def stands(self, records: bytes, root: str = "/workspace", *, since_ns: int) -> bool | None:
        return (await self.look(root, xattrs=False)).records == records

    def _below(self, prefix: bytes) -> list[TreeEntry]:
        found: list[TreeEntry] = []
        for name in sorted(os.listdir(os.path.join(self.root, prefix))):
            path = prefix + name
            full = os.path.join(self.root, path)
            status = os.lstat(full)
            kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink"}
            kind = kinds.get(stat.S_IFMT(status.st_mode), "other")
            xattrs: dict[str, bytes] = {}
            if kind in ("file", "directory"):
                xattrs = {n: os.getxattr(full, n) for n in os.listxattr(full) if n.startswith("user.")}
            found.append(
                TreeEntry(
                    path=path,
                    kind=kind,  # pyright: ignore[reportArgumentType]
                    size=status.st_size,
                    mode=stat.S_IMODE(status.st_mode),
                    mtime_ns=status.st_mtime_ns,
                    ctime_ns=status.st_ctime_ns,
                    inode=status.st_ino,
                    nlink=status.st_nlink,
                    target=os.readlink(full) if kind == "symlink" else b"",
                    xattrs=xattrs,
                )
            )
            if kind == "directory":
                found += self._below(path + b"/")
        return found

    async def read_many(self, paths: Sequence[bytes], root: str = "/workspace") -> AsyncIterator[FileData]:
        for path in paths:
            await self._at("read")
            try:
                with open(os.path.join(self.root, path), "rb") as file:
                    data = file.read()
            except OSError as error:
                yield FileData(path, b"", last=True, error=error.strerror)
                continue
            pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)] or [b""]
            for number, piece in enumerate(pieces):
                yield FileData(path, piece, last=number == len(pieces) - 1)

    async def feed(
        self, paths: Sequence[bytes], take: Take, root: str = "/workspace", room: Room | None = None
    ) -> AsyncIterator[None]:
        """Every second piece is put where there is room for it."""
        number = 0
        async for piece in self.read_many(paths, root):
            data: bytes | memoryview = piece.data
            if room is not None and number % 2:
                into = room()[: len(piece.data)]
                into[:] = piece.data
                data = into
            take(piece.path, data, piece.last, piece.error)
            number += 1
            yield

    async def begin_restore(self, root: str) -> FolderRestore:
        await self._at("begin")
        if os.listdir(self.root):
            raise Failure("conflict", "A restore needs an empty directory.", hint="Empty it.")
        return FolderRestore(self)

    async def lend_restore(self, root: str, hasher: Hasher) -> None:
        """This one lends nothing."""


class FolderRestore:
    def __init__(self, guest: FolderGuest) -> None:
        self._guest = guest
        self._directories: list[RestoreEntry] = []
        self._files: list[RestoreEntry] = []
        self._links: list[RestoreEntry] = []

    def _path(self, path: bytes) -> bytes:
        assert not {b"", b".", b".."} & set(path.split(b"/"))
        return os.path.join(self._guest.root, path)

    async def add(self, entry: RestoreEntry) -> None:
        await self._guest._at("add")
        self._guest.writes += 1
        full = self._path(entry.path)
        if entry.kind == "directory":
            os.mkdir(full)
            self._directories.append(entry)
        elif entry.kind == "file":
            with open(full, "xb"):
                pass
            self._files.append(entry)
        elif entry.kind == "hardlink":
            os.link(self._path(entry.target), full)
        else:
            self._links.append(entry)

    async def data(self, path: bytes, data: bytes | memoryview) -> None:
        await self._guest._at("data")
        with open(self._path(path), "ab") as file:
            file.write(data)

    async def finish(self) -> int:
        await self._guest._at("finish")
        for entry in self._links:
            os.symlink(entry.target, self._path(entry.path))
        for entry in self._files + self._links + self._directories[::-1]:
            full = self._path(entry.path)
            if entry.kind != "symlink":
                for name, value in entry.xattrs.items():
                    if self._guest.keeps_xattrs:
                        os.setxattr(full, name, value)
                os.chmod(full, entry.mode)
            os.utime(full, ns=(entry.mtime_ns, entry.mtime_ns), follow_symlinks=False)
        self._guest.finished = True
        return self._guest.writes

    async def abort(self) -> None:
        self._guest.aborted = True
        shutil.rmtree(self._guest.root)
        os.mkdir(self._guest.root)
