"""One connected client as the handlers see it: what it can do, what it follows, how it is told."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from journeyman.rpc.capabilities import ClientCan
from journeyman.rpc.outbound import Outbound
from journeyman.rpc.outbox import Outbox
from journeyman.rpc.refusals import from_exception

if TYPE_CHECKING:
    from journeyman.rpc.edits import Document, OpenDocument
    from journeyman.rpc.plain.editor import Editor
    from journeyman.rpc.port_watches import PortWatches
    from journeyman.rpc.questions import PeerQuestions
    from journeyman.rpc.subscriptions import Subscriptions
    from journeyman.rpc.terminals import PeerTerminals
    from journeyman.rpc.watches import Watches

log = logging.getLogger(__name__)

ProgressToken = int | str


class Peer:
    """Belongs to one connection and ends with it."""

    subscriptions: Subscriptions
    questions: PeerQuestions
    terminals: PeerTerminals
    watches: Watches
    port_watches: PortWatches
    editor: Editor

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
        self.can = ClientCan()
        self.position_encoding = "utf-16"
        self.document: Document = _no_document
        """The open document behind a URI, as the client has it."""
        self.run_by_token: dict[ProgressToken, str] = {}
        """The run behind each progress token that can be cancelled."""
        self.waits_for: Counter[str] = Counter()
        """Runs whose end a request of this client waits for."""
        self._start = start

    @property
    def who(self) -> str:
        """What people call this client."""
        return self.can.name or self.name

    def notify(self, method: str, params: dict[str, Any]) -> None:
        """Send a notification that is never dropped, unless this client does not want it."""
        if method not in self.can.opted_out:
            self.outbox.must(notification(method, params))

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run `work` as long as the connection lasts; what it raises is logged and ends nothing else."""
        return self._start(_guarded(work, name), name)


def _no_document(uri: str) -> OpenDocument | None:
    return None


def notification(method: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params}


async def _guarded(work: Coroutine[Any, Any, None], name: str) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - one follower's fault must not end the connection
        log.warning("%s ended: %s", name, from_exception(error, name).message)
