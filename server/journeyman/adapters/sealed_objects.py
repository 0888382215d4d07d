"""A store whose objects only the holder of a key can read: any other store, with everything encrypted on
this machine.

The object `SEALED` at the top of the store holds a salt and a check of the key; it is made in an empty
store, is not shown, and keeps a second key, or none, from writing beside the first. What stays visible: ids
of projects and archives, how many there are, when they were written and how large they are.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import replace

from journeyman.adapters.object_keys import check_size
from journeyman.adapters.sealing import (
    HEADER_BYTES,
    SALT_BYTES,
    SEALED_SEGMENT,
    SEGMENT_BYTES,
    DamagedError,
    StoreKey,
    plain_size,
    salt_of,
)
from journeyman.failures import Failure
from journeyman.ports.objects import Data, Made, ObjectInfo, ObjectStore, StoreFeatures, whole
from journeyman.rooms import Rooms

MARKER = "SEALED"
"""As in the format (`docs/archive-format.md`)."""
SALTS_KEPT = 4096
LARGE_BYTES = 4 * 1024 * 1024
READ_AT_ONCE = 9 * 1024 * 1024
"""Up to so much is read to memory that is used again."""
ROOMS_KEPT = 2
"""As many as an archive reads back side by side; they stay as long as the store."""
LARGE_AT_ONCE = 1
"""Larger objects are encrypted while they are written, one after the other: where a store wants them whole
they are in memory twice then."""


class SealedObjects:
    """`ports.objects.ObjectStore` over another one. `user_key`: 32 bytes."""

    def __init__(self, inner: ObjectStore, user_key: bytes) -> None:
        self._inner = inner
        self._user_key = user_key
        self._key: StoreKey | None = None
        self._lock = asyncio.Lock()
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)
        self._rooms = Rooms(READ_AT_ONCE, ROOMS_KEPT)
        self._salts: OrderedDict[str, bytes] = OrderedDict()

    @property
    def url(self) -> str:
        return self._inner.url

    async def probe(self) -> StoreFeatures:
        features = await self._inner.probe()
        await self._ready()
        return features

    async def create(self, key: str, data: Data | Made) -> ObjectInfo:
        check_size(key, data)
        data = whole(data)
        store = await self._ready()
        async with self._large if len(data) > LARGE_BYTES else nullcontext():
            if len(data) > LARGE_BYTES:
                sealing = store.sealing(key, data)
                info = await self._inner.create(store.hide(key), sealing)
                self._remember(key, sealing.header)
            else:
                sealed = await asyncio.to_thread(store.seal, key, data)
                info = await self._inner.create(store.hide(key), sealed)
                self._remember(key, sealed)
        return replace(info, key=key, size=len(data))

    async def replace(self, key: str, data: bytes, *, etag: str | None) -> ObjectInfo:
        check_size(key, data)
        store = await self._ready()
        self._salts.pop(key, None)
        sealed = await asyncio.to_thread(store.seal, key, data)
        return replace(await self._inner.replace(store.hide(key), sealed, etag=etag), key=key, size=len(data))

    async def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        store = await self._ready()
        if length == 0:
            return await self._inner.read(store.hide(key), length=0)
        if offset == 0 and length is None:
            return await self._opened(store, key, await self._inner.read(store.hide(key)))
        first = offset // SEGMENT_BYTES
        count = None if length is None else (offset + length - 1) // SEGMENT_BYTES - first + 1
        salt = await self._salt(store, key)
        sealed = await self._inner.read(
            store.hide(key),
            offset=HEADER_BYTES + first * SEALED_SEGMENT,
            length=None if count is None else count * SEALED_SEGMENT,
        )
        if not sealed and first:
            return b""
        ended = count is None or len(sealed) < count * SEALED_SEGMENT

        def work() -> bytes:
            return store.open_segments(key, salt, first, sealed, ended=ended)

        try:
            plain = await asyncio.to_thread(work)
        except DamagedError:
            raise damaged(key) from None
        start = offset - first * SEGMENT_BYTES
        return plain[start:] if length is None else plain[start : start + length]

    async def read_into(self, room: memoryview, key: str, *, offset: int) -> int:
        if not room:
            return len(await self.read(key, offset=offset, length=0))
        store = await self._ready()
        first = offset // SEGMENT_BYTES
        count = (offset + len(room) - 1) // SEGMENT_BYTES - first + 1
        salt = await self._salt(store, key)
        length = count * SEALED_SEGMENT
        again = length <= READ_AT_ONCE
        taken = self._rooms.take() if again else memoryview(bytearray(length))
        sealed = taken[:length]
        size = await self._inner.read_into(
            sealed, store.hide(key), offset=HEADER_BYTES + first * SEALED_SEGMENT
        )
        if not size and first:
            return 0
        try:
            found = await asyncio.to_thread(store.open_into, room, key, salt, offset, sealed[:size])
        except DamagedError:
            raise damaged(key) from None
        if again:
            self._rooms.give(taken)  # who is cancelled does not: the thread may still read
        return found

    async def read_with_info(self, key: str, *, length: int | None = None) -> tuple[bytes, ObjectInfo]:
        store = await self._ready()
        limit = (
            None if length is None else HEADER_BYTES + max(1, -(-length // SEGMENT_BYTES)) * SEALED_SEGMENT
        )
        sealed, info = await self._inner.read_with_info(store.hide(key), length=limit)
        data = await self._opened(store, key, sealed, whole=limit is None or len(sealed) < limit)
        return data[:length], replace(info, key=key, size=plain_size(info.size))

    async def head(self, key: str) -> ObjectInfo | None:
        store = await self._ready()
        info = None if key == MARKER else await self._inner.head(store.hide(key))
        return None if info is None else replace(info, key=key, size=plain_size(info.size))

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        store = await self._ready()
        found: list[ObjectInfo] = []
        async for info in self._inner.list(prefix):
            key = store.shown(info.key)
            if key is not None and key != MARKER:
                found.append(replace(info, key=key, size=plain_size(info.size)))
        for info in sorted(found, key=lambda info: info.key):
            yield info

    async def delete(self, key: str) -> None:
        store = await self._ready()
        self._salts.pop(key, None)
        await self._inner.delete(store.hide(key))

    async def close(self) -> None:
        await self._inner.close()

    # -- keys ---------------------------------------------------------------------------------------

    async def _ready(self) -> StoreKey:
        if self._key is None:
            async with self._lock:
                if self._key is None:
                    self._key = await self._agree()
        return self._key

    async def _agree(self) -> StoreKey:
        """The key of this store, once the marker says that it is the right one."""
        found = await self._marker()
        if found is None:
            await self._mark()
            found = await self._marker()
        try:
            fields = json.loads(found or b"")
            version, salt, check = fields["version"], bytes.fromhex(fields["salt"]), fields["check"]
        except (ValueError, KeyError, TypeError) as error:
            raise Failure(
                "archive_corrupt",
                f"The object {MARKER} of {self.url} is damaged.",
                hint="Bring it back from a copy of the store; without it no archive there can be read.",
            ) from error
        key = StoreKey.of(self._user_key, salt)
        if version != 1 or check != key.check.hex():
            raise Failure(
                "store_refused",
                f"The archives in {self.url} were encrypted with another key.",
                hint="Point `archive_key_file` to the key file the store was begun with.",
            )
        return key

    async def _marker(self) -> bytes | None:
        try:
            return await self._inner.read(MARKER)
        except Failure as failure:
            if failure.kind == "not_found":
                return None
            raise

    async def _mark(self) -> None:
        """Begin an encrypted store. Never beside archives that are not."""
        async for _ in self._inner.list("p/"):
            raise Failure(
                "store_refused",
                f"{self.url} holds archives that are not encrypted.",
                hint="Set `objects` to an empty prefix or folder, or leave `archive_key_file` out.",
            )
        salt = secrets.token_bytes(SALT_BYTES)
        fields = {"version": 1, "salt": salt.hex(), "check": StoreKey.of(self._user_key, salt).check.hex()}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        try:
            await self._inner.create(MARKER, text.encode() + b"\n")
        except Failure as failure:
            if failure.kind != "conflict":  # somebody else began it just now
                raise

    async def _opened(self, store: StoreKey, key: str, sealed: bytes, *, whole: bool = True) -> bytes:
        def work() -> bytes:
            return store.open_segments(key, salt_of(sealed), 0, sealed[HEADER_BYTES:], ended=whole)

        try:
            plain = await asyncio.to_thread(work)
        except DamagedError:
            raise damaged(key) from None
        self._remember(key, sealed)
        return plain

    async def _salt(self, store: StoreKey, key: str) -> bytes:
        known = self._salts.get(key)
        if known is None:
            header = await self._inner.read(store.hide(key), offset=0, length=HEADER_BYTES)
            try:
                known = salt_of(header)
            except DamagedError:
                raise damaged(key) from None
            self._remember(key, header)
        return known

    def _remember(self, key: str, sealed: bytes) -> None:
        """Only of packs, which never change."""
        if "/packs/" in key:
            self._salts[key] = salt_of(sealed)
            if len(self._salts) > SALTS_KEPT:
                self._salts.popitem(last=False)


def damaged(key: str) -> Failure:
    return Failure(
        "archive_corrupt",
        f"The encrypted object {key} does not open: it was changed or is not whole.",
        hint="Verify the archives of this project, and check the store.",
    )
