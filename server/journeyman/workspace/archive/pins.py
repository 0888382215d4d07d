"""What forks need of a project they came from, written down in that project's own part of the store.

A fork's manifests refer to packs that stay where they are. Two small objects keep them there: the *pin*, with
the owner, names the packs one fork needs, and counts as use when the owner's packs are collected; the *mark*,
with the fork, remembers that there is a pin, so that it can be taken back. The mark is made before the pin
and goes after it: a pin without a mark is never left behind by the fork.

Whoever forks puts the pin first and then looks whether the manifest it read is still there; whoever removes
manifests reads the pins afterwards. So either the pin is seen, or the fork is not made. A deleted project
some of whose packs are pinned leaves these, the pins, and the object `gone`; with the last pin the rest goes.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.objects import ObjectStore
from journeyman.workspace.archive import layout, strict
from journeyman.workspace.archive.load import corrupt
from journeyman.workspace.archive.strict import MalformedError

STALE = timedelta(hours=24)
"""Age from which a pin counts as left behind when there is nothing of its fork."""
_VERSION = 1
_BYTES_MAX = 16 * 1024 * 1024
_NAMES_MAX = 1_000_000


class Pins:
    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    async def put(self, owner: str, fork: str, names: Collection[str]) -> None:
        """Pin these packs of `owner` for a fork that is being made."""
        await self._create(layout.owner_key(fork, owner), strict.dump({"version": _VERSION}))
        reach("fork.marked")
        fields = {"version": _VERSION, "fork": fork, "packs": sorted(names)}
        await self._create(layout.pin_key(owner, fork), strict.dump(fields))
        reach("fork.pinned")

    async def held(self, owner: str, fork: str) -> frozenset[str]:
        """The packs of `owner` that are kept for this fork."""
        try:
            return await self._read(owner, fork)
        except Failure as failure:
            if failure.kind in ("not_found", "archive_corrupt"):
                return frozenset()
            raise

    async def needed(self, owner: str) -> frozenset[str]:
        """The packs of `owner` that any fork needs. Raises `archive_corrupt` when that cannot be told."""
        needed: set[str] = set()
        for fork in await self.forks(owner):
            try:
                needed |= await self._read(owner, fork)
            except Failure as failure:
                if failure.kind != "not_found":
                    raise
                # Taken back just now, and another fork may have followed it: next time.
                raise corrupt(layout.pin_key(owner, fork), "it went while it was looked at") from failure
        return frozenset(needed)

    async def forks(self, owner: str) -> tuple[str, ...]:
        """Projects for which something of `owner` is kept."""
        prefix = layout.pins_prefix(owner)
        return tuple([info.key[len(prefix) :] async for info in self._objects.list(prefix)])

    async def owners(self, fork: str) -> tuple[str, ...]:
        """Projects that keep something for this one."""
        prefix = layout.owners_prefix(fork)
        return tuple([info.key[len(prefix) :] async for info in self._objects.list(prefix)])

    async def release(self, owner: str, fork: str) -> None:
        """Take a pin back: no manifest of the fork needs it any more. What is left of a deleted owner
        goes as far as no other fork needs it."""
        await self._objects.delete(layout.pin_key(owner, fork))
        reach("fork.pin_removed")
        if await self._is_gone(owner):
            await self.sweep(owner, deleted_before=True)
        await self._objects.delete(layout.owner_key(fork, owner))

    async def drop_stale(self, owner: str, *, now: datetime) -> None:
        """Remove pins whose fork was begun a day ago and is not there."""
        prefix = layout.pins_prefix(owner)
        for info in [info async for info in self._objects.list(prefix)]:
            fork = info.key[len(prefix) :]
            if info.modified_at + STALE <= now and not await self._has_archives(fork):
                await self._objects.delete(info.key)
                await self._objects.delete(layout.owner_key(fork, owner))

    async def sweep(self, owner: str, *, deleted_before: bool = False) -> None:
        """Remove all of a deleted project but the packs forks need, with their pins. Its manifests must
        be gone. Where it cannot be told what forks need, every pack stays. `deleted_before`: by an earlier
        call; somebody may have begun to archive it again, and then everything stays."""
        try:
            needed: frozenset[str] | None = await self.needed(owner)
        except Failure as failure:
            if failure.kind != "archive_corrupt":
                raise
            needed = None
        gone, packs = layout.gone_key(owner), layout.pack_key(owner, "")
        stays = bool(await self.forks(owner))
        if stays:
            await self._create(gone, strict.dump({"version": _VERSION}))
            reach("delete.held_back")
        keys = [info.key async for info in self._objects.list(layout.prefix(owner))]
        for key in sorted(keys, key=lambda key: (key == gone, key)):
            kept = key == gone or key.startswith(layout.pins_prefix(owner))
            if key.startswith(packs):
                kept = needed is None or key[len(packs) :] in needed
            if stays and kept:
                continue
            if deleted_before and not await self._is_gone(owner):
                return
            await self._objects.delete(key)

    async def _is_gone(self, project_id: str) -> bool:
        return await self._objects.head(layout.gone_key(project_id)) is not None

    async def _has_archives(self, project_id: str) -> bool:
        if await self._objects.head(layout.head_key(project_id)) is not None:
            return True
        async for _ in self._objects.list(layout.manifests_prefix(project_id)):
            return True
        return False

    async def _read(self, owner: str, fork: str) -> frozenset[str]:
        key = layout.pin_key(owner, fork)
        data = await self._objects.read(key, length=_BYTES_MAX + 1)
        try:
            fields = strict.record(strict.parse(data, _NAMES_MAX), frozenset({"version", "fork", "packs"}))
            if len(data) > _BYTES_MAX or fields["version"] != _VERSION or fields["fork"] != fork:
                raise MalformedError("it is of something else")
            return frozenset(strict.text(name, 80) for name in strict.rows(fields["packs"], _NAMES_MAX))
        except MalformedError as error:
            raise corrupt(key, str(error)) from error

    async def _create(self, key: str, data: bytes) -> None:
        """A conflict can only be our own write, now or at an earlier attempt; what is there tells."""
        try:
            await self._objects.create(key, data)
        except Failure as failure:
            if failure.kind != "conflict" or await self._objects.read(key) != data:
                raise
