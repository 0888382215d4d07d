"""Reading a workspace into packs and putting new packs into the store: step 3 of the commit protocol.

Holds what is known across rounds, so that a file that did not move is read once. A pipeline with bounds:
the guest reads ahead as far as its credit goes; pieces are cut and hashed by the thread that has them, a few
MiB at a time; `PRESSING` frames are compressed side by side; at most `UPLOADS` full packs are on their way,
each read back as soon as it is there. With the pack being filled this is all the memory an archive takes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.guest import Room, Take, TreeEntry
from journeyman.ports.objects import Data, ObjectStore
from journeyman.workspace.archive import layout
from journeyman.workspace.archive.chunker import Cut
from journeyman.workspace.archive.framing import Framer
from journeyman.workspace.archive.intake import Intake
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.model import PackRef
from journeyman.workspace.archive.outcomes import ArchiveProgress, OnProgress
from journeyman.workspace.archive.packs import (
    Content,
    FullFrame,
    Packer,
    PackSpot,
    SealedPack,
    Spot,
)
from journeyman.workspace.archive.readback import holds
from journeyman.workspace.archive.tree import shown
from journeyman.workspace.archive.workers import Workers, task_group
from journeyman.workspace.archive.zstd import FASTER_LEVEL, LEVEL, compress_adaptively

UPLOADS = 2
PRESSING = 2
READ_AT_ONCE = 2048
NAMES_TRIED = 4


class Reads(Protocol):
    """Whoever has the content of files: a guest, or somebody who made it up."""

    def feed(
        self, paths: Sequence[bytes], take: Take, root: str = "/workspace", room: Room | None = None
    ) -> AsyncIterator[None]: ...


class Collector:
    """Brings the content of files into the store. After `collect`, `content` has what each file held and
    `unread` why some could not be read."""

    def __init__(
        self,
        objects: ObjectStore,
        workers: Workers,
        project_id: str,
        content_project: str,
        catalog: dict[bytes, Spot],
        known: Mapping[bytes, tuple[TreeEntry, Content]],
        limits: Limits,
        on_progress: OnProgress,
    ) -> None:
        self._objects = objects
        self._workers = workers
        self._project_id = project_id
        self._limits = limits
        self._on_progress = on_progress
        self.content_project = content_project
        """Whose content key makes the ids; of a fork it is the project it came from."""
        self._framer = Framer(layout.content_key(content_project), catalog)
        self._packer = Packer()
        self._known = dict(known)
        self._before: Mapping[bytes, Sequence[Cut]] = {}
        self.new_packs: dict[str, PackSpot] = {}
        """Packs this archive added or found already added, by name."""
        self.verified: set[str] = set()
        """Those of them that were read back and found whole."""
        self.unread: dict[bytes, str] = {}

    @property
    def catalog(self) -> dict[bytes, Spot]:
        return self._framer.catalog

    def content(self, entry: TreeEntry) -> Content | None:
        """What the file held when it looked exactly like `entry`."""
        known = self._known.get(entry.path)
        return known[1] if known is not None and (known[0] is entry or known[0] == entry) else None

    def know(self, files: Mapping[bytes, tuple[TreeEntry, Content]]) -> None:
        """What further files hold, as far as it is still stored."""
        self._known = {**files, **self._known}
        self.drop_unstored()

    def expect(self, cuts: Mapping[bytes, Sequence[Cut]]) -> None:
        """How earlier versions of large files were cut, by path. Saves looking for the cuts again."""
        self._before = cuts

    def drop_packs(self, refs: set[PackRef]) -> None:
        """Forget what is stored in these packs; files that need them are read again."""
        gone = {ident for ident, spot in self.catalog.items() if spot.frame.pack.ref in refs}
        for ident in gone:
            del self.catalog[ident]
        self.drop_unstored()
        for owner, name in refs:
            if owner is None:
                self.new_packs.pop(name, None)

    def drop_unstored(self) -> None:
        """Forget files some chunk of which is in no known pack."""
        for path, (_, content) in list(self._known.items()):
            if not all(ident in self.catalog for ident in content.ids):
                del self._known[path]

    def forget(self, paths: set[bytes]) -> dict[bytes, Content]:
        """Have these files read again; answers what they held."""
        return {path: self._known.pop(path)[1] for path in paths if path in self._known}

    async def collect(self, guest: Reads, files: Sequence[TreeEntry]) -> None:
        """Read every file of `files` that is not known yet, and upload what is new."""
        self.unread.clear()
        wanted = [entry for entry in files if self.content(entry) is None]
        progress = _Progress(self._on_progress, len(wanted), sum(entry.size for entry in wanted))
        async with task_group() as group:
            line = _Line(self, group)
            for start in range(0, len(wanted), READ_AT_ONCE):
                await self._read(guest, wanted[start : start + READ_AT_ONCE], progress, line)
            await line.finish()
        self._packer.rest()

    async def _read(
        self, guest: Reads, wanted: Sequence[TreeEntry], progress: _Progress, line: _Line
    ) -> None:
        intake = Intake(self._framer, wanted, self._before)
        async for _ in guest.feed([entry.path for entry in wanted], intake.take, room=intake.room):
            progress.reached(intake)
            await line.take(self._framer.full())
        intake.end()
        progress.passed(intake)
        self._known.update(intake.known)
        self.unread.update(intake.unread)

    def rest(self) -> list[FullFrame]:
        return self._framer.rest()

    async def press(self, frame: FullFrame, level: int) -> bytes:
        return await self._workers.run(lambda: self._press(frame, level))

    def _press(self, frame: FullFrame, level: int) -> bytes:
        stored = compress_adaptively(frame.raw, level)
        self._framer.pressed(frame)
        return stored

    def place(self, frame: FullFrame, stored: bytes) -> bool:
        return self._packer.place(frame, stored)

    async def seal(self) -> list[SealedPack]:
        return await self._workers.run(self._packer.seal)

    async def upload(self, pack: SealedPack) -> None:
        """Create the pack under its hash and read it back. A pack of that name is this one, or is damaged;
        then another name is taken, and what is there stays."""
        plain = pack.spot.name
        for attempt in range(NAMES_TRIED):
            name = f"{plain}-{attempt}" if attempt else plain
            key = layout.pack_key(self._project_id, name)
            created = True
            try:
                await self._objects.create(key, pack.data)
                reach("archive.pack_put")
            except Failure as failure:
                if failure.kind != "conflict":
                    raise
                created = False
            if not await self._reads_back(key, pack.data, created=created):
                if created:
                    raise not_what_was_put(key)
                continue
            pack.data = b""
            pack.spot.name = name
            self.new_packs[name] = pack.spot
            self.verified.add(name)
            return
        raise Failure(
            "archive_corrupt",
            "Object storage holds damaged packs under the names of new ones.",
            hint="Verify the archives of this project with their data, and check the store.",
        )

    async def _reads_back(self, key: str, data: Data, *, created: bool) -> bool:
        try:
            return await holds(self._objects, key, data)
        except Failure as failure:
            if failure.kind == "archive_corrupt":
                return False
            if failure.kind == "not_found" and not created:
                raise contradicts_itself(key) from failure
            if failure.kind == "not_found":
                return False
            raise

    def refuse_unread(self) -> None:
        """Raises `archive_failed` when a file could not be read; without it the archive is not whole."""
        for path, why in self.unread.items():
            raise Failure(
                "archive_failed",
                f"The file {shown(path)} cannot be read: {why}.",
                hint="Make it readable or remove it, then archive again; the workspace was kept.",
                retryable=True,
            )


class _Line:
    """From pieces to packs in the store, in order, within the bounds above. While the store is what we wait
    for there is time to compress better."""

    def __init__(self, collector: Collector, group: asyncio.TaskGroup) -> None:
        self._collector = collector
        self._group = group
        self._pressing: deque[tuple[FullFrame, asyncio.Task[bytes]]] = deque()
        self._slots = asyncio.Semaphore(UPLOADS)

    async def finish(self) -> None:
        await self.take(self._collector.rest())
        while self._pressing:
            await self._place()
        await self._send()

    async def take(self, frames: Sequence[FullFrame]) -> None:
        for frame in frames:
            level = LEVEL if self._slots.locked() else FASTER_LEVEL
            self._pressing.append((frame, self._group.create_task(self._collector.press(frame, level))))
            while len(self._pressing) >= PRESSING:
                await self._place()

    async def _place(self) -> None:
        frame, pressing = self._pressing.popleft()
        if self._collector.place(frame, await pressing):
            await self._send()

    async def _send(self) -> None:
        """The pack that is being filled, once fewer than `UPLOADS` are on their way."""
        await self._slots.acquire()
        sealed = await self._collector.seal()
        if not sealed:
            self._slots.release()
        for pack in sealed:
            self._group.create_task(self._upload(pack))

    async def _upload(self, pack: SealedPack) -> None:
        try:
            await self._collector.upload(pack)
        finally:
            self._slots.release()


class _Progress:
    def __init__(self, report: OnProgress, files: int, size: int) -> None:
        self._report, self._files, self._size = report, files, size
        self._files_passed = self._bytes_passed = 0

    def reached(self, intake: Intake) -> None:
        files, size = self._files_passed + intake.files, self._bytes_passed + intake.bytes
        self._report(ArchiveProgress("upload", files, self._files, size, self._size))

    def passed(self, intake: Intake) -> None:
        """Another one follows."""
        self._files_passed += intake.files
        self._bytes_passed += intake.bytes


def not_what_was_put(key: str) -> Failure:
    return Failure(
        "archive_corrupt",
        f"Object storage gave back something else than was put at {key}.",
        hint="Check the store; the workspace and the earlier archives were kept.",
    )


def contradicts_itself(key: str) -> Failure:
    return Failure(
        "archive_failed",
        f"Object storage refuses {key} because it is there, and does not have it.",
        hint="Try again; if it stays, check the store. The workspace and the earlier archives were kept.",
        retryable=True,
    )
