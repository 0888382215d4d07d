"""Ports of workspaces that are open on this machine: which there are, how many, and when they end.

A forward belongs to the project and not to the client that asked for it; it ends when it is taken back, and
when the workspace goes away. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

from journeyman.failures import Failure
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.gateway import Gateway, Secrets
from journeyman.records import WorkspaceState
from journeyman.redaction import register_secret
from journeyman.tasks import Supervisor
from journeyman.workspace.forward import Forward
from journeyman.workspace.manager import WorkspaceManager
from journeyman.workspace.status import WorkspaceStatus
from journeyman.workspace.transfer import guest_of

HOLD_S = 300.0
"""Since the last byte either way."""
PER_PROJECT_MAX = 32
TUNNELS_MAX = 128
"""Connections into one workspace at once, so that enough of the guest's calls are left for others."""
GONE: frozenset[WorkspaceState] = frozenset({"cold", "creating", "restoring", "warm", "archived"})
"""States in which no program of before can listen any more."""


class Forwards:
    def __init__(
        self,
        manager: WorkspaceManager,
        gateway: Gateway,
        supervisor: Supervisor,
        clock: Clock,
        ids: Ids,
        *,
        hold_s: float = HOLD_S,
    ) -> None:
        self.manager = manager
        self.supervisor = supervisor
        self._gateway = gateway
        self.clock = clock
        self._ids = ids
        self._hold_s = hold_s
        self._open: dict[str, dict[int, Forward]] = {}
        self._opening = asyncio.Lock()
        self._tunnels: Counter[str] = Counter()
        self._listeners: list[Callable[[str], None]] = []
        self._forget = manager.subscribe(self._changed)

    @property
    def in_use(self) -> bool:
        """Whether anybody looks at a preview, or did a moment ago."""
        return any(each.in_use for each in self._all())

    def urls(self, project_id: str) -> dict[int, str]:
        return {port: each.url for port, each in self._open.get(project_id, {}).items()}

    def subscribe(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with a project's id whenever its forwards change. It must not block."""
        self._listeners.append(listener)

    async def open(self, project_id: str, port: int) -> tuple[Forward, bool]:
        """The forward of this port, and whether it was made now. Gets the workspace however it can be had."""
        async with guest_of(self.manager, project_id), self._opening:
            if (known := self._open.get(project_id, {}).get(port)) is not None:
                return known, False
            if len(self._open.get(project_id, {})) >= PER_PROJECT_MAX:
                raise Failure(
                    "overloaded",
                    f"The project has {PER_PROJECT_MAX} ports forwarded.",
                    hint="Take one back with workspace/unforward.",
                )
            secrets = Secrets(self._ids.token(), self._ids.token())
            for secret in (secrets.token, secrets.cookie):
                register_secret(secret)
            forward = Forward(self, project_id, port, hold_s=self._hold_s)
            forward.entrance = await self._gateway.open(forward.dial, secrets)
            self._open.setdefault(project_id, {})[port] = forward
        self._tell(project_id)
        return forward, True

    def close(self, project_id: str, port: int) -> None:
        """Take one back. Where there is none: nothing."""
        forwards = self._open.get(project_id, {})
        if (forward := forwards.pop(port, None)) is not None:
            if not forwards:
                del self._open[project_id]
            forward.close()
            self._tell(project_id)

    def close_all(self) -> None:
        """The daemon is leaving."""
        self._forget()
        self._listeners.clear()
        for forward in self._all():
            self.close(forward.project_id, forward.port)

    def count(self, project_id: str, change: int) -> None:
        """Of tunnels into a workspace; a `Failure` where one more is too many."""
        if change > 0 and self._tunnels[project_id] >= TUNNELS_MAX:
            raise Failure(
                "overloaded",
                f"The previews of this project have {TUNNELS_MAX} connections open.",
                hint="Close some tabs and try again.",
                retryable=True,
            )
        self._tunnels[project_id] += change
        if not self._tunnels[project_id]:
            del self._tunnels[project_id]

    def _all(self) -> list[Forward]:
        return [each for forwards in self._open.values() for each in forwards.values()]

    def _changed(self, status: WorkspaceStatus) -> None:
        if status.state in GONE:
            for port in tuple(self._open.get(status.project_id, ())):
                self.close(status.project_id, port)

    def _tell(self, project_id: str) -> None:
        for listener in tuple(self._listeners):
            listener(project_id)
