"""One look at a whole workspace: what the guest told, read only where somebody needs to know.

Two looks are compared as bytes first; a tree that did not move is never taken apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from journeyman.failures import Failure
from journeyman.guest.frames import attribute_records, tree_entries
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
    def told(self) -> list[TreeEntry]:
        """In the guest's order."""
        return list(tree_entries(self.records, self.attributes))

    @cached_property
    def entries(self) -> list[TreeEntry]:
        """In canonical order."""
        return sorted(self.told, key=lambda entry: tree.order(entry.path))

    @cached_property
    def files(self) -> list[TreeEntry]:
        return [entry for entry in self.entries if entry.kind == "file"]

    @property
    def opened(self) -> bool:
        """Whether looking at it changed it: what its owner may not read is opened for that."""
        return any(not tree.readable(entry) for entry in self.told)

    def completed(self, before: Iterable[TreeEntry], since_ns: int) -> Scan | None:
        """This scan, which has the attributes of what changed at `since_ns` or later, with those of `before`
        for what did not change; None where some entry is neither (its directory was moved)."""
        was = {entry.path: entry for entry in before}
        told: list[TreeEntry] = []
        for entry in self.told:
            known = was.get(entry.path)
            if known is not None and known[:9] == entry[:9]:
                told.append(known)
            elif entry.ctime_ns >= since_ns:
                told.append(entry)
            else:
                return None
        whole = Scan(self.records, attribute_records(told))
        whole.told = told
        return whole

    def moved_to(self, other: Scan) -> bool:
        """Attributes need no look of their own: changing one sets the ctime."""
        return self.records != other.records and tree.moved(self.entries, other.entries)


async def scan(
    guest: Guest, limits: Limits, report: OnProgress, *, xattrs: bool, since_ns: int | None = None
) -> Scan:
    """`xattrs` and `since_ns` as for `Guest.look`. Raises `archive_failed` when there is more than an archive
    may hold."""
    bytes_max = min(limits.entries * limits.path_bytes, LOOK_BYTES_MAX)
    try:
        found = Scan(*await guest.look(ROOT, xattrs=xattrs, since_ns=since_ns, bytes_max=bytes_max))
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
