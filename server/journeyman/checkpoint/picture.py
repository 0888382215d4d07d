"""The workspace as it was when it was last looked at, and what differs when it is looked at again.

Looking at all of it is the truth; where a tracking tells what moved, only that is looked at. Every file that
is not too large is in the vault as it was seen, so that it can be put back after somebody changed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from journeyman.checkpoint.state import Change, State, of_entry, same
from journeyman.checkpoint.vault import Vault, quiet
from journeyman.ports.guest import Guest, TreeEntry
from journeyman.ports.tracking import Moved
from journeyman.workspace.archive import tree
from journeyman.workspace.archive.limits import LIMITS
from journeyman.workspace.archive.packs import Content
from journeyman.workspace.archive.scanning import Scan, scan
from journeyman.workspace.archive.workers import Workers

RACY_NS = 2_000_000_000
"""What was written this shortly before it was looked at is read again by the next look at everything."""
Known = Mapping[bytes, tuple[TreeEntry, Content]]


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept of files."""

    file_bytes_max: int
    """Larger ones are not kept."""
    bytes_max: int
    """Of all present files together; beyond it the largest are not kept."""


class Picture:
    def __init__(self, vault: Vault, workers: Workers, keeping: Keeping) -> None:
        self._vault = vault
        self._workers = workers
        self._keeping = keeping
        self.entries: dict[bytes, TreeEntry] = {}
        self.states: dict[bytes, State] = {}
        self.contents: dict[bytes, Content] = {}
        self.racy: set[bytes] = set()
        self.seen: Scan | None = None
        """The last look at everything; None after a look at parts."""
        self._kept_bytes = 0

    async def look(self, guest: Guest, now_ns: int, known: Known | None = None) -> tuple[Change, ...]:
        """Look at everything. `known`: what files held when they looked exactly so."""
        seen = await scan(guest, LIMITS, quiet, xattrs=True)
        entries = await self._workers.run(lambda: seen.entries)
        gone, moved = await self._workers.run(lambda: self._compared(entries))
        changes = await self._advance(guest, gone, moved, known or {})
        self.racy = {entry.path for entry in entries if entry.ctime_ns >= now_ns - RACY_NS}
        self.seen = seen
        return changes

    def _compared(self, entries: Sequence[TreeEntry]) -> tuple[list[bytes], list[TreeEntry]]:
        present = {entry.path for entry in entries}
        gone = [path for path in self.entries if path not in present]
        moved = [e for e in entries if e.path in self.racy or self.entries.get(e.path) != e]
        return gone, moved

    async def take(self, guest: Guest, moved: Moved) -> tuple[Change, ...]:
        """Look where something moved. Nothing may be lost."""
        if not moved.entries and not moved.gone:
            return ()
        self.seen = None
        gone = await self._workers.run(lambda: self._below(moved.gone))
        told = {entry.path for entry in moved.entries}
        return await self._advance(guest, [path for path in gone if path not in told], moved.entries, {})

    def _below(self, gone: frozenset[bytes]) -> list[bytes]:
        """These paths and all below them, as far as they are in the picture."""
        found = [path for path in gone if path in self.entries]
        directories = {path for path in found if self.entries[path].kind == "directory"}
        if directories:
            found += [p for p in self.entries if p not in gone and not directories.isdisjoint(above(p))]
        return found

    async def _advance(
        self, guest: Guest, gone: Iterable[bytes], moved: Iterable[TreeEntry], known: Known
    ) -> tuple[Change, ...]:
        before = {path: self.states.get(path) for path in gone}
        now: dict[bytes, State | None] = dict.fromkeys(before)
        contents: dict[bytes, Content] = {}
        wanted: list[TreeEntry] = []
        entries = {entry.path: entry for entry in moved}
        for path, entry in entries.items():
            before[path] = self.states.get(path)
            remembered = known.get(path)
            if entry.kind != "file" or entry.size > self._keeping.file_bytes_max:
                continue
            if remembered is not None and remembered[0] == entry and self._vault.holds(remembered[1].ids):
                contents[path] = remembered[1]
            else:
                wanted.append(entry)
        room = self._keeping.bytes_max - self._kept_bytes
        room -= sum(content.size for content in contents.values())
        room += sum(self.contents[path].size for path in before if path in self.contents)
        kept = await self._vault.keep(guest, _fitting(wanted, room))
        contents |= kept
        for path, entry in entries.items():
            now[path] = of_entry(entry, contents.get(path))
        return await self._workers.run(lambda: self._settle(before, now, entries, contents))

    def _settle(
        self,
        before: Mapping[bytes, State | None],
        now: Mapping[bytes, State | None],
        entries: Mapping[bytes, TreeEntry],
        contents: Mapping[bytes, Content],
    ) -> tuple[Change, ...]:
        """Make it the picture, once everything is kept: a look that failed has changed nothing."""
        for path in before:
            held = self.contents.pop(path, None)
            self._kept_bytes -= held.size if held is not None else 0
            state = now.get(path)
            if state is None:
                self.entries.pop(path, None)
                self.states.pop(path, None)
                continue
            self.entries[path], self.states[path] = entries[path], state
            if path in contents:
                self.contents[path] = contents[path]
                self._kept_bytes += contents[path].size
        changes = (Change(path, old, now.get(path)) for path, old in before.items())
        return tuple(
            sorted(
                (change for change in changes if not same(change.before, change.after)),
                key=lambda change: tree.order(change.path),
            )
        )


def above(path: bytes) -> Iterable[bytes]:
    """The directories a path lies in, the nearest first."""
    while (at := path.rfind(b"/")) >= 0:
        path = path[:at]
        yield path


def _fitting(entries: Sequence[TreeEntry], room: int) -> list[TreeEntry]:
    """As many as there is room for, the smallest first; in canonical order."""
    chosen: list[TreeEntry] = []
    for entry in sorted(entries, key=lambda entry: entry.size):
        room -= entry.size
        if room < 0:
            break
        chosen.append(entry)
    return sorted(chosen, key=lambda entry: tree.order(entry.path))
