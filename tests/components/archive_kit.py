"""What the tests of the archive share: an engine over a store, folders to archive, and how trees compare."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

from components.archive_guest import FolderGuest
from journeyman.failures import Failure
from journeyman.ports.objects import ObjectStore
from journeyman.testing.clock import CountingIds, FakeClock
from journeyman.testing.objects import MemoryObjects
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.outcomes import ArchiveOutcome, RestoreOutcome

PROJECT = "11111111-2222-4333-8444-555555555555"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
SOME_TIME_NS = 1_700_000_000_123_456_789


class Kit:
    def __init__(self, base: Path, objects: ObjectStore | None = None) -> None:
        self.base = base
        self.source = base / "source"
        self.source.mkdir()
        self.memory = MemoryObjects()
        self.objects = objects if objects is not None else self.memory
        self.clock = FakeClock(LONG_AGO)  # so that every file here counts as freshly written
        self.ids = CountingIds()
        self.engine = ArchiveEngine(self.objects, clock=self.clock, ids=self.ids)
        self.journal: list[str] = []
        self._restored = 0

    def guest(self) -> FolderGuest:
        return FolderGuest(self.source)

    async def note(self, step: str) -> None:
        self.journal.append(step)

    async def archive(
        self, guest: FolderGuest | None = None, *, epoch: int = 1, project: str = PROJECT
    ) -> ArchiveOutcome:
        chosen = guest if guest is not None else self.guest()
        return await self.engine.archive(project, chosen.as_guest(), epoch=epoch, journal=self.note)

    def target(self) -> FolderGuest:
        self._restored += 1
        folder = self.base / f"restored-{self._restored}"
        folder.mkdir()
        return FolderGuest(folder)

    async def restore(
        self, archive_id: str | None = None, *, into: FolderGuest | None = None, project: str = PROJECT
    ) -> tuple[RestoreOutcome, Path]:
        guest = into if into is not None else self.target()
        outcome = await self.engine.restore(project, guest.as_guest(), archive_id=archive_id)
        assert guest.finished
        return outcome, Path(os.fsdecode(guest.root))


def fill(folder: Path, text: str = "") -> None:
    """A small tree with one of everything."""
    (folder / "src").mkdir()
    (folder / "src" / "main.py").write_text(f"print('hello {text}')\n")
    (folder / "src" / "tool.sh").write_text("#!/bin/sh\n")
    (folder / "src" / "tool.sh").chmod(0o755)
    (folder / "empty").mkdir()
    (folder / "nothing").write_bytes(b"")
    (folder / "big.bin").write_bytes(bytes(range(256)) * 9000)
    (folder / "link").symlink_to("src/main.py")
    (folder / "dangling").symlink_to("/no/such/../place")
    os.link(folder / "src" / "main.py", folder / "zz-same")
    (folder / "same-content").write_bytes((folder / "src" / "main.py").read_bytes())
    for path in (folder / "src" / "tool.sh", folder / "empty", folder / "src"):
        os.utime(path, ns=(SOME_TIME_NS, SOME_TIME_NS))


def snapshot(folder: Path) -> dict[bytes, tuple[object, ...]]:
    """Everything an archive promises to keep, by path; independent of the code under test."""
    found: dict[bytes, tuple[object, ...]] = {}
    names: dict[int, list[bytes]] = {}
    root = os.fsencode(folder)
    for current, folders, files in os.walk(root):
        for name in folders + files:
            full = os.path.join(current, name)
            path = os.path.relpath(full, root)
            status = os.lstat(full)
            mode = stat.S_IMODE(status.st_mode)
            if stat.S_ISLNK(status.st_mode):
                found[path] = ("link", os.readlink(full), status.st_mtime_ns)
            elif stat.S_ISDIR(status.st_mode):
                found[path] = ("folder", mode, status.st_mtime_ns, _xattrs(full))
            elif stat.S_ISREG(status.st_mode):
                with open(full, "rb") as file:
                    found[path] = ("file", mode, status.st_mtime_ns, file.read(), _xattrs(full))
                names.setdefault(status.st_ino, []).append(path)
    for group in names.values():
        for path in group:
            found[path] += (tuple(sorted(group)),)
    return found


def _xattrs(path: bytes) -> dict[str, bytes]:
    return {name: os.getxattr(path, name) for name in os.listxattr(path) if name.startswith("user.")}


def unavailable() -> Failure:
    return Failure("store_unavailable", "The store is away.", hint="Try again.", retryable=True)


def refused() -> Failure:
    return Failure("store_refused", "The store says no.", hint="Ask.")


def full() -> Failure:
    return Failure("disk_full", "No space.", hint="Make some.", retryable=True)


def short() -> Failure:
    return Failure("archive_corrupt", "Too short.", hint="Verify.")
