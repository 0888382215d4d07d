"""Files in memory, as far as `patch` uses a guest, and a fault at any call."""

from __future__ import annotations

import asyncio
import hashlib
import posixpath
from dataclasses import dataclass, field

from journeyman.failures import Failure
from journeyman.ports.guest import FileContent, Stat


@dataclass
class MemoryFiles:
    files: dict[str, bytes]
    fail_at: int | None = None
    """The number of the changing call that fails, from 1."""
    directories: set[str] = field(default_factory=lambda: {"/w"})
    changing: int = 0

    def __post_init__(self) -> None:
        for path in self.files:
            self._make_parents(path)

    def everything(self) -> tuple[dict[str, bytes], set[str]]:
        return dict(self.files), set(self.directories)

    async def stat(self, path: str) -> Stat | None:
        if path in self.files:
            return Stat("file", len(self.files[path]), 0o644, 0)
        return Stat("directory", 0, 0o755, 0) if path in self.directories else None

    async def read(self, path: str) -> FileContent:
        if path not in self.files:
            raise Failure("not_found", f"There is no {path}.")
        data = self.files[path]
        return FileContent(data, len(data), _sha(data))

    async def write(
        self, path: str, data: bytes, *, expected_sha256: str | None = None, mode: int | None = None
    ) -> Stat:
        await asyncio.sleep(0)
        self._may_fail()
        present = self.files.get(path)
        if expected_sha256 is not None and expected_sha256 != ("" if present is None else _sha(present)):
            raise Failure("conflict", f"{path} has changed since it was read.")
        self._make_parents(path)
        self.files[path] = data
        return Stat("file", len(data), mode or 0o644, 0, _sha(data))

    async def remove(self, path: str, *, recursive: bool = True) -> None:
        await asyncio.sleep(0)
        self._may_fail()
        if path in self.files:
            del self.files[path]
            return
        assert not recursive
        if path not in self.directories:
            raise Failure("not_found", f"There is no {path}.")
        if any(each.startswith(f"{path}/") for each in [*self.files, *self.directories]):
            raise Failure("conflict", f"{path} is not empty.")
        self.directories.remove(path)

    def _may_fail(self) -> None:
        self.changing += 1
        if self.changing == self.fail_at:
            raise Failure("disk_full", "There is no space left.")

    def _make_parents(self, path: str) -> None:
        parent = posixpath.dirname(path)
        while parent != "/":
            self.directories.add(parent)
            parent = posixpath.dirname(parent)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
