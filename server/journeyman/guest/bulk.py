"""Whole trees in and out, as streams that never hold more than a window of bytes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from journeyman.failures import Failure
from journeyman.guest.borrowing import BATCH_BYTES, BATCH_PIECES, Feed, Lender
from journeyman.guest.channel import Channel
from journeyman.guest.connection import Connection
from journeyman.guest.frames import (
    file_pieces,
    lost,
    pack_restore_entry,
    refused,
    restore_data_head,
    tree_entries,
)
from journeyman.guest.inside import wire
from journeyman.guest.judging import Judge
from journeyman.ports.guest import FileData, RestoreEntry, Room, Take, TreeEntry, TreeRecords

STALL_S = 60.0
"""Most seconds a bulk stream may stand still while we wait for the guest."""
FINISH_S = 600.0
"""Most seconds for links, metadata and the sync of a restored tree."""
LOOK_BYTES_MAX = 1 << 30
PATHS_PER_CALL = 2000
LEND_FROM = 32
"""Fewer files than that are not worth a connection."""
RECORD_BYTES = wire.PIECE
GATHERED_BYTES = wire.PIECE // 2
CALL_BYTES_MAX = wire.PIECE


async def next_piece(channel: Channel) -> bytes | None:
    try:
        async with asyncio.timeout(STALL_S):
            return await channel.receive()
    except TimeoutError:
        raise lost(f"the guest sent nothing for {STALL_S:.0f} s") from None


async def scan(connection: Connection, root: str) -> AsyncIterator[TreeEntry]:
    seen = await look(connection, root, xattrs=True, bytes_max=LOOK_BYTES_MAX)
    for entry in tree_entries(seen.records, seen.attributes):
        yield entry


async def look(
    connection: Connection, root: str, *, xattrs: bool, since_ns: int | None = None, bytes_max: int
) -> TreeRecords:
    channel = connection.open("scan", {"root": root, "xattrs": xattrs, "since": since_ns})
    try:
        parts: list[bytes] = []
        size = 0
        while (data := await next_piece(channel)) is not None:
            parts.append(data)
            size += len(data)
            if size > bytes_max:
                raise Failure(
                    "invalid", "The workspace has too many files to list.", hint="Remove what is not needed."
                )
        at = (await channel.result()).get("attributes_at")
        if not isinstance(at, int) or not 0 <= at <= size:
            raise lost("its list of files is cut")
        whole = b"".join(parts)
        return TreeRecords(whole[:at], whole[at:])
    finally:
        channel.close()


async def stands(connection: Connection, root: str, records: bytes, since_ns: int) -> bool | None:
    if len(records) > wire.STANDING_MAX:
        return None
    channel = connection.open("stands", {"root": root, "since": since_ns})
    try:
        async with channel.within(STALL_S, lost(f"the guest did not look again within {STALL_S:.0f} s")):
            await channel.send(records)
            channel.end()
            return (await channel.result()).get("stands") is True
    except Failure as failure:
        if failure.kind != "invalid":
            raise
        return None  # an older guest does not know how
    finally:
        channel.close()


async def read_many(
    connection: Connection, paths: Sequence[bytes], root: str, lender: Lender | None = None
) -> AsyncIterator[FileData]:
    found: list[FileData] = []

    def keep(path: bytes, data: bytes | memoryview, last: bool, error: str | None) -> None:
        found.append(FileData(path, bytes(data), last, error))

    for batch in _batches(_checked(paths)):
        async with _lent(lender, batch, root) as fed:
            if fed is not None:
                while await fed(keep, None):
                    for piece in found:
                        yield piece
                    found.clear()
                continue
        async for piece in _sent(connection, batch, root):
            yield piece


async def feed(
    connection: Connection,
    paths: Sequence[bytes],
    take: Take,
    root: str,
    lender: Lender | None = None,
    room: Room | None = None,
) -> AsyncIterator[None]:
    for batch in _batches(_checked(paths)):
        async with _lent(lender, batch, root) as fed:
            if fed is not None:
                while await fed(take, room):
                    yield
                continue
        async for _ in in_batches(_sent(connection, batch, root), take):
            yield


async def in_batches(pieces: AsyncIterator[FileData], take: Take) -> AsyncIterator[None]:
    """Feed `take` with them, in another thread than the loop's."""
    batch: list[FileData] = []
    size = 0

    def all_of_it() -> None:
        for piece in batch:
            take(*piece)

    async for piece in pieces:
        batch.append(piece)
        size += len(piece.data)
        if size >= BATCH_BYTES or len(batch) >= BATCH_PIECES:
            await asyncio.to_thread(all_of_it)
            yield
            batch, size = [], 0
    if batch:
        await asyncio.to_thread(all_of_it)
        yield


@contextlib.asynccontextmanager
async def _lent(lender: Lender | None, paths: Sequence[bytes], root: str) -> AsyncGenerator[Feed | None]:
    if lender is None or len(paths) < LEND_FROM:
        yield None
        return
    async with lender.reading(paths, root, stall_s=STALL_S) as fed:
        yield fed


async def _sent(connection: Connection, paths: Sequence[bytes], root: str) -> AsyncIterator[FileData]:
    """The paths go out in calls of bounded size; within one, whole records come in each frame."""
    channel = connection.open("read_many", {"root": root}, b"\0".join(paths))
    try:
        expected = 0
        while (data := await next_piece(channel)) is not None:
            for index, flags, piece in file_pieces(data):
                if index != expected or index >= len(paths):
                    raise lost("files come in the wrong order")
                last = bool(flags & wire.LAST)
                expected += last
                if flags & wire.FAILED:
                    yield FileData(paths[index], b"", last=True, error=piece.decode("utf-8", "replace"))
                else:
                    yield FileData(paths[index], piece, last=last)
        if expected != len(paths):
            raise lost("a bulk read ended early")
    finally:
        channel.close()


def _checked(paths: Sequence[bytes]) -> Sequence[bytes]:
    for path in paths:
        try:
            wire.check_relative(path)
        except wire.Refusal as refusal:
            raise refused(refusal) from None
    return paths


def _batches(paths: Sequence[bytes]) -> list[list[bytes]]:
    batches: list[list[bytes]] = []
    size = CALL_BYTES_MAX
    for path in paths:
        if size + len(path) + 1 > CALL_BYTES_MAX or len(batches[-1]) >= PATHS_PER_CALL:
            batches.append([])
            size = 0
        batches[-1].append(path)
        size += len(path) + 1
    return batches


class GuestRestore:
    """Implements `ports.guest.Restore`. What can be judged from the entries alone is refused here, at once;
    the guest judges everything again. Records are gathered, so a refusal of the guest's own (a full disk)
    is raised by a later call, at the latest by `finish`."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._pending: list[bytes | memoryview] = []
        self._size = 0
        self._judge = Judge()

    @classmethod
    async def begin(
        cls, connection: Connection, root: str, *, entries_max: int, bytes_max: int
    ) -> GuestRestore:
        channel = connection.open(
            "restore", {"root": root, "entries_max": entries_max, "bytes_max": bytes_max}
        )
        ready: list[object] = []
        channel.on_note = ready.append
        async with channel.within(STALL_S, lost("the guest does not begin the restore")):
            await channel.noted(lambda: bool(ready))
        return cls(channel)

    async def add(self, entry: RestoreEntry) -> None:
        if (refusal := self._judge.refusal(entry)) is not None:
            raise await self._void(refusal)
        await self._put(pack_restore_entry(entry))

    async def data(self, path: bytes, data: bytes | memoryview) -> None:
        for at in range(0, len(data), RECORD_BYTES):
            piece = data[at : at + RECORD_BYTES]
            await self._put(restore_data_head(path, len(piece)), piece)

    async def finish(self) -> int:
        too_late = lost("the restored files could not be synced to disk in time")
        async with self._channel.within(FINISH_S, too_late):
            await self._flush()
            self._channel.end()
            return int((await self._channel.result())["entries"])

    async def abort(self) -> None:
        """Drop it; what was written is removed before this returns."""
        self._channel.discard()
        with contextlib.suppress(Failure, TimeoutError):
            async with asyncio.timeout(STALL_S):
                await self._channel.result()
        self._channel.close()

    async def _put(self, *parts: bytes | memoryview) -> None:
        self._pending += parts
        self._size += sum(map(len, parts))
        if self._size >= GATHERED_BYTES:
            await self._flush()
        elif self._channel.failure is not None:
            raise self._channel.failure

    async def _flush(self) -> None:
        pending = b"".join(self._pending)
        self._pending.clear()
        self._size = 0
        try:
            async with asyncio.timeout(STALL_S):
                await self._channel.send(pending)
        except TimeoutError:
            raise lost("the guest takes no more data") from None

    async def _void(self, failure: Failure) -> Failure:
        await self.abort()
        return failure
