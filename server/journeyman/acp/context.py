"""What a handler gets besides its params."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from journeyman.acp.sessions import Sessions
from journeyman.rpc.calls import Call
from journeyman.rpc.hub import Hub
from journeyman.rpc.peer import Peer

if TYPE_CHECKING:
    from journeyman.rpc.services import Services


@dataclass(frozen=True, slots=True)
class Context:
    call: Call
    peer: Peer
    hub: Hub
    services: Services
    sessions: Sessions
    cancel_prompts: Callable[[str], None]
    """Cancel what the client itself has asked for in a session."""


Handler = Callable[[Context, Any], Awaitable[BaseModel]]


@dataclass(frozen=True, slots=True)
class Method:
    """A request of the client's. Those of the same session begin in the order they came."""

    params: type[BaseModel]
    handle: Handler
