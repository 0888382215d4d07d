"""Resolving names and dialling addresses, for connections that leave a workspace.

Two steps, so that what was resolved can be looked at before anything is dialled, and what is dialled is
what was looked at. An adapter judges nothing. Both raise `Failure`: `not_found` for a name without an
address, `timeout`, `workspace_failed` for what cannot be reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Stream(Protocol):
    """Bytes both ways; `ports.guest.Tunnel` is one too. Each side may end its half."""

    async def receive(self) -> bytes | None:
        """The next bytes; None at the end. Raises Failure where it broke off."""
        ...

    async def send(self, data: bytes) -> None:
        """Returns when the other side took it, but for a bounded rest."""
        ...

    def end(self) -> None:
        """Nothing more comes from our side."""
        ...

    def close(self) -> None:
        """Let go of both halves. Again: nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """An address a name leads to."""

    address: str
    ours: bool = False
    """Whether it is one of this machine's own."""


class Dialer(Protocol):
    async def resolve(self, host: str) -> tuple[Found, ...]:
        """Every address of a name, in the order they should be tried; no search in local domains. An
        address is its own."""
        ...

    async def dial(self, addresses: Sequence[str], port: int) -> Stream:
        """The first of these addresses that answers. Nothing is resolved."""
        ...
