"""Commands on the daemon's own machine: only what the user's own configuration names, never a workspace's."""

from __future__ import annotations

from typing import Protocol

from journeyman.ports.guest import Finished


class HostCommands(Protocol):
    async def run(self, command: str, *, stdin: bytes, timeout_s: float, output_bytes_max: int) -> Finished:
        """A shell line with a small environment that holds no keys. At the timeout all of it is killed; so
        it is when the caller is cancelled. Raises `not_found` where there is no shell."""
        ...
