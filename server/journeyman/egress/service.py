"""Answers the connections of every workspace at hand, as long as the daemon is connected to its guest.

One task per guest, and one per connection below it: they end with the connection to the guest. Whose turn
it is when two daemons are connected is the guest's affair: the one that came last.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from journeyman.egress.policy import Policy, Refused
from journeyman.egress.proxy import Limits, Proxy
from journeyman.egress.refusals import Listening, Refusals, Tell
from journeyman.failures import Failure
from journeyman.ports.clock import Clock
from journeyman.ports.dialer import Dialer
from journeyman.ports.guest import Guest
from journeyman.ports.tunnel import Knock
from journeyman.tasks import Supervisor

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Count:
    open: int = 0
    total: int = 0


class Egress:
    def __init__(
        self,
        policy: Policy,
        dialer: Dialer,
        *,
        clock: Clock,
        supervisor: Supervisor,
        listening: Listening,
        tell: Tell,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._proxy = Proxy(policy, dialer, clock, self._limits)
        self._clock = clock
        self._supervisor = supervisor
        self._listening = listening
        self._tell = tell
        self._open = 0

    def attend(self, project_id: str, guest: Guest) -> None:
        """Answer this guest's connections from now on. Returns at once."""
        self._supervisor.start(self._attend(project_id, guest), name=f"egress {project_id}")

    async def _attend(self, project_id: str, guest: Guest) -> None:
        count = _Count()
        refusals = Refusals(project_id, self._clock, self._listening, self._tell)
        try:
            way_out = await guest.way_out()
            try:
                async with asyncio.TaskGroup() as group:
                    try:
                        async for knock in way_out.knocks():
                            if why := self._full(count):
                                knock.turn_away()
                                await self._told(refusals, Refused(why, project_id, 503))
                            else:
                                count.open, count.total = count.open + 1, count.total + 1
                                self._open += 1
                                group.create_task(self._one(knock, count, refusals))
                        log.info("project %s: its connections are answered by another daemon", project_id)
                    except Failure as failure:  # those that are open end by themselves
                        log.debug("project %s: no way out any more: %s", project_id, failure.message)
            finally:
                way_out.close()
        except Failure as failure:
            log.warning("project %s has no way out: %s", project_id, failure.message)
        finally:
            refusals.sum_up()

    def _full(self, count: _Count) -> str | None:
        if count.total >= self._limits.connections_total:
            return f"The workspace has opened {count.total} connections, which is the most"
        if count.open >= self._limits.connections:
            return f"The workspace has {count.open} connections open, which is the most"
        if self._open >= self._limits.connections_all:
            return f"All workspaces together have {self._open} connections open, which is the most"
        return None

    async def _one(self, knock: Knock, count: _Count, refusals: Refusals) -> None:
        refused: Refused | None = None
        try:
            tunnel = await knock.accept()
            try:
                refused = await self._proxy.serve(tunnel)
            finally:
                tunnel.close()
        except Failure as failure:
            log.debug("a connection ended early: %s", failure.message)
        except Exception:  # the boundary: one connection must not end the others
            log.exception("a connection failed")
        finally:
            count.open, self._open = count.open - 1, self._open - 1
        if refused is not None:
            await self._told(refusals, refused)

    async def _told(self, refusals: Refusals, refused: Refused) -> None:
        try:
            await refusals.note(refused)
        except Failure as failure:
            log.warning("a refusal could not be told: %s", failure.message)
