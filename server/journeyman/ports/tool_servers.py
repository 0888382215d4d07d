"""Servers of tools the user's configuration names, spoken to over the Model Context Protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from journeyman.ports.guest import Guest


@dataclass(frozen=True, slots=True)
class ServerSpec:
    name: str
    command: tuple[str, ...] = ()
    """A program that speaks over its standard input and output; empty where there is a `url`."""
    url: str = ""
    """Streamable HTTP; always outside."""
    outside: bool = False
    """On the daemon's machine; otherwise in the workspace, through its guest."""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    timeout_s: float = 60.0
    """For one call."""
    start_s: float = 60.0
    """Until it has begun: some are downloaded first."""


@dataclass(frozen=True, slots=True)
class RemoteTool:
    name: str
    description: str
    parameters: Mapping[str, Any]
    """JSON Schema, as the server says it."""


@dataclass(frozen=True, slots=True)
class RemoteResult:
    text: str
    ok: bool


class ToolServer(Protocol):
    """Whatever it says is bounded here, and none of it is to be trusted."""

    async def list(self) -> Sequence[RemoteTool]:
        """Raises `Failure` where it does not answer as it should."""
        ...

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> RemoteResult:
        """Has no deadline of its own. Raises `Failure` where the server is gone or refuses the call."""
        ...


class ToolServers(Protocol):
    def connect(self, spec: ServerSpec, guest: Guest) -> AbstractAsyncContextManager[ToolServer]:
        """A connection for as long as the block, entered and left by one task. Raises `Failure`."""
        ...
