"""The face of this room: the hunks of a chat or a run, and what people decide of them.

The first decision of a hunk counts, whoever makes it; a later one is told what was decided. What was decided
is stored before anything is done, in one transaction with what it leads to. While a run of the chat is at
work a rejection waits for the end of its step.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal

from journeyman.changed import Decision, HunkDecision, NewBase
from journeyman.changes import notes, reading, taking_back
from journeyman.changes.finding import Found, find
from journeyman.changes.listing import Listed, listed
from journeyman.changes.reading import Changed, Hunk
from journeyman.checkpoint.parts import Parts
from journeyman.checkpoint.rewinding import Chosen, Look
from journeyman.checkpoint.service import Checkpoints
from journeyman.checkpoint.state import State, to_text
from journeyman.checkpoint.vault import Vault
from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.records import Chat, Page, Run
from journeyman.workspace.archive.tree import shown

log = logging.getLogger(__name__)

PATHS_TOLD_MAX = 20
QUIET_MAX = 1024
"""Chats it is remembered of that nothing waits in them."""
Outcome = Literal["accepted", "rejected", "rejecting", "conflict", "unknown"]


@dataclass(frozen=True, slots=True)
class Decided:
    hunk_id: str
    outcome: Outcome
    path: bytes | None = None
    message: str = ""
    earlier: bool = False
    """Somebody decided it before; this is what."""


class Changes:
    def __init__(
        self,
        parts: Parts,
        checkpoints: Checkpoints,
        running: Callable[[str], Run | None],
        ended: Callable[[str], Awaitable[Run]],
    ) -> None:
        """`running`: the run at work in a project; `ended` waits for a run's end."""
        self._parts = parts
        self._checkpoints = checkpoints
        self._running = running
        self._ended = ended
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By chat: one decision at a time."""
        self._decided = 0
        """How often something was, or may have been."""
        self._quiet: dict[str, int] = {}
        """Chats in which nothing waited when that was so."""

    async def list(
        self, chat_id: str, *, run_id: str | None = None, cursor: str | None, limit: int
    ) -> Page[Listed]:
        """What is not decided, by path. `run_id`: only what that run had a part in."""
        chat = await self._parts.store.chats.get(chat_id)
        return await listed(self._parts, chat, run_id, cursor, limit)

    async def at(self, project_id: str, path: bytes) -> list[tuple[str, Changed]]:
        """What the chats of a project left undecided of one path."""
        vault = self._parts.vault(project_id)
        await vault.open()
        rows = await self._parts.store.changes.at(project_id, path)
        return [
            (chat_id, await reading.read(vault, entry))
            for chat_id, row in rows
            for entry in reading.entries([row])
        ]

    async def before(self, chat_id: str, path: bytes) -> bytes | None:
        """What changes of one file are counted from; None where it is no text, or not kept."""
        chat = await self._parts.store.chats.get(chat_id)
        changed = next(
            (each for ident, each in await self.at(chat.project_id, path) if ident == chat_id), None
        )
        return None if changed is None or changed.old is None else b"".join(changed.old)

    async def chat_of_run(self, run_id: str) -> str:
        return (await self._parts.store.runs.get(run_id)).chat_id

    async def accept(self, chat_id: str, hunk_ids: Sequence[str], feedback: str = "") -> list[Decided]:
        """From now on they are part of what changes are counted from. Touches no file."""
        chat = await self._parts.store.chats.get(chat_id)
        async with self._deciding(chat_id), self._parts.collecting[chat.project_id]:
            found, vault = await self._find(chat, hunk_ids)
            decisions = self._decisions(found, "accepted", feedback)
            if decisions:
                bases = [each for one in found.chosen for each in await self._bases(vault, *one)]
                await self._parts.store.changes.decide(chat_id, bases, decisions)
                await self._tell(chat_id, decisions)
            return await self._answers(chat_id, hunk_ids, found, decisions, {})

    async def reject(self, chat_id: str, hunk_ids: Sequence[str], feedback: str = "") -> list[Decided]:
        """Take them back in the workspace. `busy` while a run of another chat is at work there."""
        chat = await self._parts.store.chats.get(chat_id)
        if self._running(chat.project_id) is None:
            await self.settle(chat_id)  # what an earlier daemon did not come to
        async with self._deciding(chat_id):
            found, vault = await self._find(chat, hunk_ids)
            decisions = self._decisions(found, "rejected", feedback)
            if not decisions:
                return await self._answers(chat_id, hunk_ids, found, (), {})
            run = self._running(chat.project_id)
            if run is not None:
                return await self._later(chat, run, hunk_ids, found, decisions)
            chosen = await self._checkpoints.take_back(
                chat, lambda look: self._choose(vault, look, chat, found, decisions)
            )
            stuck = await self._stuck(chat_id, chosen, decisions)
            return await self._answers(chat_id, hunk_ids, found, decisions, stuck)

    # -- while a run is at work ----------------------------------------------------------------------

    async def _later(
        self,
        chat: Chat,
        run: Run,
        hunk_ids: Sequence[str],
        found: Found,
        decisions: Sequence[HunkDecision],
    ) -> list[Decided]:
        if run.chat_id != chat.id:
            raise Failure(
                "busy",
                "A run of another chat is at work in this project, and files are not taken back under it.",
                hint="Wait until it is over, or cancel it.",
                retryable=True,
            )
        waiting = [replace(each, decision="rejecting") for each in decisions]
        await self._parts.store.changes.decide(chat.id, (), waiting)
        await self._tell(chat.id, waiting)
        self._parts.supervisor.start(self._after(run.id, chat), name=f"reject after {run.id}")
        return await self._answers(chat.id, hunk_ids, found, waiting, {})

    async def _after(self, run_id: str, chat: Chat) -> None:
        """What the run's last step left waiting."""
        await self._ended(run_id)
        try:
            await self.settle(chat.id)
        except Failure as failure:  # decided it is: the next step of a run, or the next decision, does it
            log.info("rejections in chat %s wait: %s", chat.id, failure.message)

    async def settle(self, chat_id: str, guest: Guest | None = None) -> None:
        """Take back what waits: with the guest of the chat's run between two of its steps, else alone."""
        waiting = await self._parts.store.changes.waiting(chat_id)
        if not any(each.decision == "rejecting" for each in waiting):
            return
        chat = await self._parts.store.chats.get(chat_id)
        async with self._deciding(chat_id):
            waiting = await self._parts.store.changes.waiting(chat_id)
            queued = {each.hunk_id: each for each in waiting if each.decision == "rejecting"}
            found, vault = await find(self._parts, chat_id, chat.project_id, list(queued))
            decisions = [replace(queued[hunk.id], decision="rejected") for hunk in found.hunks]

            def choose(look: Look) -> Awaitable[Chosen]:
                return self._choose(vault, look, chat, found, decisions)

            if not decisions:
                stuck: dict[str, str] = {}
            elif guest is None:
                stuck = _kept(await self._checkpoints.take_back(chat, choose), decisions)
            else:
                for hunk in found.hunks:  # what moves there now is not the agent's doing
                    path = hunk.path.decode("utf-8", "surrogateescape")
                    self._parts.manager.outsiders.file(chat.project_id, path)
                stuck = _kept(await self._checkpoints.take_back_within(chat, guest, choose), decisions)
            missed = [queued[ident] for ident in (*found.missing, *stuck)]
            if missed:
                # The model hears what was said of them all the same.
                lost = [replace(each, decision="conflict", note=notes.missed(each)) for each in missed]
                await self._parts.store.changes.decide(chat_id, (), lost)
                await self._tell(chat_id, lost)

    async def waiting(self, chat_id: str) -> tuple[HunkDecision, ...]:
        """What is to be done, or to be told to the model, at the next step."""
        decided = self._decided
        if self._quiet.get(chat_id) == decided:
            return ()
        waiting = await self._parts.store.changes.waiting(chat_id)
        if not waiting:
            if len(self._quiet) >= QUIET_MAX:
                self._quiet.clear()
            self._quiet[chat_id] = decided
        return waiting

    async def told(self, chat_id: str, decisions: Sequence[HunkDecision]) -> None:
        await self._parts.store.changes.told(chat_id, [each.hunk_id for each in decisions])

    # -- how -----------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _deciding(self, chat_id: str) -> AsyncGenerator[None]:
        async with self._turns[chat_id]:
            try:
                yield
            finally:  # it may have been stored, whatever ended this
                self._decided += 1

    async def _find(self, chat: Chat, hunk_ids: Sequence[str]) -> tuple[Found, Vault]:
        """Without those that are being taken back already: that was decided."""
        waiting = await self._parts.store.changes.waiting(chat.id)
        decided = {each.hunk_id for each in waiting if each.decision == "rejecting"}
        open_ids = [ident for ident in hunk_ids if ident not in decided]
        found, vault = await find(self._parts, chat.id, chat.project_id, open_ids)
        taken = tuple(ident for ident in dict.fromkeys(hunk_ids) if ident in decided)
        return Found(found.chosen, (*found.missing, *taken)), vault

    def _decisions(self, found: Found, decision: Decision, feedback: str) -> list[HunkDecision]:
        now = self._parts.clock.now()
        said = feedback.strip()
        made: list[HunkDecision] = []
        for changed, wanted in found.chosen:
            for hunk in wanted:
                note = notes.note(changed, hunk, decision, "" if made else said)
                made.append(HunkDecision(hunk.id, hunk.path, decision, now, note))
        return made

    async def _bases(self, vault: Vault, changed: Changed, wanted: Sequence[Hunk]) -> list[NewBase]:
        entry = changed.entry
        made = reading.accepted(changed, wanted)
        if isinstance(made, bytes):
            assert entry.base is not None
            assert entry.last is not None
            side = entry.last if any(hunk.kind == "mode" for hunk in wanted) else entry.base
            content = (await vault.keep_made({entry.path: made}))[entry.path]
            made = State("file", side.mode, content.digest, content.size, content.ids, True, side.xattrs)
        text = entry.row.last if made is entry.last else to_text(made)
        bases = [NewBase(entry.path, entry.row.base, text)]
        if entry.source is not None:
            bases.append(NewBase(entry.source.path, entry.source.base, entry.source.last))
        return bases

    async def _choose(
        self, vault: Vault, look: Look, chat: Chat, found: Found, decisions: Sequence[HunkDecision]
    ) -> Chosen:
        rows = await self._parts.store.changes.paths(chat.id)
        planned = await taking_back.plan(look.vault, look.picture.states, found.chosen, rows)
        hunks = tuple(each for each in decisions if each.hunk_id not in planned.stuck)
        return Chosen(planned.ordered(), hunks, planned.stuck)

    async def _stuck(self, chat_id: str, chosen: Chosen, decisions: Sequence[HunkDecision]) -> dict[str, str]:
        """Those that could not be taken back after all: nothing was decided of them."""
        stuck = _kept(chosen, decisions)
        if stuck:
            await self._parts.store.changes.withdraw(chat_id, list(stuck))
        return stuck

    async def _answers(
        self,
        chat_id: str,
        hunk_ids: Sequence[str],
        found: Found,
        decisions: Sequence[HunkDecision],
        stuck: dict[str, str],
    ) -> list[Decided]:
        made = {each.hunk_id: each for each in decisions}
        before = await self._parts.store.changes.decisions(chat_id, found.missing)
        earlier = {each.hunk_id: each for each in before}
        answers: list[Decided] = []
        for ident in dict.fromkeys(hunk_ids):
            if ident in stuck:
                answers.append(Decided(ident, "conflict", made[ident].path, stuck[ident]))
            elif ident in made:
                answers.append(Decided(ident, made[ident].decision, made[ident].path))
            elif ident in earlier:
                old = earlier[ident]
                answers.append(Decided(ident, old.decision, old.path, earlier=True))
            else:
                answers.append(Decided(ident, "unknown", message="There is no such change any more."))
        return answers

    async def _tell(self, chat_id: str, decisions: Sequence[HunkDecision]) -> None:
        paths = dict.fromkeys(shown(each.path) for each in decisions)
        data = {
            "decision": decisions[0].decision,
            "hunkIds": [each.hunk_id for each in decisions],
            "paths": list(paths)[:PATHS_TOLD_MAX],
            "kept": [],
        }
        await self._parts.events.append(chat_id, "changes/decided", data)


def _kept(chosen: Chosen, decisions: Sequence[HunkDecision]) -> dict[str, str]:
    """Hunks that stay, with the reason."""
    stays = {each.path for each in chosen.kept}
    found = dict(chosen.stuck)
    found.update({each.hunk_id: taking_back.CHANGED for each in decisions if each.path in stays})
    return found
