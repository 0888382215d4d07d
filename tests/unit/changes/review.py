"""What people do with changes, over the scene of the checkpoints' tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from journeyman.changes.carrying import Carrying
from journeyman.changes.listing import Listed
from journeyman.changes.service import Changes
from journeyman.records import Chat, Run
from unit.checkpoint.scene import Scene


@dataclass
class Review:
    stage: Scene
    running: Run | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    changes: Changes = field(init=False)

    def __post_init__(self) -> None:
        self.again()

    def again(self) -> None:
        """As a daemon that was started again."""
        self.stage.again()

        async def ended(run_id: str) -> Run:
            await self.over.wait()
            assert self.running is not None
            return self.running

        def running(project_id: str) -> Run | None:
            return None if self.over.is_set() else self.running

        self.changes = Changes(self.stage.parts, self.stage.checkpoints, running, ended)
        self.carrying = Carrying(self.stage.parts)

    @property
    def chat(self) -> Chat:
        return self.stage.chat

    async def did(self, script: str | Callable[[], None]) -> str:
        """A run of one step; answers its id."""
        run = await self.stage.run()
        await run.step(script)
        await run.end()
        return run.id

    async def items(self, *, run_id: str | None = None) -> list[Listed]:
        items: list[Listed] = []
        cursor: str | None = None
        while True:
            page = await self.changes.list(self.chat.id, run_id=run_id, cursor=cursor, limit=2)
            items += page.items
            if (cursor := page.next_cursor) is None:
                return items

    async def ids(self, *paths: str) -> list[str]:
        found = await self.items()
        return [each.hunk.id for each in found if not paths or each.hunk.path.decode() in paths]

    async def kinds(self) -> list[tuple[str, str]]:
        return [(each.hunk.path.decode(), each.hunk.kind) for each in await self.items()]

    async def accept(self, *ids: str, feedback: str = "") -> list[str]:
        return [each.outcome for each in await self.changes.accept(self.chat.id, ids, feedback)]

    async def reject(self, *ids: str, feedback: str = "") -> list[str]:
        return [each.outcome for each in await self.changes.reject(self.chat.id, ids, feedback)]

    async def notes(self) -> list[str]:
        return [each.note for each in await self.changes.waiting(self.chat.id)]

    def text(self, path: str) -> str | None:
        file = self.stage.files / path
        return file.read_bytes().decode() if file.exists() else None
