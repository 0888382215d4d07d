"""One connected client as the handlers see it: what it can do, what it follows, how it is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from journeyman.rpc.outbound import Outbound
from journeyman.rpc.outbox import Outbox
from journeyman.rpc.refusals import from_exception

if TYPE_CHECKING:
    from journeyman.rpc.port_watches import PortWatches
    from journeyman.rpc.subscriptions import Subscriptions
    from journeyman.rpc.terminals import PeerTerminals
    from journeyman.rpc.watches import Watches

log = logging.getLogger(__name__)

ProgressToken = int | str


class Peer:
    """Belongs to one connection and ends with it."""

    subscriptions: Subscriptions
    terminals: PeerTerminals
    watches: Watches
    port_watches: PortWatches

    def __init__(
        self,
        name: str,
        outbox: Outbox,
        outbound: Outbound,
        start: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]],
    ) -> None:
        self.name = name
        self.outbox = outbox
        self.outbound = outbound
        self.local = False
        """Whether it runs on this machine as our own user: what it calls a path is one of ours."""
        self.initialized = False
        """Whether the client has sent `initialized`: before it nobody is shown any progress."""
        self.shows_progress = False
        """Whether the client takes `window/workDoneProgress/create`."""
        self.wants_events = False
        """Whether the client opted in to notifications of ours that it did not ask for by name."""
        self.run_by_token: dict[ProgressToken, str] = {}
        """The run behind each progress token that can be cancelled."""
        self._start = start

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification that is never dropped."""
        self.outbox.must(notification(method, params))

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run `work` as long as the connection lasts; what it raises is logged and ends nothing else."""
        return self._start(_guarded(work, name), name)


def notification(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


async def _guarded(work: Coroutine[Any, Any, None], name: str) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - one follower's fault must not end the connection
        log.warning("%s ended: %s", name, from_exception(error, name).message)
