"""The ports of a workspace as people see them: where programs listen, what is forwarded, what is expected.

Looking is not using: while somebody watches, the guest looks, in whatever workspace is running anyway; none
is brought back for it, and one that comes back is watched again. Knows nothing of the wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from journeyman.failures import Failure
from journeyman.ports.tunnel import ListeningPort
from journeyman.tasks import Supervisor
from journeyman.workspace.errors import WorkspaceError
from journeyman.workspace.forwards import Forwards
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.status import WorkspaceStatus
from journeyman.workspace.transfer import guest_of

ExpectedOf = Callable[[str], Awaitable[tuple[int, ...]]]
"""The ports a project said it will open."""
Listener = Callable[[], None]


@dataclass(frozen=True, slots=True)
class PortFact:
    port: int
    listening: ListeningPort | None
    """None: nothing does, or the workspace is not running."""
    expected: bool
    url: str | None
    """Where it is forwarded to, with the token."""


@dataclass(slots=True, eq=False)
class _Watched:
    """A project somebody watches."""

    listeners: list[Listener] = field(default_factory=list[Listener])
    found: tuple[ListeningPort, ...] = ()
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Ports:
    def __init__(
        self, manager: WorkspaceManager, forwards: Forwards, supervisor: Supervisor, expected_of: ExpectedOf
    ) -> None:
        self._manager = manager
        self._forwards = forwards
        self._supervisor = supervisor
        self._expected_of = expected_of
        self._watched: dict[str, _Watched] = {}
        manager.subscribe(self._changed)
        forwards.subscribe(self._tell)

    async def list(self, project_id: str) -> tuple[PortFact, ...]:
        """What there is now. A frozen workspace goes on for it; one that is not there stays away."""
        status = await self._manager.status(project_id)
        if isinstance(status, WorkspaceError):
            raise status.as_failure()
        found: tuple[ListeningPort, ...] = ()
        if (guest := self._manager.at_hand(project_id)) is not None:
            found = await guest.ports()
        elif status.state == "frozen":
            async with guest_of(self._manager, project_id) as guest:
                found = await guest.ports()
        return await self._facts(project_id, found)

    async def seen(self, project_id: str) -> tuple[PortFact, ...]:
        """What was found last, of a project that is watched."""
        watched = self._watched.get(project_id)
        return await self._facts(project_id, watched.found if watched is not None else ())

    def watch(self, project_id: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` whenever `seen` may say something new; the answer ends that, and with the last
        one the looking."""
        watched = self._watched.setdefault(project_id, _Watched())
        watched.listeners.append(listener)
        if watched.task is None:
            watched.task = self._supervisor.start(
                self._look(project_id, watched), name=f"ports of {project_id}"
            )

        def end() -> None:
            if listener not in watched.listeners:
                return
            watched.listeners.remove(listener)
            if not watched.listeners:
                self._watched.pop(project_id, None)
                if watched.task is not None:
                    watched.task.cancel()

        return end

    async def _look(self, project_id: str, watched: _Watched) -> None:
        while True:
            watched.news.clear()
            guest = self._manager.at_hand(project_id)
            if guest is not None:
                try:
                    async for found in (await guest.watch_ports()).changes():
                        watched.found = found
                        self._tell(project_id)
                except Failure:
                    pass  # the workspace went away; its next state wakes us
                watched.found = ()
                self._tell(project_id)
            await watched.news.wait()

    async def _facts(self, project_id: str, found: tuple[ListeningPort, ...]) -> tuple[PortFact, ...]:
        listening = {each.port: each for each in found}
        urls = self._forwards.urls(project_id)
        expected = frozenset(await self._expected_of(project_id))
        return tuple(
            PortFact(port, listening.get(port), port in expected, urls.get(port))
            for port in sorted({*listening, *urls, *expected})
        )

    def _changed(self, status: WorkspaceStatus) -> None:
        if (watched := self._watched.get(status.project_id)) is not None:
            watched.news.set()

    def _tell(self, project_id: str) -> None:
        if (watched := self._watched.get(project_id)) is not None:
            for listener in tuple(watched.listeners):
                listener()
