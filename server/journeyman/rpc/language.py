"""The seam for a second protocol on the same sockets, told apart by its first byte.

`connection` owns bytes, deadlines and tasks whoever speaks; a language says how bytes become messages and
what is answered to them. Here are only the shapes: the language itself lives in a room of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from journeyman.rpc.auth import Gate
from journeyman.rpc.calls import Calls, Ident
from journeyman.rpc.framing import Frame, Stage
from journeyman.rpc.hub import Hub
from journeyman.rpc.limits import Limits
from journeyman.rpc.outbox import Outbox
from journeyman.rpc.peer import Peer
from journeyman.rpc.refusals import Refusal


class Decoder(Protocol):
    @property
    def stage(self) -> Stage: ...

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Every message that `data` completes. Raises `FramingError` or `Unauthorized` once; nothing
        follows that."""
        ...


class Conversation(Protocol):
    """One client's requests and their answers."""

    peer: Peer
    calls: Calls

    @property
    def token_may_follow(self) -> bool:
        """Whether a peer that has not shown its token yet may do so in its next message."""
        ...

    def receive(self, value: Any) -> None:
        """One parsed JSON value. Never raises, never waits."""
        ...

    def refuse(self, ident: Ident | None, refusal: Refusal) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Ends:
    """What a connection lends to the conversation on it."""

    name: str
    hub: Hub
    limits: Limits
    gate: Gate
    outbox: Outbox
    start: Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]
    leave: Callable[[str], None]
    local: bool


class Lines(Protocol):
    """A protocol whose every message is one line that begins with '{'."""

    def decoder(self, limits: Limits, gate: Gate) -> Decoder: ...

    def frame(self, body: bytes) -> bytes: ...

    async def begin(self, ends: Ends) -> Conversation: ...
