"""One look at a whole workspace: what the guest told, read only where somebody needs to know.

Two looks are compared as bytes first; a tree that did not move is never taken apart.
"""

from __future__ import annotations

from functools import cached_property

from journeyman.failures import Failure
from journeyman.guest.frames import tree_entries
from journeyman.ports.guest import Guest, TreeEntry
from journeyman.workspace.archive import tree
from journeyman.workspace.archive.limits import Limits
from journeyman.workspace.archive.outcomes import ArchiveProgress, OnProgress

ROOT = "/workspace"
RECORD_BYTES_LEAST = 40
LOOK_BYTES_MAX = 1 << 30


class Scan:
    def __init__(self, records: bytes, attributes: bytes) -> None:
        self.records = records
        self.attributes = attributes

    @cached_property
    def entries(self) -> list[TreeEntry]:
        """In canonical order."""
        found = list(tree_entries(self.records, self.attributes))
        found.sort(key=lambda entry: tree.order(entry.path))
        return found

    @cached_property
    def files(self) -> list[TreeEntry]:
        return [entry for entry in self.entries if entry.kind == "file"]

    def moved_to(self, other: Scan) -> bool:
        """Attributes need no look of their own: changing one sets the ctime."""
        return self.records != other.records and tree.moved(self.entries, other.entries)


async def scan(guest: Guest, limits: Limits, report: OnProgress, *, xattrs: bool) -> Scan:
    """Raises `archive_failed` when there is more than an archive may hold."""
    bytes_max = min(limits.entries * limits.path_bytes, LOOK_BYTES_MAX)
    try:
        found = Scan(*await guest.look(ROOT, xattrs=xattrs, bytes_max=bytes_max))
    except Failure as failure:
        if failure.kind != "invalid":
            raise
        raise too_much(f"it has more than {limits.entries} entries") from failure
    if len(found.records) > limits.entries * RECORD_BYTES_LEAST and len(found.entries) > limits.entries:
        raise too_much(f"it has more than {limits.entries} entries")
    report(ArchiveProgress("scan", 0, 0, 0, 0))
    return found


def too_much(why: str) -> Failure:
    return Failure(
        "archive_failed",
        f"This workspace cannot be archived: {why}.",
        hint="Remove or move what is named, then archive again; the workspace was kept.",
    )
