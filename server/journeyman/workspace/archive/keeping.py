"""What of a project's archives stays in the store: names, retention, and the collection of packs.

Dropping an archive removes its manifest. Its packs go later, in two cycles: the first notes which packs no
manifest refers to, in the object `unused`; a later one, at least a day after, removes those that were noted
then and still are referred to by none. Everything is read again in each cycle, and a manifest that cannot be
read stops the collection: then nobody knows what it needs. The caller holds the project's lease, so that no
archive of this daemon is on its way; against one that does not know the lease HEAD is compared once more
before a pack goes. HEAD's archive is never dropped.

What forks need of these packs counts as use. A fork gives back what it needs of others in the same two
cycles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, cast

from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.objects import ObjectInfo, ObjectStore
from journeyman.workspace.archive import codec, layout, pointer, strict
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.load import load_manifest, no_archive
from journeyman.workspace.archive.model import Summary
from journeyman.workspace.archive.pins import Pins
from journeyman.workspace.archive.retention import Dated, Policy, kept
from journeyman.workspace.archive.room_taken import Listed as _Listed
from journeyman.workspace.archive.room_taken import Needs, over_quota, stored, too_many
from journeyman.workspace.archive.strict import MalformedError
from journeyman.workspace.archive.workers import Workers

NAME_MAX = 100
GRACE = timedelta(hours=24)
_VERSION = 1
_UNREADABLE = "?"
"""Stands for a name that cannot be read: the archive is kept as a named one is."""
_RECORD_BYTES = 16 * 1024 * 1024
_OWNER = "project "
"""Before the id of a project that keeps packs for this one, among the names of what is unused."""


@dataclass(frozen=True, slots=True)
class Thinned:
    dropped: tuple[str, ...] = ()
    """Archives whose manifest went."""
    packs: int = 0
    """Packs that went."""
    bytes: int = 0
    noted: int = 0
    """Packs that nothing refers to and whose day is not over."""
    stays: frozenset[str] = frozenset()
    """Archives that are there afterwards; empty where that is not known."""
    problems: tuple[str, ...] = ()
    """Why packs were not looked at, as sentences."""


class Keeping:
    def __init__(self, objects: ObjectStore, workers: Workers, limits: Limits) -> None:
        self._objects = objects
        self._workers = workers
        self._limits = limits
        self._pins = Pins(objects)

    async def names(self, project_id: str) -> dict[str, str]:
        """Names by archive id."""
        found: dict[str, str] = {}
        prefix = layout.names_prefix(project_id)
        async for info in self._objects.list(prefix):
            try:
                fields = strict.record(
                    strict.parse(await self._objects.read(info.key, length=4096), 10),
                    frozenset({"version", "name"}),
                )
                found[info.key[len(prefix) :]] = strict.text(fields["name"], NAME_MAX)
            except MalformedError:
                found[info.key[len(prefix) :]] = _UNREADABLE
            except Failure as failure:
                if failure.kind != "archive_corrupt":
                    raise
                found[info.key[len(prefix) :]] = _UNREADABLE
        return found

    async def name(self, project_id: str, archive_id: str, name: str | None) -> None:
        """Give an archive a name, which keeps it, or take its name away. `not_found`, `invalid`."""
        await pointer.read(self._objects, project_id)  # refuses an encrypted store without its key
        if archive_id not in {each.archive_id for each in await self._listed(project_id)}:
            raise no_archive(project_id, archive_id)
        key = layout.names_prefix(project_id) + archive_id
        if name is None:
            await self._objects.delete(key)
            return
        if not name.strip() or len(name) > NAME_MAX or not name.isprintable():
            raise Failure(
                "invalid",
                f"A name has 1 to {NAME_MAX} printable characters.",
                hint="`name`: give it another one, or null to take it away.",
            )
        info = await self._objects.head(key)
        data = strict.dump({"version": _VERSION, "name": name})
        await self._objects.replace(key, data, etag=None if info is None else info.etag)

    async def drop(self, project_id: str, archive_id: str) -> None:
        """Remove one archive for good. `conflict` for the newest, `not_found`."""
        found = await pointer.read(self._objects, project_id)
        if found is not None and found[0].archive_id == archive_id:
            raise Failure(
                "conflict",
                "This is the newest archive, which the workspace comes back from.",
                hint="Make another archive first, or delete the project with its archives.",
            )
        keys = [each.key for each in await self._listed(project_id) if each.archive_id == archive_id]
        if not keys:
            raise no_archive(project_id, archive_id)
        for key in keys:
            await self._remove(project_id, key, archive_id)

    async def thin(
        self,
        project_id: str,
        policy: Policy,
        *,
        now: datetime,
        dry_run: bool = False,
        bytes_max: int = 0,
    ) -> Thinned:
        """Apply the policy, then one cycle of the collection. With `dry_run` nothing is written or goes.
        Where what the archives need is more than `bytes_max` (0: any) the oldest go, too."""
        found = await pointer.read(self._objects, project_id)
        if found is None:
            return Thinned()
        head = found[0]
        listed = await self._listed(project_id)
        surplus = await self._surplus(project_id, listed, head, policy, now)
        if not dry_run:
            for each in surplus:
                await self._remove(project_id, each.key, each.archive_id)
        gone = {each.key for each in surplus}
        rest = [each for each in listed if each.key not in gone]
        try:
            needs = await self._needs(project_id, head, rest)
        except Failure as failure:
            if failure.kind != "archive_corrupt":
                raise
            packs = Thinned(problems=(failure.message,))
        else:
            names = await self.names(project_id) if bytes_max else {}
            going = too_many([each for each in needs if each.seq <= head.seq], names, bytes_max)
            for each in going:
                surplus.append(each.listed)
                rest.remove(each.listed)
                if not dry_run:
                    await self._remove(project_id, each.listed.key, each.listed.archive_id)
            stay = [each for each in needs if each not in going]
            packs = await self._packs(project_id, head, stay, now, dry_run=dry_run)
            if bytes_max and (size := stored(stay)) > bytes_max:
                packs = replace(packs, problems=(*packs.problems, over_quota(size, bytes_max)))
        dropped = tuple(each.archive_id for each in surplus)
        return replace(packs, dropped=dropped, stays=frozenset(each.archive_id for each in rest))

    async def _needs(self, project_id: str, head: pointer.Head, rest: list[_Listed]) -> list[Needs]:
        """What each of these archives needs; `archive_corrupt` where that cannot be told."""
        if head.manifest_key not in {each.key for each in rest}:
            raise Failure("archive_corrupt", "The manifest of the newest archive is not there.")
        needs: list[Needs] = []
        for each in rest:
            manifest = await load_manifest(self._objects, self._workers, project_id, each.key, self._limits)
            needs.append(Needs(each, frozenset(manifest.packs)))
        return needs

    async def _packs(
        self, project_id: str, head: pointer.Head, rest: list[Needs], now: datetime, *, dry_run: bool
    ) -> Thinned:
        """One cycle over the packs."""
        packs = {pack for each in rest for pack in each.packs}
        used = {pack.name for pack in packs if pack.owner is None}
        owners = {pack.owner for pack in packs if pack.owner is not None}
        if not dry_run:
            await self._pins.drop_stale(project_id, now=now)
        try:
            used |= await self._pins.needed(project_id)  # after the manifests: see `pins`
        except Failure as failure:
            if failure.kind != "archive_corrupt":
                raise
            return Thinned(problems=(failure.message,))
        return await self._cycle(project_id, head, used, owners, now, dry_run=dry_run)

    async def _surplus(
        self, project_id: str, listed: list[_Listed], head: pointer.Head, policy: Policy, now: datetime
    ) -> list[_Listed]:
        """Archives the policy does not keep, and attempts that were given up more than a day ago. What
        cannot be read stays."""
        dated = [
            Dated(each.archive_id, each.seq, found.created_at, found.root)
            for each in listed
            if each.seq <= head.seq and (found := await self._summary(each.key)) is not None
        ]
        known = {each.archive_id for each in dated}
        stay = kept(dated, policy, await self.names(project_id)) | {head.archive_id}
        return [
            each
            for each in listed
            if (each.archive_id in known and each.archive_id not in stay)
            or (each.seq > head.seq and each.modified_at + GRACE <= now)
        ]

    async def _cycle(
        self,
        project_id: str,
        head: pointer.Head,
        used: set[str],
        owners: set[str],
        now: datetime,
        *,
        dry_run: bool,
    ) -> Thinned:
        """`used`: packs of this project; `owners`: other projects whose packs it needs."""
        packs: dict[str, ObjectInfo] = {}
        prefix = layout.pack_key(project_id, "")
        async for info in self._objects.list(prefix):
            packs[info.key[len(prefix) :]] = info
        marks = {_OWNER + owner: owner for owner in await self._pins.owners(project_id)}
        noted, etag = await self._noted(project_id)
        unused = (packs.keys() - used) | (marks.keys() - {_OWNER + owner for owner in owners})
        due = sorted(name for name in unused if name in noted and noted[name] + GRACE <= now)
        going = [name for name in due if name in packs]
        size = sum(packs[name].size for name in going)
        rest = {name: noted.get(name, now) for name in sorted(unused - set(due))}
        result = Thinned(packs=len(going), bytes=size, noted=len(rest.keys() & packs.keys()))
        if dry_run:
            return result
        for name in due:
            again = await pointer.read(self._objects, project_id)
            if again is None or again[0] != head:
                return Thinned(problems=("Somebody archived the project meanwhile.",))
            if name in marks:
                await self._pins.release(marks[name], project_id)
                continue
            await self._objects.delete(packs[name].key)
            reach("thin.pack_removed")
        if rest != noted:
            await self._note(project_id, rest, etag)
        return result

    async def _noted(self, project_id: str) -> tuple[dict[str, datetime], str | None]:
        """Packs that were found unused before, and since when. What cannot be read was never noted."""
        try:
            data, info = await self._objects.read_with_info(
                layout.unused_key(project_id), length=_RECORD_BYTES
            )
        except Failure as failure:
            if failure.kind == "not_found":
                return {}, None
            if failure.kind == "archive_corrupt":
                head = await self._objects.head(layout.unused_key(project_id))
                return {}, None if head is None else head.etag
            raise
        try:
            fields = strict.record(strict.parse(data, len(data)), frozenset({"version", "since"}))
            if fields["version"] != _VERSION or type(fields["since"]) is not dict:
                raise MalformedError("it is of another version")
            since = cast("dict[str, Any]", fields["since"])
            return {name: codec.instant(at) for name, at in since.items()}, info.etag
        except MalformedError:
            return {}, info.etag

    async def _note(self, project_id: str, since: dict[str, datetime], etag: str | None) -> None:
        fields = {name: at.isoformat() for name, at in since.items()}
        data = strict.dump({"version": _VERSION, "since": fields})
        await self._objects.replace(layout.unused_key(project_id), data, etag=etag)
        reach("thin.noted")

    async def _summary(self, key: str) -> Summary | None:
        try:
            data = await self._objects.read(key, length=codec.SUMMARY_READ_BYTES)
            return codec.decode_summary(data)
        except MalformedError:
            return None
        except Failure as failure:
            if failure.kind == "archive_corrupt":
                return None
            raise

    async def _listed(self, project_id: str) -> list[_Listed]:
        return [
            _Listed(info.key, *parsed, info.modified_at)
            async for info in self._objects.list(layout.manifests_prefix(project_id))
            if (parsed := layout.parse_manifest_key(info.key)) is not None
        ]

    async def _remove(self, project_id: str, key: str, archive_id: str) -> None:
        await self._objects.delete(key)
        reach("thin.manifest_removed")
        await self._objects.delete(layout.names_prefix(project_id) + archive_id)
