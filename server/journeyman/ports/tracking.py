"""A workspace that is watched all the time and asked only when somebody needs to know what moved."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from journeyman.ports.guest import TreeEntry


class Moved(NamedTuple):
    """Where something happened since the last answer, or since the tracking began."""

    entries: tuple[TreeEntry, ...]
    """What is there now, parents before children."""
    gone: frozenset[bytes]
    """What was there and went, with all below it; what came in its place is in `entries`."""
    lost: bool
    """More happened than could be kept: look at everything."""


class Tracking(Protocol):
    """The whole workspace, watched until it is closed or the workspace goes away. What a process writes
    through a mapping, or through another name of a hard link, is not seen."""

    async def moved(self) -> Moved:
        """Everything that happened before this call and was not told. One call at a time."""
        ...

    def close(self) -> None: ...
