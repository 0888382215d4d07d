"""Checkpoints with real parts around them (guest, SQLite, packs on disk). What the agent does and what other
people do is played by the test."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import stat
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from journeyman.adapters.local_objects import LocalObjects
from journeyman.adapters.sqlite import SqliteStore
from journeyman.chat.event_log import EventLog
from journeyman.chat.service import ChatService
from journeyman.checkpoint.memory import Memory
from journeyman.checkpoint.parts import Budget, Parts
from journeyman.checkpoint.picture import Keeping
from journeyman.checkpoint.recorder import Recorder
from journeyman.checkpoint.service import Checkpoints
from journeyman.failures import Failure
from journeyman.ports.clock import SystemClock, SystemIds
from journeyman.ports.guest import Guest
from journeyman.ports.sandbox import Instance, InstanceSpec, Limits, Workspace
from journeyman.project.service import ProjectService
from journeyman.records import Chat, Checkpoint, Message, ToolCall
from journeyman.tasks import Supervisor
from journeyman.testing.sandbox import DirectSandbox
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.outsiders import Outsiders
from journeyman.workspace.status import WorkspaceStatus

MIB = 1024 * 1024
Tree = dict[str, tuple[str, int, bytes]]
"""Path to kind, mode and content."""


class OneWorkspace:
    """The part of the workspace manager that checkpoints use, over one guest."""

    def __init__(self, guest: Guest, instance: Instance) -> None:
        self.outsiders = Outsiders()
        self.guest = guest
        self.instance = instance
        self.users: Counter[str] = Counter()
        self.generation = 1
        self.first: Callable[[str, Guest], Awaitable[None]] | None = None

    async def acquire(self, project_id: str, *, holder: str = "run") -> Workspace | WorkspaceError:
        self.users[holder] += 1
        if self.first is not None:
            await self.first(project_id, self.guest)
        return Workspace(project_id, self.instance, self.guest, "map")

    async def release(self, project_id: str, *, holder: str = "run") -> object:
        self.users[holder] -= 1
        return None

    async def status(self, project_id: str) -> WorkspaceStatus:
        return WorkspaceStatus(project_id, "live", generation=self.generation)

    async def undisturbed(self, project_id: str, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        if self.users["run"]:
            return WorkspaceError("busy", "A run is on.")
        try:
            return await work()
        except Failure as failure:
            return WorkspaceError(failure.kind, failure.message, failure.hint)


@dataclass
class Scene:
    root: Path
    files: Path
    guest: Guest
    store: SqliteStore
    events: EventLog
    manager: OneWorkspace
    parts: Parts
    checkpoints: Checkpoints
    chat: Chat
    warnings: list[str] = field(default_factory=list)
    steps: int = 0

    async def run(self, *, chat: Chat | None = None, prompt: str = "Do it.") -> Run:
        chat = chat or self.chat
        run = Run(self, chat, f"run {self.steps}-{self.parts.ids.new()}")
        await self.say(chat, run.id, "user", prompt)
        self.manager.users["run"] += 1

        async def warn(message: str, hint: str) -> None:
            self.warnings.append(message)

        run.recorder = self.checkpoints.recorder(
            self.guest,
            project_id=chat.project_id,
            chat_id=chat.id,
            run_id=run.id,
            at_work=lambda: run.at_work,
            say=warn,
        )
        await run.recorder.begin(look=True)
        return run

    async def say(self, chat: Chat, run_id: str, role: Any, text: str, **more: Any) -> str:
        ident = self.parts.ids.new()
        message = Message(ident, chat.id, run_id, role, text, self.parts.clock.now(), **more)
        await self.store.messages.append([message])
        return ident

    async def list(self, chat: Chat | None = None) -> list[Checkpoint]:
        """Oldest first."""
        page = await self.checkpoints.list((chat or self.chat).id, limit=500)
        return list(reversed(page.items))

    async def texts(self) -> list[str]:
        return [message.text for message in await self.store.messages.history(self.chat.id)]

    async def kinds(self) -> list[str]:
        return [event.kind for event in await self.store.events.read(self.chat.id, after=0)]

    def tree(self) -> Tree:
        return tree_of(self.files)

    def write(self, path: str, content: str | bytes) -> None:
        """As somebody else, without the guest."""
        file = self.files / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def again(self) -> Checkpoints:
        """As a daemon that was started again."""
        self.checkpoints = Checkpoints(self.parts)
        self.manager.first = self.checkpoints.settle
        return self.checkpoints

    async def idle(self) -> None:
        """Until nothing goes on in the background."""
        async with asyncio.timeout(60):
            while names := self.parts.supervisor.names:
                await asyncio.sleep(0.005)
                del names


@dataclass
class Run:
    scene: Scene
    chat: Chat
    id: str
    at_work: bool = False
    recorder: Recorder = field(init=False)

    async def step(self, script: str | Callable[[], None], *, named: tuple[str, ...] = ()) -> None:
        """A message with one call that does this, and its answer."""
        scene = self.scene
        scene.steps += 1
        call = ToolCall(f"call {scene.steps}", "terminal", {})
        ident = await scene.say(self.chat, self.id, "assistant", f"step {scene.steps}", tool_calls=(call,))
        await self.recorder.before_change()
        if callable(script):
            script()
        else:
            done = await scene.guest.run(["bash", "-c", script], timeout_s=60)
            assert done.code == 0, done.output
        await scene.say(self.chat, self.id, "tool", f"done {scene.steps}", tool_call_id=call.id)
        self.recorder.after_step(ident, f"step {scene.steps}", named)

    async def end(self) -> None:
        await self.recorder.close()
        self.scene.manager.users["run"] -= 1
        self.recorder.released()
        await self.scene.idle()


def tree_of(top: Path) -> Tree:
    found: Tree = {}
    for path in sorted(top.rglob("*")):
        info = path.lstat()
        name = os.fsdecode(os.fsencode(path.relative_to(top)))
        mode = stat.S_IMODE(info.st_mode)
        if stat.S_ISLNK(info.st_mode):
            found[name] = ("link", 0, os.fsencode(os.readlink(path)))
        elif stat.S_ISDIR(info.st_mode):
            found[name] = ("directory", mode, b"")
        elif stat.S_ISREG(info.st_mode):
            found[name] = ("file", mode, path.read_bytes())
        else:
            found[name] = ("other", mode, b"")
    return found


@contextlib.asynccontextmanager
async def scene(
    root: Path, *, file_bytes_max: int = MIB, project_bytes: int = 64 * MIB, total_bytes: int = 256 * MIB
) -> AsyncGenerator[Scene]:
    clock, ids, supervisor = SystemClock(), SystemIds(), Supervisor()
    store = await SqliteStore.open(root / "state.db", clock=clock)
    events = EventLog(store.events, clock)
    sandbox = DirectSandbox(root / "data")
    files = root / "files"
    files.mkdir()
    projects, chats = ProjectService(store, clock, ids), ChatService(store, clock, ids)
    project = await projects.create()
    spec = InstanceSpec(project.id, project.id, 1, 1, files, "none", Limits(1024, 1, 100))
    instance = await sandbox.create(spec)
    await sandbox.start(instance.id)
    guest = await sandbox.attach(instance.id)
    manager = OneWorkspace(guest, instance)
    parts = Parts(
        store=store,
        objects=LocalObjects(root / "checkpoints"),
        events=events,
        manager=manager,
        supervisor=supervisor,
        clock=clock,
        ids=ids,
        memory=Memory(root / "cache"),
        keeping=Keeping(file_bytes_max, project_bytes),
        budget=Budget(project_bytes, total_bytes),
    )
    checkpoints = Checkpoints(parts)
    manager.first = checkpoints.settle
    chat = await chats.create(project.id)
    made = Scene(root, files, guest, store, events, manager, parts, checkpoints, chat)
    try:
        yield made
    finally:
        await supervisor.close()
        await guest.close()
        await sandbox.remove(instance.id)
        await sandbox.close()
        await store.close()
        for path in files.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(files)


def with_keeping(scene: Scene, **more: Any) -> None:
    scene.parts = replace(scene.parts, keeping=replace(scene.parts.keeping, **more))
    scene.again()
