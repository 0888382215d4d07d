"""A sandbox whose instances are child processes of the daemon. What isolates them is the subclass's affair:
it says which command starts the guest (`bubblewrap.py`; in tests, none at all).

Instances end with the daemon, however it ends; their files and records stay, so `list` shows them as
stopped afterwards.
Pausing is SIGSTOP to every process of the instance, repeated until no new one turns up.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

from journeyman.adapters.instance_files import InstanceFiles, InstanceRecord
from journeyman.failures import Failure
from journeyman.guest.client import GuestClient
from journeyman.guest.delivery import deliver
from journeyman.guest.inside.processes import descendants
from journeyman.ports.clock import Clock, Ids, SystemClock, SystemIds
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import Instance, InstanceSpec, InstanceState

SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}\Z")
ATTACH_S = 30.0
FREEZE_S = 5.0
LOG_TAIL_BYTES = 2000


class LocalSandbox:
    """`data_dir` is the daemon's; `uid` the workspace user's (only root can run as somebody else)."""

    name = "local"

    def __init__(
        self, data_dir: Path, *, uid: int | None = None, clock: Clock | None = None, ids: Ids | None = None
    ) -> None:
        self._data = data_dir
        self._uid = uid
        self._clock = clock or SystemClock()
        self._ids = ids or SystemIds()
        self._files = InstanceFiles(data_dir / "instances" / self.name)
        self._records: dict[str, InstanceRecord] | None = None
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._paused: set[str] = set()
        self._lock = asyncio.Lock()

    async def command(self, record: InstanceRecord, program: Path, runtime: Path) -> list[str]:
        """The command that starts the guest in isolation; it runs until the instance is stopped."""
        raise NotImplementedError

    def confine(self, record: InstanceRecord, pid: int) -> None:
        """Put limits on the instance that was just started. Blocking."""

    def released(self, record: InstanceRecord) -> None:
        """The instance ended. Blocking."""

    async def create(self, spec: InstanceSpec) -> Instance:
        if not SAFE_NAME.match(spec.name):
            raise Failure("invalid", f"{spec.name!r} cannot be the name of a workspace.")
        async with self._lock:
            records = await self._load()
            if any(each.spec.name == spec.name for each in records.values()):
                raise Failure(
                    "conflict",
                    f"A workspace named {spec.name} is already there.",
                    hint="Attach to it, or remove it first.",
                )
            record = InstanceRecord(self._ids.new(), spec, self._clock.now())
            await asyncio.to_thread(self._prepare, record)
            records[record.id] = record
        return self._instance(record)

    def _prepare(self, record: InstanceRecord) -> None:
        if not record.spec.files.is_dir():
            raise Failure("workspace_failed", f"The workspace's directory {record.spec.files} is not there.")
        try:
            runtime = self._runtime(record)
            runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.geteuid() == 0 and self._uid is not None:
                os.chown(runtime, self._uid, self._uid)
            self._files.add(record)
        except OSError as error:
            raise Failure("workspace_failed", f"The workspace cannot be made: {error.strerror}.") from error

    async def start(self, instance_id: str) -> None:
        async with self._lock:
            record = await self._known(instance_id)
            if self._process(record.id) is not None:
                return
            if not record.spec.files.is_dir():
                raise Failure(
                    "workspace_failed", f"The workspace's directory {record.spec.files} is not there."
                )
            program = await asyncio.to_thread(deliver, self._data / "guest")
            command = await self.command(record, program, self._runtime(record))
            self._socket(record).unlink(missing_ok=True)
            # Not in a worker thread: the kernel ends the child when the *thread* that made it ends.
            with self._log(record).open("wb") as log:
                self._running[record.id] = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=subprocess.PIPE,  # never written to: its end tells the guest that we ended
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env={"PATH": os.defpath, "LANG": "C.UTF-8"},
                    start_new_session=True,
                )
            record = replace(record, started=True)
            self._remember(record)
            await asyncio.to_thread(self._files.save, record)
            await asyncio.to_thread(self.confine, record, self._running[record.id].pid)

    async def attach(self, instance_id: str) -> Guest:
        record = await self._known(instance_id)
        if self._process(record.id) is None or record.id in self._paused:
            raise Failure(
                "workspace_failed",
                f"The workspace {record.spec.name} is not running.",
                hint="Start it first.",
                retryable=True,
            )
        try:
            return await GuestClient.attach(
                self._socket(record),
                timeout_s=ATTACH_S,
                alive=lambda: self._process(record.id) is not None,
                files=record.spec.files,
            )
        except Failure as failure:
            said = await asyncio.to_thread(self._last_words, record)
            if said:
                failure.data["log"] = said
            raise

    async def pause(self, instance_id: str) -> None:
        record = await self._known(instance_id)
        process = self._process(record.id)
        if process is None:
            raise Failure("conflict", f"The workspace {record.spec.name} is not running.")
        await asyncio.to_thread(_freeze, process.pid)
        self._paused.add(record.id)

    async def resume(self, instance_id: str) -> None:
        record = await self._known(instance_id)
        process = self._process(record.id)
        if process is not None:
            await asyncio.to_thread(_thaw, process.pid)
        self._paused.discard(record.id)

    async def stop(self, instance_id: str, *, grace_s: float = 5.0) -> None:
        record = await self._known(instance_id)
        await self._end(record, grace_s)

    async def remove(self, instance_id: str) -> None:
        record = (await self._load()).get(instance_id)
        if record is None:
            return
        await self._end(record, 0.0)
        await asyncio.to_thread(self._forget, record)
        (await self._load()).pop(record.id, None)

    def _forget(self, record: InstanceRecord) -> None:
        self._files.remove(record)
        runtime = self._runtime(record)
        for file in runtime.glob("*") if runtime.is_dir() else ():
            file.unlink(missing_ok=True)
        if runtime.is_dir():
            runtime.rmdir()
        self._log(record).unlink(missing_ok=True)

    async def _end(self, record: InstanceRecord, grace_s: float) -> None:
        process = self._running.get(record.id)
        if process is None:
            return
        if process.returncode is None:
            if record.id in self._paused:
                await self.resume(record.id)
            # Where the guest does not answer, the signal below ends it all the same.
            with contextlib.suppress(Failure):
                guest = await GuestClient.attach(self._socket(record), timeout_s=2.0)
                try:
                    await guest.end_all(grace_s=grace_s)
                finally:
                    await guest.close()
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        self._running.pop(record.id, None)
        self._paused.discard(record.id)
        await asyncio.to_thread(self.released, record)

    async def find(self, name: str) -> Instance | None:
        for record in (await self._load()).values():
            if record.spec.name == name:
                return self._instance(record)
        return None

    async def list(self) -> tuple[Instance, ...]:
        return tuple(self._instance(record) for record in (await self._load()).values())

    async def close(self) -> None:
        """End every instance: none outlives its daemon."""
        for record in tuple((await self._load()).values()):
            await self._end(record, 0.0)

    # Bookkeeping.

    async def _load(self) -> dict[str, InstanceRecord]:
        if self._records is None:
            found = await asyncio.to_thread(self._files.load)
            if self._records is None:
                self._records = {record.id: record for record in found}
        return self._records

    def _remember(self, record: InstanceRecord) -> None:
        if self._records is not None:
            self._records[record.id] = record

    async def _known(self, instance_id: str) -> InstanceRecord:
        record = (await self._load()).get(instance_id)
        if record is None:
            raise Failure(
                "workspace_failed",
                f"There is no workspace instance {instance_id!r}.",
                hint="Open the workspace again.",
                retryable=True,
            )
        return record

    def _process(self, instance_id: str) -> asyncio.subprocess.Process | None:
        process = self._running.get(instance_id)
        return process if process is not None and process.returncode is None else None

    def _instance(self, record: InstanceRecord) -> Instance:
        state: InstanceState = "stopped" if record.started else "created"
        if self._process(record.id) is not None:
            state = "paused" if record.id in self._paused else "running"
        spec = record.spec
        return Instance(
            record.id, spec.name, spec.project_id, spec.generation, spec.epoch, state, record.created_at
        )

    def _runtime(self, record: InstanceRecord) -> Path:
        return self._data / "instances" / self.name / f"{record.id}.run"

    def _socket(self, record: InstanceRecord) -> Path:
        return self._runtime(record) / "guest.sock"

    def _log(self, record: InstanceRecord) -> Path:
        return self._data / "instances" / self.name / f"{record.id}.log"

    def _last_words(self, record: InstanceRecord) -> str:
        try:
            return self._log(record).read_bytes()[-LOG_TAIL_BYTES:].decode("utf-8", "replace")
        except OSError:
            return ""


def _freeze(pid: int) -> None:
    """Stop everything below `pid`; returns when the kernel says each is stopped."""
    stopped: set[int] = set()
    until = time.monotonic() + FREEZE_S
    while time.monotonic() < until:
        alive = descendants(pid)
        for each in alive:
            if each not in stopped:
                _signal(each, signal.SIGSTOP)
                stopped.add(each)
        if all(_is_stopped(each) for each in alive):
            return
        time.sleep(0.001)


def _is_stopped(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rsplit(b")", 1)[1].split()[0] in (
            b"T",
            b"t",
            b"Z",
            b"X",
        )
    except (OSError, IndexError):
        return True


def _thaw(pid: int) -> None:
    for each in descendants(pid):
        _signal(each, signal.SIGCONT)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
