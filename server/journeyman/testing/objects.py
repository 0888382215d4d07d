"""Object storage in memory, with faults on order.

`MemoryObjects` keeps the contract of `ports.objects.ObjectStore`. Every call is counted, and a `Plan` may
make call number k fail, before it took effect or after (a lost reply), or hold it for a test to look.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from blake3 import blake3

from journeyman.adapters.object_keys import check_key, check_prefix, check_size, missing, taken
from journeyman.failures import Failure
from journeyman.ports.objects import Data, Made, ObjectInfo, StoreFeatures, whole


@dataclass(frozen=True, slots=True)
class ObjectCall:
    number: int
    """Counts from 1."""
    name: str
    key: str
    stage: Literal["before", "after"]


Hook = Callable[[ObjectCall], Awaitable[None]]


class MemoryObjects:
    """`objects` is open to tests: read it, or flip a bit in it. `hook` is awaited before and after the
    effect of every call and may raise what the call shall raise."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[ObjectCall] = []
        self.hook: Hook | None = None
        self._now = now
        self._modified: dict[str, datetime] = {}
        self._faults: dict[int, tuple[Failure, bool]] = {}

    @property
    def url(self) -> str:
        return "memory:"

    def fail(self, number: int, failure: Failure, *, lost_reply: bool = False) -> None:
        """Make the call counted `number` raise `failure`; with `lost_reply` after it took effect."""
        self._faults[number] = (failure, lost_reply)

    def heal(self) -> None:
        """Forget faults and hook, and count from 1 again."""
        self._faults.clear()
        self.hook = None
        self.calls.clear()

    async def _before(self, name: str, key: str) -> ObjectCall:
        call = ObjectCall(len(self.calls) + 1, name, key, "before")
        self.calls.append(call)
        if self.hook is not None:
            await self.hook(call)
        failure, lost_reply = self._faults.get(call.number, (None, False))
        if failure is not None and not lost_reply:
            raise failure
        return call

    async def _after(self, call: ObjectCall) -> None:
        if self.hook is not None:
            await self.hook(ObjectCall(call.number, call.name, call.key, "after"))
        failure, lost_reply = self._faults.get(call.number, (None, False))
        if failure is not None and lost_reply:
            raise failure

    def _info(self, key: str) -> ObjectInfo:
        data = self.objects[key]
        modified = self._modified.setdefault(key, self._now())
        return ObjectInfo(key, len(data), blake3(data).hexdigest(), modified)

    def _put(self, key: str, data: Data) -> ObjectInfo:
        self.objects[key] = bytes(data)
        self._modified[key] = self._now()
        return self._info(key)

    async def probe(self) -> StoreFeatures:
        call = await self._before("probe", "")
        await self._after(call)
        return StoreFeatures(conditional_create=True, conditional_replace=True, checksums=True)

    async def create(self, key: str, data: Data | Made) -> ObjectInfo:
        check_key(key)
        check_size(key, data)
        call = await self._before("create", key)
        if key in self.objects:
            raise taken(key)
        info = self._put(key, whole(data))
        await self._after(call)
        return info

    async def replace(self, key: str, data: bytes, *, etag: str | None) -> ObjectInfo:
        check_key(key)
        check_size(key, data)
        call = await self._before("replace", key)
        present = self._info(key).etag if key in self.objects else None
        if present != etag:
            raise taken(key)
        info = self._put(key, data)
        await self._after(call)
        return info

    async def read(self, key: str, *, offset: int = 0, length: int | None = None) -> bytes:
        check_key(key)
        call = await self._before("read", key)
        if key not in self.objects:
            raise missing(key)
        data = self.objects[key][offset : None if length is None else offset + length]
        await self._after(call)
        return data

    async def read_into(self, room: memoryview, key: str, *, offset: int) -> int:
        data = await self.read(key, offset=offset, length=len(room))
        room[: len(data)] = data
        return len(data)

    async def read_with_info(self, key: str, *, length: int | None = None) -> tuple[bytes, ObjectInfo]:
        check_key(key)
        call = await self._before("read_with_info", key)
        if key not in self.objects:
            raise missing(key)
        answer = self.objects[key][:length], self._info(key)
        await self._after(call)
        return answer

    async def head(self, key: str) -> ObjectInfo | None:
        check_key(key)
        call = await self._before("head", key)
        info = self._info(key) if key in self.objects else None
        await self._after(call)
        return info

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        check_prefix(prefix)
        call = await self._before("list", prefix)
        for key in sorted(self.objects):
            if key.startswith(prefix) and key in self.objects:
                yield self._info(key)
        await self._after(call)

    async def delete(self, key: str) -> None:
        check_key(key)
        call = await self._before("delete", key)
        self.objects.pop(key, None)
        self._modified.pop(key, None)
        await self._after(call)

    async def close(self) -> None:
        """Nothing is held open."""
