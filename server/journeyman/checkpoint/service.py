"""The face of this room: the checkpoints of a chat, what they changed, and going back to one of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from journeyman.checkpoint import differing, thinning
from journeyman.checkpoint.differing import Against, FileDifference
from journeyman.checkpoint.parts import Parts
from journeyman.checkpoint.recorder import Recorder, Say
from journeyman.checkpoint.rewinding import Choose, Chosen, Conflicts, Order, Report, Rewinding, guest_of
from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.records import Chat, Checkpoint, Page, RewindScope
from journeyman.workspace.errors import WorkspaceError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Checkpoints:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._rewinding = Rewinding(parts)

    async def recover(self) -> None:
        """At start, before any workspace is opened: learn what was not finished, clear what nobody needs."""
        await self._rewinding.recover()
        try:
            await thinning.forget_strays(self._parts)
        except Failure as failure:  # runs will say so; everything else works without checkpoints
            log.warning("what is kept for checkpoints cannot be looked at: %s", failure.message)

    async def settle(self, project_id: str, guest: Guest) -> None:
        """Finish what an earlier daemon decided, before anybody gets the workspace."""
        await self._rewinding.settle(project_id, guest)

    def recorder(
        self,
        guest: Guest,
        *,
        project_id: str,
        chat_id: str,
        run_id: str,
        at_work: Callable[[], bool],
        say: Say,
    ) -> Recorder:
        """Of one run; see `recorder.Recorder`."""
        return Recorder(
            self._parts,
            guest,
            project_id=project_id,
            chat_id=chat_id,
            run_id=run_id,
            at_work=at_work,
            say=say,
        )

    async def list(self, chat_id: str, *, cursor: str | None = None, limit: int = 50) -> Page[Checkpoint]:
        """Newest first."""
        return await self._parts.store.checkpoints.list(chat_id, cursor=cursor, limit=limit)

    async def get(self, chat_id: str, checkpoint_id: str) -> Checkpoint:
        checkpoint = await self._parts.store.checkpoints.get(checkpoint_id)
        if checkpoint.chat_id != chat_id:
            raise Failure(
                "not_found",
                f"Checkpoint {checkpoint_id!r} is of another chat.",
                hint="List what there is with checkpoint/list.",
            )
        return checkpoint

    async def diff(
        self,
        chat_id: str,
        checkpoint_id: str,
        *,
        against: Against,
        cursor: str | None,
        limit: int,
        context: int,
    ) -> Page[FileDifference]:
        """What the checkpoint's step changed (`before`), or what the agent changed since it (`now`)."""
        checkpoint = await self.get(chat_id, checkpoint_id)
        return await differing.page(
            self._parts, checkpoint, against, cursor=cursor, limit=limit, context=context
        )

    async def preview(
        self, chat_id: str, checkpoint_id: str, *, scope: RewindScope, conflicts: Conflicts
    ) -> Report:
        """What `restore` would do now; `busy` while a run is at work."""
        order = Order(await self.get(chat_id, checkpoint_id), scope, conflicts)
        return await self._alone(order, lambda: self._rewinding.preview(order))

    async def restore(
        self, chat_id: str, checkpoint_id: str, *, scope: RewindScope, conflicts: Conflicts
    ) -> Report:
        """Go back; `busy` while a run is at work. What was decided is finished even if the caller goes."""
        order = Order(await self.get(chat_id, checkpoint_id), scope, conflicts)
        return await self._to_its_end(order)

    async def undo(self, chat_id: str, *, conflicts: Conflicts) -> Report:
        """Take back the chat's newest rewind that was not taken back yet."""
        rewind = await self._parts.store.checkpoints.newest_rewind(chat_id)
        if rewind is None:
            raise Failure(
                "not_found",
                "There is no rewind to undo in this chat.",
                hint="checkpoint/list has its checkpoints.",
            )
        order = Order(await self.get(chat_id, rewind.safety_id), rewind.scope, conflicts, rewind.id)
        return await self._to_its_end(order)

    async def take_back(self, chat: Chat, choose: Choose) -> Chosen:
        """Put right what `choose` finds; `busy` while a run is at work. What was decided is finished."""

        async def work() -> Chosen:
            async with guest_of(self._parts, chat.project_id) as guest:
                return await self._rewinding.take_back(chat, guest, choose)

        return await self._even_alone(self._undisturbed(chat.project_id, work), chat.id)

    async def take_back_within(self, chat: Chat, guest: Guest, choose: Choose) -> Chosen:
        """The same between two steps of the run that has this guest."""
        return await self._even_alone(self._rewinding.take_back(chat, guest, choose), chat.id)

    async def forget_project(self, project_id: str) -> None:
        """The project is gone, and its checkpoints with it."""
        await thinning.forget(self._parts, project_id)

    async def forget_chat(self, project_id: str) -> None:
        """A chat of the project is gone: so is the content only its checkpoints needed."""
        self._parts.supervisor.start(
            thinning.collect_alone(self._parts, project_id), name=f"collect checkpoints {project_id}"
        )

    async def _to_its_end(self, order: Order) -> Report:
        work = self._alone(order, lambda: self._rewinding.go_back(order))
        return await self._even_alone(work, order.checkpoint.chat_id)

    async def _even_alone(self, work: Coroutine[Any, Any, T], chat_id: str) -> T:
        """To its end, whoever waits for it."""
        outcome: list[T | Failure] = []

        async def caught() -> None:
            try:
                outcome.append(await work)
            except Failure as failure:
                outcome.append(failure)

        task = self._parts.supervisor.start(caught(), name=f"rewind {chat_id}")
        await asyncio.shield(task)
        if isinstance(answer := outcome[0], Failure):
            raise answer
        return answer

    async def _alone(self, order: Order, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        return await self._undisturbed(order.checkpoint.project_id, work)

    async def _undisturbed(self, project_id: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        answer = await self._parts.manager.undisturbed(project_id, work)
        if isinstance(answer, WorkspaceError):
            raise answer.as_failure()
        return answer
