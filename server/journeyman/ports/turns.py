"""Durable memory of model calls; a part of `ports.store`."""

from __future__ import annotations

from typing import Protocol

from journeyman.ports.writes import Write
from journeyman.turns import Turn


class TurnStore(Protocol):
    """What runs asked their models. It goes with the chat; prefixes stay."""

    def add(self, turn: Turn, prefix: str | None = None) -> Write[None]:
        """`prefix`: the text behind the turn's digest, where it may be new. Handed over when this returns,
        stored once the future is done."""
        ...

    async def of_run(self, run_id: str) -> tuple[Turn, ...]:
        """The run's own, in the order of their steps."""
        ...

    async def explored(self, run_id: str) -> tuple[Turn, ...]:
        """Those with a `call_id`: call by call, each call's in the order of their steps."""
        ...

    async def prefix(self, digest: str) -> str | None: ...
