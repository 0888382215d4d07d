"""One workspace archived twice over: as it is done, and with nothing carried over from the archive before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from components.archive_guest import FolderGuest
from components.archive_kit import PROJECT, fill, snapshot
from journeyman.testing.clock import CountingIds, FakeClock
from journeyman.testing.objects import MemoryObjects
from journeyman.workspace.archive import amending, commit, remembered
from journeyman.workspace.archive.amending import Amendment
from journeyman.workspace.archive.engine import ArchiveEngine
from journeyman.workspace.archive.limits import LIMITS, Limits
from journeyman.workspace.archive.outcomes import ArchiveOutcome, JournalStep

LATER = timedelta(seconds=120)


class BrokenOffError(Exception):
    """The daemon came no further."""


class Twice:
    """One workspace, archived as it is done, and from the same beginnings with nothing carried over."""

    def __init__(self, base: Path, guest: type[FolderGuest] = FolderGuest, limits: Limits = LIMITS) -> None:
        self.base, self.source, self.limits = base, base / "source", limits
        self.source.mkdir()
        self.clock = FakeClock(datetime.now(UTC) + LATER)
        self.sides = {
            kind: (MemoryObjects(), base / f"cache-{kind}", CountingIds()) for kind in ("new", "old")
        }
        self.guests = {kind: guest(self.source) for kind in self.sides}
        self.journal: list[str] = []
        self.breaks_at: JournalStep | None = None
        self.carried: list[Amendment | None] = []
        """Of each archive after the first, what was carried over."""

    async def archive(self, *, alike: bool = True) -> ArchiveOutcome:
        outcomes: list[ArchiveOutcome] = []
        for kind, (objects, cache, ids) in self.sides.items():
            engine = ArchiveEngine(objects, clock=self.clock, ids=ids, cache=cache, limits=self.limits)
            with patch.object(commit, "amendment", self._ask if kind == "new" else lambda *_: None):
                outcomes.append(
                    await engine.archive(
                        PROJECT,
                        self.guests[kind].as_guest(),
                        epoch=1,
                        journal=self._note,
                        generation=1,
                    )
                )
        new, old = outcomes
        assert new.digest == old.digest
        if alike:
            assert self.objects == self.sides["old"][0].objects
            assert new == old
        return new

    async def _note(self, step: str) -> None:
        self.journal.append(step)
        if step == self.breaks_at:
            raise BrokenOffError(step)

    def _ask(self, *args: Any) -> Amendment | None:
        self.carried.append(amending.amendment(*args))
        return self.carried[-1]

    @property
    def objects(self) -> dict[str, bytes]:
        return self.sides["new"][0].objects

    def cache(self, kind: str) -> remembered.Remembered:
        found = remembered.decode((self.sides[kind][1] / f"{PROJECT}.stat").read_bytes(), PROJECT, 1)
        assert found is not None
        return found

    async def same_again(self) -> None:
        """What is remembered is as good."""
        new, old = self.cache("new"), self.cache("old")
        assert new.known() == old.known()
        assert (new.whole(), new.note.skipped) == (old.whole(), old.note.skipped)
        assert new.note.newest_ns >= old.note.newest_ns

    async def restored(self, seq: int) -> dict[bytes, tuple[object, ...]]:
        folder = self.base / f"restored-{seq}"
        folder.mkdir()
        engine = ArchiveEngine(self.sides["new"][0], clock=self.clock, ids=CountingIds())
        await engine.restore(PROJECT, FolderGuest(folder).as_guest())
        return snapshot(folder)


def twice_of_many(base: Path) -> Twice:
    made = Twice(base)
    fill(made.source)
    for folder in ("lib", "lib/deep", "lib-2"):
        (made.source / folder).mkdir()
        for name in ("a", "b.c", "b", "\N{SNOWMAN}", 'q"],["f","x'):
            (made.source / folder / name).write_text(folder + name)
    return made
