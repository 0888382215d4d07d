"""Going back to a checkpoint: decide, act, conclude. What was decided is finished, whatever comes between.

    look at everything, so that the present can be brought back   (content in the vault)
    plan                                                          (nothing has changed yet)
    decide: a checkpoint of the present and the plan              COMMIT
    act, path by path                                             (may be done again)
    conclude: what was done, the conversation, the end            COMMIT

A daemon that ends after the decision leaves it open; it is finished before anybody gets the workspace again.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

from journeyman.changed import HunkDecision
from journeyman.checkpoint import state, telling
from journeyman.checkpoint.acting import Acted, act, lost
from journeyman.checkpoint.parts import Parts
from journeyman.checkpoint.picture import Picture
from journeyman.checkpoint.plan import Kept, Plan, plan
from journeyman.checkpoint.state import Change
from journeyman.checkpoint.vault import Vault
from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.records import Chat, Checkpoint, NewCheckpoint, Rewind, RewindScope, TurnedBack
from journeyman.todo.service import todo_data
from journeyman.workspace.archive.tree import shown
from journeyman.workspace.errors import WorkspaceError

log = logging.getLogger(__name__)

HOLDER = "rewind"
PATHS_TOLD_MAX = 20
Conflicts = Literal["keep", "overwrite"]


@dataclass(frozen=True, slots=True)
class Order:
    checkpoint: Checkpoint
    scope: RewindScope
    conflicts: Conflicts = "keep"
    undoes: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a rewind did, or would do."""

    order: Order
    items: tuple[Change, ...]
    kept: tuple[Kept, ...]
    turned: TurnedBack
    rewind_id: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be put right in the files, and the decisions that led to it."""

    items: tuple[Change, ...]
    hunks: tuple[HunkDecision, ...]
    stuck: Mapping[str, str] = field(default_factory=dict[str, str])
    """Hunks that cannot be taken back, with the reason."""
    kept: tuple[Kept, ...] = ()
    """What stayed as it was after all."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found when everything was looked at."""

    guest: Guest
    vault: Vault
    picture: Picture


Choose = Callable[[Look], Awaitable[Chosen]]


class Rewinding:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._open: defaultdict[str, list[Rewind]] = defaultdict(list)
        """Decided by an earlier daemon, or broken off, by project."""

    async def recover(self) -> None:
        """At start: what was decided and not done is finished when its workspace is opened next; what has
        no part in files at once."""
        for rewind in await self._parts.store.checkpoints.open_rewinds():
            if rewind.scope == "conversation":
                try:
                    await self._conclude(rewind, Acted((), ()), ())
                except Failure as failure:
                    log.error("the rewind %s is left as it is: %s", rewind.id, failure.message)
            else:
                self._open[rewind.project_id].append(rewind)

    async def settle(self, project_id: str, guest: Guest) -> None:
        """Before anybody gets the workspace. Never keeps it from being opened but by its going away."""
        if project_id not in self._open:
            return
        still_open = {rewind.id for rewind in await self._parts.store.checkpoints.open_rewinds()}
        while waiting := self._open.get(project_id):
            rewind = waiting[0]
            if rewind.id not in still_open:  # its end was stored, or its chat is gone
                waiting.pop(0)
                continue
            log.warning("finishing the rewind %s of project %s", rewind.id, project_id)
            try:
                await self._finish(rewind, guest)
            except Failure as failure:
                if lost(failure):
                    raise
                log.error("the rewind %s is left as far as it got: %s", rewind.id, failure.message)
                await self._conclude(rewind, Acted((), ()), ())
            waiting.pop(0)
        self._open.pop(project_id, None)

    async def preview(self, order: Order) -> Report:
        """What `go_back` would do now."""
        turned = TurnedBack()
        if order.scope != "files":
            turned = await self._parts.store.checkpoints.conversation(order.checkpoint.id)
        if order.scope == "conversation":
            return Report(order, (), (), turned)
        async with guest_of(self._parts, order.checkpoint.project_id) as guest:
            found, _ = await self._plan(order, guest)
        return Report(order, found.items, found.kept, turned)

    async def go_back(self, order: Order) -> Report:
        if order.scope == "conversation":
            return await self._decided(order, Plan((), ()))
        async with guest_of(self._parts, order.checkpoint.project_id) as guest:
            found, look = await self._plan(order, guest)
            return await self._decided(order, found, look)

    async def _plan(self, order: Order, guest: Guest) -> tuple[Plan, Look]:
        checkpoint = order.checkpoint
        blobs = await self._parts.store.checkpoints.changes_after(checkpoint.chat_id, checkpoint.n)
        look = await self._look(checkpoint.project_id, guest)
        found = await self._parts.workers.run(
            lambda: plan(
                (change for blob in blobs for change in state.from_bytes(blob)),
                look.picture.states,
                overwrite=order.conflicts == "overwrite",
            )
        )
        return found, look

    async def _decided(self, order: Order, found: Plan, look: Look | None = None) -> Report:
        parts, checkpoint = self._parts, order.checkpoint
        safety = NewCheckpoint(
            id=parts.ids.new(),
            project_id=checkpoint.project_id,
            chat_id=checkpoint.chat_id,
            run_id=None,
            kind="safety",
            title="before a rewind" if order.undoes is None else "before a rewind was undone",
            created_at=parts.clock.now(),
        )
        rewind = Rewind(
            id=parts.ids.new(),
            project_id=checkpoint.project_id,
            chat_id=checkpoint.chat_id,
            checkpoint_id=checkpoint.id,
            safety_id=safety.id,
            scope=order.scope,
            created_at=parts.clock.now(),
            undoes=order.undoes,
            plan=await parts.workers.run(lambda: state.to_bytes(found.items)),
        )
        acted, turned = await self._carry_out(rewind, safety, found, look)
        return Report(order, acted.done, acted.kept + found.kept, turned, rewind.id)

    async def take_back(self, chat: Chat, guest: Guest, choose: Choose) -> Chosen:
        """What `choose` finds to be put right, as a rewind of its own: undone by going back to its safety."""
        parts = self._parts
        look = await self._look(chat.project_id, guest)
        chosen = await choose(look)
        if not chosen.items:
            return chosen
        now = parts.clock.now()
        title = "before changes were rejected"
        safety = NewCheckpoint(parts.ids.new(), chat.project_id, chat.id, None, "safety", title, now)
        rewind = Rewind(
            id=parts.ids.new(),
            project_id=chat.project_id,
            chat_id=chat.id,
            checkpoint_id=safety.id,
            safety_id=safety.id,
            scope="files",
            created_at=now,
            plan=await parts.workers.run(lambda: state.to_bytes(chosen.items)),
        )
        acted, _ = await self._carry_out(rewind, safety, Plan(chosen.items, ()), look, chosen.hunks)
        return replace(chosen, kept=acted.kept)

    async def _carry_out(
        self,
        rewind: Rewind,
        safety: NewCheckpoint,
        found: Plan,
        look: Look | None,
        hunks: Sequence[HunkDecision] = (),
    ) -> tuple[Acted, TurnedBack]:
        try:
            await self._parts.store.checkpoints.decide(rewind, safety, hunks)
            reach("rewind.decided")
            acted = Acted((), ())
            if look is not None:
                acted = await act(look.guest, look.vault, look.picture, found.items)
            turned = await self._conclude(rewind, acted, found.kept, hunks)
        except BaseException:  # it stays open and is taken up again, whatever ended it
            self._open[rewind.project_id].append(rewind)
            raise
        return acted, turned

    async def _finish(self, rewind: Rewind, guest: Guest) -> None:
        """Whatever was done of it already."""
        items = await self._parts.workers.run(lambda: state.from_bytes(rewind.plan))
        look = await self._look(rewind.project_id, guest)
        await self._conclude(rewind, await act(guest, look.vault, look.picture, items), ())

    async def _look(self, project_id: str, guest: Guest) -> Look:
        vault = self._parts.vault(project_id)
        picture = self._parts.picture(vault)
        await vault.open()
        await self._parts.look(picture, guest, project_id)
        return Look(guest, vault, picture)

    async def _conclude(
        self, rewind: Rewind, acted: Acted, kept: tuple[Kept, ...], hunks: Sequence[HunkDecision] = ()
    ) -> TurnedBack:
        parts = self._parts
        rejects = rewind.checkpoint_id == rewind.safety_id
        title = "a rewind" if rewind.undoes is None else "a rewind undone"
        title = "changes rejected" if rejects else title
        made = NewCheckpoint(
            id=parts.ids.new(),
            project_id=rewind.project_id,
            chat_id=rewind.chat_id,
            run_id=None,
            kind="rewind",
            title=title,
            created_at=parts.clock.now(),
            files=len(acted.done),
            changes=await parts.workers.run(lambda: state.to_bytes(acted.done)) if acted.done else b"",
            paths=state.decided_on(acted.done),
        )
        checkpoint, turned = await parts.store.checkpoints.conclude(rewind.id, made)
        reach("rewind.concluded")
        stays = (*acted.kept, *kept)
        if rejects:
            await parts.events.append(rewind.chat_id, "changes/decided", telling.rejected(acted, hunks))
            return turned
        data = {
            "rewindId": rewind.id,
            "checkpointId": rewind.checkpoint_id,
            "undoes": rewind.undoes,
            "scope": rewind.scope,
            "files": len(acted.done),
            "paths": [shown(change.path) for change in acted.done[:PATHS_TOLD_MAX]],
            "kept": [{"path": shown(each.path), "why": each.why} for each in stays[:PATHS_TOLD_MAX]],
            "messagesHidden": turned.hidden,
            "messagesShown": turned.shown,
            "presentId": checkpoint.id,
        }
        await parts.events.append(rewind.chat_id, "checkpoint/restored", data)
        if turned.todos is not None:
            await parts.events.append(rewind.chat_id, "todo/changed", todo_data(turned.todos))
        return turned


@asynccontextmanager
async def guest_of(parts: Parts, project_id: str) -> AsyncGenerator[Guest]:
    got = await parts.manager.acquire(project_id, holder=HOLDER)
    if isinstance(got, WorkspaceError):
        raise got.as_failure()
    try:
        yield got.guest
    finally:
        await parts.manager.release(project_id, holder=HOLDER)
