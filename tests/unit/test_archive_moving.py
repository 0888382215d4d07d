"""Files that change while they are archived: never a torn archive, never a silent gap."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from components.archive_guest import FolderGuest
from components.archive_kit import PROJECT, Kit, fill, snapshot
from journeyman.failures import Failure
from journeyman.ports.guest import TreeEntry


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    made = Kit(tmp_path)
    fill(made.source)
    return made


class Meddler(FolderGuest):
    """Changes something each time the tree was read, `times` times."""

    def __init__(self, root: Path, change: str, times: int) -> None:
        super().__init__(root)
        self.folder, self.change, self.left, self.rounds = root, change, times, 0
        self.hook = self._meddle

    async def _meddle(self, call: str) -> None:
        if call == "scan":
            self.rounds += 1
        if call != "scan" or self.rounds % 2 or self.left == 0:
            return  # the second scan of a round is the one that looks whether anything moved
        self.left -= 1
        target = self.folder / "src" / "main.py"
        match self.change:
            case "content":
                target.write_text(f"changed {self.left}")
            case "new":
                (self.folder / f"new-{self.left}").write_text("x")
            case "removed":
                next(p for p in sorted(self.folder.iterdir()) if p.is_file()).unlink()
            case "mode":
                target.chmod(0o600 + self.left)
            case "link":
                (self.folder / "link").unlink()
                (self.folder / "link").symlink_to(f"elsewhere-{self.left}")
            case "mtime":
                os.utime(target, ns=(self.left, self.left))
            case _:
                os.rename(self.folder / "nothing", self.folder / f"n{self.left}")
                os.rename(self.folder / f"n{self.left}", self.folder / "nothing")
                os.rename(self.folder / "empty", self.folder / f"e{self.left}")
                os.mkdir(self.folder / "empty")


CHANGES = ["content", "new", "removed", "mode", "link", "mtime", "renamed"]


@pytest.mark.parametrize("change", CHANGES)
async def test_what_moved_once_is_archived_as_it_is_in_the_end(kit: Kit, change: str) -> None:
    meddler = Meddler(kit.source, change, times=1)
    await kit.archive(meddler)
    assert meddler.left == 0
    assert kit.journal.count("packs_uploaded") == 2
    assert kit.journal.count("tree_unmoved") == 1
    assert snapshot((await kit.restore())[1]) == snapshot(kit.source)


@pytest.mark.parametrize("change", CHANGES)
async def test_what_never_stands_still_is_refused(kit: Kit, change: str) -> None:
    good, tree = await kit.archive(), snapshot(kit.source)
    kit.journal.clear()
    objects = dict(kit.memory.objects)
    with pytest.raises(Failure, match="keep changing") as caught:
        await kit.archive(Meddler(kit.source, change, times=3))
    assert (caught.value.kind, caught.value.retryable) == ("archive_failed", True)
    assert "tree_unmoved" not in kit.journal
    assert objects.items() <= kit.memory.objects.items(), "nothing was deleted or replaced"
    outcome, folder = await kit.restore()
    assert outcome.archive_id == good.archive_id
    assert snapshot(folder) == tree


class Sly(FolderGuest):
    """Writes to a file after it was read, so that nothing about it looks different."""

    def __init__(self, root: Path, times: int) -> None:
        super().__init__(root)
        self.folder, self.left = root, times
        self.first: dict[bytes, TreeEntry] = {}
        self.hook = self._sly

    async def _sly(self, call: str) -> None:
        if call == "scan" and self.first and self.left:
            self.left -= 1
            (self.folder / "src" / "tool.sh").write_text(f"#!/bin/s{self.left}\n")

    def _below(self, prefix: bytes) -> list[TreeEntry]:
        found = super()._below(prefix)
        if not prefix:
            found = [self.first.setdefault(entry.path, entry) for entry in found]
        return found


async def test_a_write_that_cannot_be_seen_is_found_where_files_are_fresh(kit: Kit) -> None:
    sly = Sly(kit.source, times=1)
    await kit.archive(sly)
    assert sly.left == 0
    _, folder = await kit.restore()
    assert (folder / "src" / "tool.sh").read_text() == (kit.source / "src" / "tool.sh").read_text()


class Unreadable(FolderGuest):
    """Answers for one file what an unreadable one gets."""

    async def read_many(self, paths, root="/workspace"):  # type: ignore[no-untyped-def]
        async for piece in super().read_many(paths, root):
            if piece.path == b"src/tool.sh":
                yield type(piece)(piece.path, b"", last=True, error="Permission denied")
            else:
                yield piece


async def test_a_file_that_cannot_be_read_is_named_and_nothing_is_archived(kit: Kit) -> None:
    with pytest.raises(Failure, match=r"src/tool\.sh cannot be read: Permission denied") as caught:
        await kit.archive(Unreadable(kit.source))
    assert caught.value.kind == "archive_failed"
    assert await kit.engine.newest(PROJECT) is None


class Shorter(FolderGuest):
    """Sends less of a file than the scan promised, once."""

    cut = True

    async def read_many(self, paths, root="/workspace"):  # type: ignore[no-untyped-def]
        async for piece in super().read_many(paths, root):
            if piece.path == b"src/tool.sh" and self.cut:
                self.cut = False
                yield type(piece)(piece.path, piece.data[:-1], last=True)
            else:
                yield piece


async def test_a_file_of_another_size_than_scanned_is_read_again(kit: Kit) -> None:
    await kit.clock.advance(10**10)  # long after the files were written: only the size tells
    await kit.archive(Shorter(kit.source))
    assert kit.journal.count("packs_uploaded") == 2
    assert snapshot((await kit.restore())[1]) == snapshot(kit.source)


class Confused(FolderGuest):
    async def read_many(self, paths, root="/workspace"):  # type: ignore[no-untyped-def]
        async for piece in super().read_many(list(reversed(paths)), root):
            yield piece


async def test_a_guest_that_sends_other_files_is_not_believed(kit: Kit) -> None:
    with pytest.raises(Failure) as caught:
        await kit.archive(Confused(kit.source))
    assert caught.value.kind == "workspace_failed"
    assert kit.memory.objects == {}


class Silent(FolderGuest):
    async def read_many(self, paths, root="/workspace"):  # type: ignore[no-untyped-def]
        return
        yield


async def test_a_guest_that_sends_nothing_makes_no_archive(kit: Kit) -> None:
    with pytest.raises(Failure, match="did not send it"):
        await kit.archive(Silent(kit.source))
    assert await kit.engine.newest(PROJECT) is None
