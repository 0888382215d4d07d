"""Durable memory of model calls; a part of `ports.store`."""

from __future__ import annotations

from typing import Protocol

from journeyman.turns import Turn


class TurnStore(Protocol):
    """What runs asked their models. It goes with the chat; prefixes stay."""

    async def add(self, turn: Turn, prefix: str | None = None) -> None:
        """`prefix`: the text behind the turn's digest, where it may be new."""
        ...

    async def of_run(self, run_id: str) -> tuple[Turn, ...]:
        """The run's own, in the order of their steps."""
        ...

    async def explored(self, run_id: str) -> tuple[Turn, ...]:
        """Those with a `call_id`: call by call, each call's in the order of their steps."""
        ...

    async def prefix(self, digest: str) -> str | None: ...
