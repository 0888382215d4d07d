"""A world for the workspace manager: sandbox, disk, object storage and database in memory.

The world outlives managers, as the real one does. Every port call goes through a `Life`, which records
it and can make it fail before or after its effect, hang, or be the last thing a killed daemon did.
A generation's content is one text, so a test can ask where the last text written is kept; the world
itself notes every discard of something that was nowhere else.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from journeyman.failures import Failure
from journeyman.guest.inside import wire
from journeyman.ports.guest import TreeRecords
from journeyman.ports.sandbox import Generation, Instance, InstanceSpec
from journeyman.records import ArchiveRecord, WorkspaceRow
from journeyman.testing.clock import FakeClock
from journeyman.workspace.archive.keeping import Thinned
from journeyman.workspace.archive.outcomes import VerifyReport
from unit.workspace.life import Life, port

PORTS = (
    *(f"sandbox.{m}" for m in ("create", "start", "attach", "pause", "stop", "remove", "find", "list")),
    *(f"generations.{m}" for m in ("prepare", "commit", "path", "list", "discard", "projects", "purge")),
    *(f"engine.{m}" for m in ("archive", "restore", "fork", "newest", "verify", "forget")),
    *(f"rows.{m}" for m in ("get", "put", "lease", "unlease", "break_leases", "list", "delete")),
    *(f"archives.{m}" for m in ("add", "get", "newest", "list", "delete")),
    *(f"guest.{m}" for m in ("ping", "kill_all", "close")),
)


@dataclass
class Directory:
    number: int
    text: str | None = None
    complete: bool = False


@dataclass(frozen=True)
class Stored:
    """An archive in object storage, and what the engine answers of it."""

    archive_id: str
    text: str | None
    seq: int
    epoch: int
    manifest_key: str = "manifest"
    digest: str = "digest"
    files: int = 1
    bytes: int = 1
    new_bytes: int = 1
    skipped: tuple[str, ...] = ()


@dataclass
class World:
    clock: FakeClock
    instances: dict[str, Instance] = field(default_factory=dict)
    directories: dict[str, dict[int, Directory]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    trash: list[tuple[str, int]] = field(default_factory=list)
    litter: dict[str, int] = field(default_factory=dict)
    """Empty files in a workspace, by project."""
    purged: list[tuple[float, str, int]] = field(default_factory=list)
    objects: dict[str, list[Stored]] = field(default_factory=dict)
    rows: dict[str, WorkspaceRow] = field(default_factory=dict)
    records: list[ArchiveRecord] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """Discards of a text that was neither archived nor meant to go."""
    given_up: set[str] = field(default_factory=set)
    """Texts the user decided to lose, by a restore or a deletion."""
    hidden: dict[str, list[Stored]] = field(default_factory=dict)
    """Archives the pointer does not lead to, which can be had by their id."""
    damaged: set[str] = field(default_factory=set)
    """Archives a pack is missing of."""
    created: int = 0

    def write(self, instance: Instance, text: str) -> None:
        """What a run does."""
        self.directories[instance.project_id][instance.generation].text = text

    def archived(self, project_id: str) -> set[str | None]:
        return {stored.text for stored in self.objects.get(project_id, [])}

    def running(self) -> list[Instance]:
        return [instance for instance in self.instances.values() if instance.state == "running"]


class FakeSandbox:
    name = "fake"

    def __init__(self, world: World, life: Life) -> None:
        self.world, self.life = world, life
        self.guests: list[FakeGuest] = []

    @port("sandbox.create")
    async def create(self, spec: InstanceSpec) -> Instance:
        world = self.world
        if any(i.name == spec.name for i in world.instances.values()):
            raise Failure("conflict", f"An instance named {spec.name} exists.")
        world.created += 1
        instance = Instance(
            id=f"i{world.created}",
            name=spec.name,
            project_id=spec.project_id,
            generation=spec.generation,
            epoch=spec.epoch,
            state="created",
            created_at=world.clock.now(),
        )
        world.instances[instance.id] = instance
        return instance

    def _move(self, instance_id: str, state: Any) -> None:
        if instance_id not in self.world.instances:
            raise Failure("workspace_failed", f"There is no instance {instance_id}.")
        self.world.instances[instance_id] = replace(self.world.instances[instance_id], state=state)

    @port("sandbox.start")
    async def start(self, instance_id: str) -> None:
        self._move(instance_id, "running")

    @port("sandbox.attach")
    async def attach(self, instance_id: str) -> FakeGuest:
        if self.world.instances[instance_id].state != "running":
            raise Failure("workspace_failed", "It does not run.", retryable=True)
        guest = FakeGuest(self.world, self.life, self.world.instances[instance_id])
        self.guests.append(guest)
        return guest

    @port("sandbox.pause")
    async def pause(self, instance_id: str) -> None:
        self._move(instance_id, "paused")

    @port("sandbox.resume")
    async def resume(self, instance_id: str) -> None:
        self._move(instance_id, "running")

    @port("sandbox.stop")
    async def stop(self, instance_id: str, *, grace_s: float = 5.0) -> None:
        self._move(instance_id, "stopped")

    @port("sandbox.remove")
    async def remove(self, instance_id: str) -> None:
        self.world.instances.pop(instance_id, None)

    @port("sandbox.find")
    async def find(self, name: str) -> Instance | None:
        return next((i for i in self.world.instances.values() if i.name == name), None)

    @port("sandbox.list")
    async def list(self) -> tuple[Instance, ...]:
        return tuple(self.world.instances.values())


class FakeGuest:
    def __init__(self, world: World, life: Life, instance: Instance) -> None:
        self.world, self.life, self.instance = world, life, instance
        self.closed = False

    def directory(self) -> Directory:
        running = self.world.instances.get(self.instance.id)
        if self.closed or running is None or running.state != "running":
            raise Failure("workspace_failed", "The workspace went away.", retryable=True)
        return self.world.directories[self.instance.project_id][self.instance.generation]

    @port("guest.ping")
    async def ping(self) -> None:
        self.directory()

    def guard_writes(self, allow: Any) -> None:
        self.allow = allow

    async def look(self, **_: Any) -> TreeRecords:
        """As many empty files as a test says, and one with the directory's text."""
        size = len((self.directory().text or "").encode())
        names = [b"%06d" % n for n in range(self.world.litter.get(self.instance.project_id, 0))]
        sizes = [*((name, 0) for name in names), (b"text", size)]
        entries = [(wire.KINDS.index("file"), n, 0o644, 0, 0, 0, 1, name, b"", {}) for name, n in sizes]
        return TreeRecords(b"".join(map(wire.pack_entry, entries)), b"")

    @port("guest.kill_all")
    async def kill_all(self, *, terminals: bool = True) -> int:
        self.directory()
        return 0

    @port("guest.close")
    async def close(self) -> None:
        self.closed = True


class FakeGenerations:
    def __init__(self, world: World, life: Life) -> None:
        self.world, self.life = world, life

    @port("generations.prepare")
    async def prepare(self, project_id: str) -> tuple[int, Path]:
        number = self.world.numbers.get(project_id, 0) + 1
        self.world.numbers[project_id] = number
        self.world.directories.setdefault(project_id, {})[number] = Directory(number)
        return number, Path(f"/fake/{project_id}/{number}")

    @port("generations.commit")
    async def commit(self, project_id: str, generation: int) -> None:
        self.world.directories[project_id][generation].complete = True

    @port("generations.path")
    async def path(self, project_id: str, generation: int) -> Path:
        return Path(f"/fake/{project_id}/{generation}")

    @port("generations.list")
    async def list(self, project_id: str) -> tuple[Generation, ...]:
        found = self.world.directories.get(project_id, {})
        return tuple(Generation(d.number, d.complete) for _, d in sorted(found.items()))

    @port("generations.discard")
    async def discard(self, project_id: str, generation: int) -> None:
        gone = self.world.directories.get(project_id, {}).pop(generation, None)
        if gone is None:
            return
        self.world.trash.append((project_id, generation))
        kept = self.world.archived(project_id) | self.world.given_up | {None}
        kept |= {d.text for d in self.world.directories[project_id].values() if d.complete}
        if gone.complete and gone.text not in kept:
            self.world.lost.append(f"{project_id}/{generation}: {gone.text}")

    @port("generations.projects")
    async def projects(self) -> tuple[str, ...]:
        return tuple(p for p, found in self.world.directories.items() if found)

    @port("generations.purge")
    async def purge(self, *, older_than_s: float, of: tuple[str, datetime] | None = None) -> int:
        trash = self.world.trash
        going = [each for each in trash if of is None or each[0] == of[0]]
        self.world.purged += [(older_than_s, *each) for each in going]
        trash[:] = [each for each in trash if each not in going]
        return len(going)


class FakeKeeping:
    """Retention is the engine's; here every archive stays."""

    async def names(self, project_id: str) -> dict[str, str]:
        return {}

    async def thin(
        self, project_id: str, policy: Any, *, now: datetime, dry_run: bool = False, **_: Any
    ) -> Thinned:
        return Thinned()


class FakeEngine:
    """Journals as the real one does, and is cancellable until the pointer moves."""

    STEPS = ("uploaded", "verified", "manifest")

    def __init__(self, world: World, life: Life) -> None:
        self.world, self.life = world, life
        self.gate: asyncio.Event | None = None
        """Set by a test that wants to hold an archive before its pointer."""
        self.after_pointer: asyncio.Event | None = None

    @port("engine.archive")
    async def archive(
        self, project_id: str, guest: FakeGuest, *, epoch: int, journal: Any, **_: Any
    ) -> Stored:
        text = guest.directory().text
        for step in self.STEPS:
            await journal(step)
            await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        guest.directory()
        kept = self.world.objects.setdefault(project_id, [])
        if kept and kept[-1].epoch > epoch:
            raise Failure("conflict", "A newer holder moved the pointer.")
        stored = Stored(f"{project_id}-a{len(kept) + 1}", text, len(kept) + 1, epoch)
        kept.append(stored)
        if self.after_pointer is not None:
            await asyncio.shield(self.after_pointer.wait())
        return stored

    @port("engine.restore")
    async def restore(
        self, project_id: str, guest: FakeGuest, *, archive_id: str | None = None, **_: Any
    ) -> Stored:
        kept = self.world.objects.get(project_id, [])
        found = [s for s in kept if archive_id in (None, s.archive_id)]
        found += [s for s in self.world.hidden.get(project_id, []) if s.archive_id == archive_id]
        if not found:
            raise Failure("not_found", "There is no such archive.")
        directory = guest.directory()
        assert directory.text is None
        assert not directory.complete
        directory.text = found[-1].text
        return found[-1]

    @port("engine.fork")
    async def fork(self, source_id: str, archive_id: str | None, *, project_id: str, epoch: int) -> Stored:
        found = [s for s in self.world.objects.get(source_id, []) if archive_id in (None, s.archive_id)]
        if not found:
            raise Failure("not_found", "There is no such archive.")
        stored = Stored(f"{project_id}-a1", found[-1].text, 1, epoch)
        self.world.objects[project_id] = [stored]
        return stored

    @port("engine.newest")
    async def newest(self, project_id: str) -> Stored | None:
        kept = self.world.objects.get(project_id, [])
        return kept[-1] if kept else None

    @property
    def keeping(self) -> FakeKeeping:
        return FakeKeeping()

    @port("engine.verify")
    async def verify(self, project_id: str, archive_id: str | None = None, *, read_data: bool = False) -> Any:
        kept = self.world.objects.get(project_id, [])
        if not any(archive_id in (None, stored.archive_id) for stored in kept):
            raise Failure("not_found", "There is no such archive.")
        damaged = archive_id in self.world.damaged
        return VerifyReport(archive_id or "", not damaged, 1, 0, ("A pack is gone.",) if damaged else ())

    @port("engine.forget")
    async def forget(self, project_id: str) -> None:
        self.world.objects.pop(project_id, None)


class FakeRows:
    def __init__(self, world: World, life: Life) -> None:
        self.world, self.life = world, life

    @port("rows.get")
    async def get(self, project_id: str) -> WorkspaceRow | None:
        return self.world.rows.get(project_id)

    @port("rows.put")
    async def put(self, row: WorkspaceRow, *, epoch: int | None = None) -> None:
        stored = self.world.rows.get(row.project_id)
        if epoch is not None and (stored is None or stored.epoch != epoch):
            raise Failure("conflict", "Taken over.")
        self.world.rows[row.project_id] = row

    @port("rows.lease")
    async def lease(self, project_id: str, holder: str) -> WorkspaceRow:
        now: datetime = self.world.clock.now()
        stored = self.world.rows.get(project_id)
        if stored is None:
            stored = WorkspaceRow(project_id, "cold", 0, 0, None, None, None, None, now, now)
        if stored.lease is not None:
            raise Failure("busy", f"Held by {stored.lease}.", retryable=True)
        self.world.rows[project_id] = replace(stored, epoch=stored.epoch + 1, lease=holder)
        return self.world.rows[project_id]

    @port("rows.unlease")
    async def unlease(self, project_id: str, epoch: int) -> None:
        stored = self.world.rows.get(project_id)
        if stored is not None and stored.epoch == epoch:
            self.world.rows[project_id] = replace(stored, lease=None)

    @port("rows.break_leases")
    async def break_leases(self) -> tuple[WorkspaceRow, ...]:
        held = tuple(row for row in self.world.rows.values() if row.lease)
        for row in held:
            self.world.rows[row.project_id] = replace(row, lease=None, epoch=row.epoch + 1)
        return held

    @port("rows.list")
    async def list(self) -> tuple[WorkspaceRow, ...]:
        return tuple(self.world.rows.values())

    @port("rows.delete")
    async def delete(self, project_id: str) -> None:
        self.world.rows.pop(project_id, None)


class FakeArchives:
    def __init__(self, world: World, life: Life) -> None:
        self.world, self.life = world, life

    @port("archives.add")
    async def add(self, record: ArchiveRecord) -> None:
        self.world.records.append(record)

    @port("archives.get")
    async def get(self, archive_id: str) -> ArchiveRecord:
        for record in self.world.records:
            if record.id == archive_id:
                return record
        raise Failure("not_found", "There is no such archive.")

    @port("archives.delete")
    async def delete(self, archive_id: str) -> None:
        self.world.records = [record for record in self.world.records if record.id != archive_id]

    @port("archives.newest")
    async def newest(self, project_id: str) -> ArchiveRecord | None:
        return next(iter(await FakeArchives.list.__wrapped__(self, project_id)), None)

    @port("archives.list")
    async def list(self, project_id: str) -> tuple[ArchiveRecord, ...]:
        return tuple(r for r in reversed(self.world.records) if r.project_id == project_id)
