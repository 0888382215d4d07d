"""Reading a workspace into packs and putting new packs into the store: step 3 of the commit protocol.

Holds what is known across rounds, so that a file that did not move is read once. Memory: a batch of chunks,
the pack being filled, and at most `UPLOADS` + 1 full ones on their way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from journeyman.failures import Failure
from journeyman.ports.guest import Guest, TreeEntry
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import layout
from journeyman.workspace.archive.chunker import Cutter
from journeyman.workspace.archive.limits import MIB, Limits
from journeyman.workspace.archive.outcomes import ArchiveProgress, OnProgress
from journeyman.workspace.archive.packs import Content, PackSpot, PackWriter, Piece, SealedPack, Spot
from journeyman.workspace.archive.readback import hash_object
from journeyman.workspace.archive.tree import shown
from journeyman.workspace.archive.workers import Workers, task_group

UPLOADS = 1
BATCH_BYTES = 4 * MIB
BATCH_PIECES = 512
READ_AT_ONCE = 512
NAMES_TRIED = 4

_Send = Callable[[list[SealedPack]], Awaitable[None]]


class Collector:
    """Brings the content of files into the store. After `collect`, `contents` has what each file held and
    `unread` why some could not be read."""

    def __init__(
        self,
        objects: ObjectStore,
        workers: Workers,
        project_id: str,
        catalog: dict[bytes, Spot],
        limits: Limits,
        on_progress: OnProgress,
    ) -> None:
        self._objects = objects
        self._workers = workers
        self._project_id = project_id
        self._limits = limits
        self._on_progress = on_progress
        self._writer = PackWriter(layout.content_key(project_id), catalog)
        self._known: dict[bytes, tuple[TreeEntry, Content]] = {}
        self._number = 0
        self.new_packs: dict[str, PackSpot] = {}
        """Packs this archive added or found already added, by name; none of them verified yet."""
        self.unread: dict[bytes, str] = {}

    @property
    def catalog(self) -> dict[bytes, Spot]:
        return self._writer.catalog

    def content(self, entry: TreeEntry) -> Content | None:
        """What the file held when it looked exactly like `entry`."""
        known = self._known.get(entry.path)
        return known[1] if known is not None and known[0] == entry else None

    def drop_packs(self, names: set[str]) -> None:
        """Forget what is stored in these packs; files that need them are read again."""
        gone = {ident for ident, spot in self.catalog.items() if spot.frame.pack.name in names}
        for ident in gone:
            del self.catalog[ident]
        for path, (_, content) in list(self._known.items()):
            if not gone.isdisjoint(content.ids):
                del self._known[path]
        for name in names:
            self.new_packs.pop(name, None)

    def forget(self, paths: set[bytes]) -> dict[bytes, Content]:
        """Have these files read again; answers what they held."""
        return {path: self._known.pop(path)[1] for path in paths if path in self._known}

    async def collect(self, guest: Guest, files: Sequence[TreeEntry]) -> None:
        """Read every file of `files` that is not known yet, and upload what is new."""
        self.unread.clear()
        wanted = [entry for entry in files if self.content(entry) is None]
        progress = _Progress(self._on_progress, len(wanted), sum(entry.size for entry in wanted))
        slots = asyncio.Semaphore(UPLOADS)
        async with task_group() as group:

            async def send(sealed: list[SealedPack]) -> None:
                for pack in sealed:
                    await slots.acquire()
                    group.create_task(self._upload(pack, slots))

            for start in range(0, len(wanted), READ_AT_ONCE):
                await self._read(guest, wanted[start : start + READ_AT_ONCE], progress, send)
            await send(await self._workers.run(self._writer.seal))

    async def _read(
        self, guest: Guest, wanted: Sequence[TreeEntry], progress: _Progress, send: _Send
    ) -> None:
        batch: list[Piece] = []
        size = 0
        numbers: dict[int, TreeEntry] = {}
        waiting = iter(wanted)
        entry: TreeEntry | None = None
        cutter = Cutter()

        async def flush() -> None:
            nonlocal batch, size
            pieces, batch, size = batch, [], 0
            await send(await self._workers.run(lambda: self._writer.absorb(pieces)))

        async for data in guest.read_many([entry.path for entry in wanted]):
            if entry is None:
                entry, cutter = next(waiting, None), Cutter()
                self._number += 1
            if entry is None or data.path != entry.path:
                raise Failure(
                    "workspace_failed",
                    "The workspace answered with another file than was asked for.",
                    hint="Try again; if it stays, close the workspace and open it again.",
                    retryable=True,
                )
            if data.error is not None:
                self.unread[entry.path] = data.error
                await flush()
                self._writer.forget_file(self._number)
                entry = None
                continue
            chunks = list(cutter.feed(data.data))
            batch += [Piece(self._number, chunk, last=False) for chunk in chunks]
            if data.last:
                batch.append(Piece(self._number, cutter.end(), last=True))
                numbers[self._number] = entry
                progress.file(entry)
                entry = None
            size += len(data.data)
            if size >= BATCH_BYTES or len(batch) >= BATCH_PIECES:
                await flush()
        await flush()
        for left in ([entry] if entry is not None else []) + list(waiting):
            self.unread[left.path] = "the workspace did not send it"
        for number, done in numbers.items():
            content = self._writer.contents.pop(number)
            if content.size == done.size:
                self._known[done.path] = (done, content)
            else:
                self.unread[done.path] = "its size changed"

    async def _upload(self, pack: SealedPack, slots: asyncio.Semaphore) -> None:
        """Create the pack under its hash. A pack of that name is this one, or is damaged; then another
        name is taken, and what is there stays."""
        try:
            plain = pack.spot.name
            for attempt in range(NAMES_TRIED):
                name = f"{plain}-{attempt}" if attempt else plain
                key = layout.pack_key(self._project_id, name)
                try:
                    await self._objects.create(key, pack.data)
                except Failure as failure:
                    if failure.kind != "conflict":
                        raise
                    if await hash_object(self._objects, self._workers, key, len(pack.data)) != plain:
                        continue
                pack.spot.name = name
                self.new_packs[name] = pack.spot
                return
            raise Failure(
                "archive_corrupt",
                "Object storage holds damaged packs under the names of new ones.",
                hint="Verify the archives of this project with their data, and check the store.",
            )
        finally:
            slots.release()

    def refuse_unread(self) -> None:
        """Raises `archive_failed` when a file could not be read; without it the archive is not whole."""
        for path, why in self.unread.items():
            raise Failure(
                "archive_failed",
                f"The file {shown(path)} cannot be read: {why}.",
                hint="Make it readable or remove it, then archive again; the workspace was kept.",
                retryable=True,
            )


class _Progress:
    def __init__(self, report: OnProgress, files: int, size: int) -> None:
        self._report, self._files, self._size = report, files, size
        self._files_done = self._bytes_done = 0

    def file(self, entry: TreeEntry) -> None:
        self._files_done += 1
        self._bytes_done += entry.size
        self._report(ArchiveProgress("upload", self._files_done, self._files, self._bytes_done, self._size))
