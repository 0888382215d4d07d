"""The checkpoints of one run: one before anything, one after each step that changed something.

Looks are taken while the model thinks and are done before the next call that may change files. What moved
between two steps is somebody else's, unless commands of the run were at work and nobody else was. A look that
fails never fails the run: the next one sees what it missed. The run's last look is at everything.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from journeyman.checkpoint import state, telling
from journeyman.checkpoint.parts import Parts
from journeyman.checkpoint.state import Change, same
from journeyman.checkpoint.thinning import thin
from journeyman.failpoints import reach
from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.ports.tracking import Tracking
from journeyman.records import CheckpointKind, NewCheckpoint
from journeyman.workspace.archive import tree

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]
Say = Callable[[str, str], Awaitable[None]]
"""A warning for people: what happened, and what follows."""


class Recorder:
    def __init__(
        self,
        parts: Parts,
        guest: Guest,
        *,
        project_id: str,
        chat_id: str,
        run_id: str,
        at_work: Callable[[], bool],
        say: Say,
    ) -> None:
        """`at_work`: whether commands of the run go on."""
        self._parts = parts
        self._guest = guest
        self._project_id = project_id
        self._chat_id = chat_id
        self._run_id = run_id
        self._at_work = at_work
        self._say = say
        self._vault = parts.vault(project_id)
        self._picture = parts.picture(self._vault)
        self._lock = asyncio.Lock()
        self._work: asyncio.Task[None] | None = None
        """The look in progress; whoever needs the picture waits for it."""
        self._tracking: Tracking | None = None
        self._everything = True
        """Whether the next look must be at everything."""
        self._looked = False
        self._in_step = False
        self._commands_left = False
        """Whether what moves before the next step may be of the last one."""
        self._mark = 0
        self._carried: tuple[Change, ...] = ()
        """The run's changes that no checkpoint has yet."""
        self._told = False

    async def begin(self, *, look: bool) -> None:
        """The run begins: a checkpoint of its start, and with `look` the first look, meanwhile."""
        await self._trying(lambda: self._record("start", "before the run", (), None))
        if look:
            self._start(self._first_look)

    async def before_change(self) -> None:
        """Before a call that may change files; the first of a step waits for the look after the last one."""
        async with self._lock:
            if self._in_step:
                return
            await self.settled()
            await self._trying(self._between)
            self._mark = self._parts.manager.outsiders.mark(self._project_id)
            self._in_step = True

    def after_step(self, message_id: str, title: str, named: Iterable[str]) -> None:
        """The calls of a message are done. `named`: files its calls say they changed."""
        if self._in_step:
            self._in_step = False
            paths = frozenset(path.encode("utf-8", "surrogateescape") for path in named)
            self._start(lambda: self._after(message_id, title, paths))

    async def close(self) -> None:
        """The run is over and its commands are dead: the last look, and what is left to be recorded."""
        await self.settled()
        try:
            if self._looked:
                await self._trying(self._last)
                generation = await self._parts.generation(self._project_id)
                await self._parts.workers.run(
                    lambda: self._parts.memory.remember(self._project_id, generation, self._picture)
                )
        finally:
            if self._tracking is not None:
                self._tracking.close()

    def released(self) -> None:
        """The run has given the workspace back: now there is time to look for room."""
        if self._looked:
            with contextlib.suppress(RuntimeError):  # the daemon is leaving: another time
                self._parts.supervisor.start(
                    thin(self._parts, self._project_id), name=f"thin checkpoints {self._project_id}"
                )

    # -- looks -------------------------------------------------------------------------------------

    async def _between(self) -> None:
        outsiders = self._parts.manager.outsiders
        first = not self._looked
        changes = await self._look()
        touched = outsiders.since(self._project_id, self._mark)
        if not first and (self._commands_left or self._at_work()) and not touched:
            self._carried = merged(self._carried, changes)

    async def _after(self, message_id: str | None, title: str, named: frozenset[bytes]) -> None:
        """Files that calls name are theirs whoever else was at work, unless through us on the same file."""
        touched = self._parts.manager.outsiders.since(self._project_id, self._mark)
        self._commands_left = True  # should this fail, the next look finds what this one missed
        found = await self._look()
        touched_by_now = self._parts.manager.outsiders.since(self._project_id, self._mark)
        self._mark = self._parts.manager.outsiders.mark(self._project_id)
        self._commands_left = self._at_work()

        def doubtful(path: bytes) -> bool:
            if path in named:
                return path in touched.paths or path in touched_by_now.paths
            return touched.has(path) or touched_by_now.has(path)

        if touched or touched_by_now:
            found = tuple(c._replace(sure=not doubtful(c.path)) for c in found)
        self._carried = merged(self._carried, found)
        if self._carried:
            await self._record("step", title, self._carried, message_id)
            self._carried = ()

    async def _last(self) -> None:
        """What nobody has looked at yet, and what only a look at everything finds: that may be anybody's."""
        if self._in_step:  # it was broken off
            await self._after(None, "an unfinished step", frozenset())
        else:
            await self._between()
        self._everything = True
        found = await self._look()
        self._carried = merged(self._carried, [change._replace(sure=False) for change in found])
        if self._carried:
            await self._record("step", "the end of the run", self._carried, None)
            self._carried = ()

    async def _look(self) -> tuple[Change, ...]:
        """What differs from the picture; nothing the first time."""
        if not self._looked:
            await self._first_look()
            return ()
        everything, self._everything = self._everything, True
        if self._tracking is not None:
            try:
                moved = await self._tracking.moved()
            except Failure as failure:
                log.info("run %s: files are not watched any more: %s", self._run_id, failure.message)
                self._tracking = None
            else:
                if not moved.lost and not everything:
                    changes = await self._picture.take(self._guest, moved)
                    self._everything = False
                    return changes
        changes = await self._picture.look(self._guest, self._parts.now_ns())
        self._everything = self._tracking is None
        return changes

    async def _first_look(self) -> None:
        if self._tracking is None:
            try:
                self._tracking = await self._guest.track()
            except Failure as failure:
                log.info("run %s: every look is at everything: %s", self._run_id, failure.message)
        await self._vault.open()
        await self._parts.look(self._picture, self._guest, self._project_id)
        self._looked = True
        self._everything = self._tracking is None

    # -- how ---------------------------------------------------------------------------------------

    def _start(self, work: Work) -> None:
        before = self._work

        async def after_the_last() -> None:
            await asyncio.sleep(0)  # who goes on goes first
            if before is not None and not before.done():
                await asyncio.wait({before})
            await self._trying(work)

        self._work = self._parts.supervisor.start(after_the_last(), name=f"checkpoint {self._run_id}")

    async def settled(self) -> None:
        """Once the look in progress is over."""
        if self._work is not None and not self._work.done():
            await asyncio.wait({self._work})

    async def _trying(self, work: Work) -> None:
        try:
            await work()
        except Exception as error:  # the boundary: a checkpoint never fails the run
            if not isinstance(error, Failure):
                log.exception("run %s: a checkpoint could not be made", self._run_id)
            if not self._told:
                self._told = True
                why = f" {error.message}" if isinstance(error, Failure) else ""
                await self._say(
                    f"A checkpoint could not be made.{why}",
                    "The run goes on; until one can be made its steps cannot be taken back one by one.",
                )

    async def _record(
        self, kind: CheckpointKind, title: str, changes: Sequence[Change], message_id: str | None
    ) -> None:
        parts = self._parts
        made = await parts.store.checkpoints.add(
            NewCheckpoint(
                id=parts.ids.new(),
                project_id=self._project_id,
                chat_id=self._chat_id,
                run_id=self._run_id,
                kind=kind,
                title=title,
                created_at=parts.clock.now(),
                files=len(changes),
                changes=await parts.workers.run(lambda: state.to_bytes(changes)) if changes else b"",
                message_id=message_id,
                paths=state.decided_on(changes),
            )
        )
        reach("checkpoint.recorded")
        await parts.events.append(
            self._chat_id, "checkpoint/made", telling.made(made, changes), run_id=self._run_id
        )


def merged(one: Sequence[Change], two: Sequence[Change]) -> tuple[Change, ...]:
    """Both, one after the other."""
    if not one:
        return tuple(two)
    found = {change.path: change for change in one}
    for change in two:
        before = found.get(change.path)
        if before is not None:
            joined = same(before.after, change.before)
            change = Change(change.path, before.before, change.after, before.sure and change.sure and joined)
        found[change.path] = change
    kept = (change for change in found.values() if not same(change.before, change.after))
    return tuple(sorted(kept, key=lambda change: tree.order(change.path)))
