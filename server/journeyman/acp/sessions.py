"""The sessions one client has open: chats it is told of, one follower each.

A session is a chat; opening it costs a subscription, closing it ends that. The chat itself, its run and its
workspace belong to the daemon and know nothing of it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from journeyman.acp.mapping import Mapper
from journeyman.acp.options import Choices
from journeyman.acp.paths import Paths
from journeyman.extensions.prompt_files import Command
from journeyman.failures import Failure
from journeyman.rpc.peer import Peer

if TYPE_CHECKING:
    from journeyman.chat.event_log import EventLog
    from journeyman.chat.subscription import Subscription

SESSIONS_MAX = 256
"""Most sessions one connection may have open."""
OVER_MAX = 64


@dataclass(slots=True)
class Session:
    id: str
    project_id: str
    paths: Paths
    choices: Choices
    mapper: Mapper
    peer: Peer
    title: str
    writes: bool = False
    """Whether changes are brought to the folder without asking again."""
    notices: list[str] = field(default_factory=list[str])
    """What is to be told at the next prompt."""
    commands: tuple[Command, ...] = ()
    """Prompt files, as the client was told."""
    subscription: Subscription | None = None
    _task: asyncio.Task[None] | None = None
    _over: OrderedDict[str, asyncio.Event] = field(default_factory=OrderedDict[str, asyncio.Event])

    def tell(self, update: BaseModel) -> None:
        """Send an update; it is never dropped."""
        self.peer.notify("session/update", {"sessionId": self.id, "update": wire(update)})

    def follow(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self._task = self.peer.start(self._pump(subscription), f"session {self.id}")

    async def _pump(self, subscription: Subscription) -> None:
        try:
            async for event in subscription:
                for update in self.mapper.updates(event):
                    self.tell(update)
                if event.kind == "run/finished" and event.run_id is not None:
                    self._passed(event.run_id).set()
                # A reader that is slow is waited for: the log keeps what comes meanwhile.
                await self.peer.outbox.room()
        finally:
            subscription.close()

    async def told_of(self, run_id: str) -> None:
        """Wait until everything of a run has been sent; the end of the session ends the wait."""
        waiting = self._passed(run_id).wait()
        if self._task is None or self._task.done():
            waiting.close()
            return
        async with asyncio.TaskGroup() as tasks:
            passed = tasks.create_task(waiting)
            await asyncio.wait({passed, self._task}, return_when=asyncio.FIRST_COMPLETED)
            passed.cancel()

    def _passed(self, run_id: str) -> asyncio.Event:
        event = self._over.setdefault(run_id, asyncio.Event())
        while len(self._over) > OVER_MAX:
            self._over.popitem(last=False)
        return event

    def close(self) -> None:
        if self.subscription is not None:
            self.subscription.close()
        if self._task is not None:
            self._task.cancel()


class Sessions:
    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._open: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._open

    def get(self, session_id: str) -> Session:
        """Raises `not_found` for one that is not open on this connection."""
        found = self._open.get(session_id)
        if found is None:
            raise Failure(
                "not_found",
                f"No session {session_id[:80]!r} is open here.",
                hint="Open it with session/new, session/load or session/resume.",
                data={"sessionId": session_id},
            )
        return found

    def check_room(self, session_id: str | None = None) -> None:
        """Raises `overloaded` where another one would be too many."""
        if session_id not in self._open and len(self._open) >= SESSIONS_MAX:
            raise Failure(
                "overloaded", f"This connection has {SESSIONS_MAX} sessions open.", hint="Close one of them."
            )

    def open(self, session: Session, *, after: int) -> None:
        """Tell the client of events with seq > `after`; a session that was open already begins anew."""
        self.drop(session.id)
        self._open[session.id] = session
        session.follow(self._events.subscribe(session.id, after=after))

    def drop(self, session_id: str) -> None:
        session = self._open.pop(session_id, None)
        if session is not None:
            session.close()

    def close(self) -> None:
        for session_id in list(self._open):
            self.drop(session_id)


def wire(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)
