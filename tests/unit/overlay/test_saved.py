"""What was saved in a folder comes into its workspace, and nothing of either side is lost.

The folder is a real one, the guest is made by hand."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from journeyman.changed import FolderFile
from journeyman.failures import Failure, not_found
from journeyman.overlay import saved
from journeyman.overlay.saved import Caught, Saved
from journeyman.project.excludes import DEFAULT
from journeyman.records import Project

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
IN_THE_FUTURE = datetime(2100, 1, 1, tzinfo=UTC)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Workspace:
    """A guest with files, and what is remembered of the folder."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = dict(files)
        self.modes: dict[str, int] = {}
        self.known = {path: FolderFile(path, digest(data), False) for path, data in files.items()}
        self.folders = self
        self.touched: list[str] = []

    async def read(self, path: str, *, limit: int) -> Any:
        if path not in self.files:
            raise not_found("file", path)
        return SimpleNamespace(sha256=digest(self.files[path]))

    async def write(self, path: str, data: bytes, *, expected_sha256: str, mode: int) -> None:
        there = self.files.get(path)
        if expected_sha256 != ("" if there is None else digest(there)):
            raise Failure("conflict", "changed")
        self.files[path] = data
        self.modes[path] = mode

    async def remove(self, path: str, *, recursive: bool) -> None:
        del self.files[path]

    async def every(self, project_id: str) -> dict[str, FolderFile]:
        return dict(self.known)

    async def note(self, project_id: str, written: list[FolderFile], removed: list[str]) -> None:
        self.known |= {each.path: each for each in written}
        for path in removed:
            self.known.pop(path, None)


FILES = {"a.txt": b"one\n", "src/b.py": b"two\n", "c.txt": b"three\n"}


class Desk:
    """A person's folder that was copied into a workspace."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.workspace = Workspace(FILES)
        self.saved = Saved()
        for path, content in FILES.items():
            self.save(path, content)

    def save(self, path: str, content: bytes) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content)

    async def bring(
        self, made: datetime = LONG_AGO, left_out: tuple[str, ...] | None = DEFAULT, source: Any = "folder"
    ) -> Caught:
        project = Project(
            "p",
            "local",
            "p",
            source,
            None,
            cast("Any", None),
            made,
            made,
            folder=str(self.root),
            left_out=left_out,
        )
        inside = cast("Any", self.workspace)
        return await self.saved.bring(inside, project, inside, self.workspace.touched.append)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_nothing_is_brought_where_nothing_was_saved(desk: Desk) -> None:
    assert await desk.bring() == Caught()
    assert desk.workspace.files == FILES
    assert desk.workspace.touched == []


async def test_what_was_changed_made_and_removed_in_the_folder_is_so_in_the_workspace(desk: Desk) -> None:
    desk.save("a.txt", b"uno\n")
    desk.save("new/d.txt", b"four\n")
    (desk.root / "new/d.txt").chmod(0o755)
    (desk.root / "c.txt").unlink()
    assert await desk.bring() == Caught(["a.txt", "c.txt", "new/d.txt"])
    assert desk.workspace.files == {"a.txt": b"uno\n", "src/b.py": b"two\n", "new/d.txt": b"four\n"}
    assert desk.workspace.modes == {"a.txt": 0o644, "new/d.txt": 0o755}
    assert desk.workspace.known["new/d.txt"] == FolderFile("new/d.txt", digest(b"four\n"), True)
    assert desk.workspace.touched == [path for path in ("a.txt", "c.txt", "new/d.txt") for _ in range(2)]
    assert await desk.bring() == Caught()


async def test_a_directory_that_was_renamed_is_found_under_its_new_name(desk: Desk) -> None:
    (desk.root / "src").rename(desk.root / "lib")
    assert await desk.bring() == Caught(["lib/b.py", "src/b.py"])
    assert desk.workspace.files == {"a.txt": b"one\n", "lib/b.py": b"two\n", "c.txt": b"three\n"}


async def test_what_both_sides_changed_stays_as_it_is_and_is_told_once(desk: Desk) -> None:
    desk.save("a.txt", b"uno\n")
    (desk.root / "c.txt").unlink()
    desk.save("d.txt", b"mine\n")
    desk.workspace.files |= {"a.txt": b"ONE\n", "c.txt": b"THREE\n", "d.txt": b"its own\n"}
    before = dict(desk.workspace.files)
    assert await desk.bring() == Caught([], ["a.txt", "c.txt", "d.txt"])
    assert desk.workspace.files == before
    assert (desk.root / "a.txt").read_bytes() == b"uno\n"
    assert await desk.bring() == Caught()


async def test_what_is_taken_back_in_the_workspace_gives_way_to_what_was_saved(desk: Desk) -> None:
    desk.save("a.txt", b"uno\n")
    (desk.root / "c.txt").unlink()
    desk.workspace.files |= {"a.txt": b"ONE\n", "c.txt": b"THREE\n"}
    assert await desk.bring() == Caught([], ["a.txt", "c.txt"])
    desk.workspace.files |= FILES
    assert await desk.bring() == Caught(["a.txt", "c.txt"])
    assert desk.workspace.files == {"a.txt": b"uno\n", "src/b.py": b"two\n"}


async def test_a_file_that_is_made_again_in_the_folder_is_brought_again(desk: Desk) -> None:
    (desk.root / "c.txt").unlink()
    assert await desk.bring() == Caught(["c.txt"])
    desk.save("c.txt", b"three\n")
    assert await desk.bring() == Caught(["c.txt"])
    assert desk.workspace.files == FILES


async def test_what_both_sides_changed_alike_is_the_same_from_then_on(desk: Desk) -> None:
    desk.save("a.txt", b"uno\n")
    desk.workspace.files["a.txt"] = b"uno\n"
    assert await desk.bring() == Caught()
    assert desk.workspace.known["a.txt"].sha256 == digest(b"uno\n")
    desk.save("a.txt", b"eins\n")
    assert await desk.bring() == Caught(["a.txt"])


async def test_what_was_left_out_stays_out(desk: Desk) -> None:
    desk.save("data/big.bin", b"0")
    desk.save("src/.env", b"KEY=1")
    desk.save("env/pyvenv.cfg", b"")
    desk.save("env/x.py", b"")
    desk.save("node_modules/x/index.js", b"")
    assert await desk.bring(left_out=(*DEFAULT, "data")) == Caught()
    assert desk.workspace.files == FILES


async def test_no_link_is_followed(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "secret").write_bytes(b"secret")
    (desk.root / "link").symlink_to(elsewhere / "secret")
    (desk.root / "links").symlink_to(elsewhere)
    (desk.root / "a.txt").unlink()
    (desk.root / "a.txt").symlink_to(elsewhere / "secret")
    os.mkfifo(desk.root / "pipe")
    assert await desk.bring() == Caught()
    assert desk.workspace.files == FILES


async def test_what_was_there_before_the_project_and_not_touched_since_is_not_looked_into(desk: Desk) -> None:
    desk.save("a.txt", b"uno\n")
    assert await desk.bring(IN_THE_FUTURE) == Caught()


@pytest.mark.parametrize(
    "how", [{"left_out": None}, {"source": "empty"}], ids=["nobody knows what was left out", "not a copy"]
)
async def test_other_projects_are_left_alone(desk: Desk, how: dict[str, Any]) -> None:
    desk.save("a.txt", b"uno\n")
    assert await desk.bring(**how) == Caught()


async def test_a_folder_that_is_gone_or_empty_takes_nothing_away(desk: Desk) -> None:
    for path in FILES:
        (desk.root / path).unlink()
    assert await desk.bring() == Caught()
    (desk.root / "src").rmdir()
    desk.root.rmdir()
    assert await desk.bring() == Caught()
    assert desk.workspace.files == FILES


async def test_more_than_one_run_takes_comes_with_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "BROUGHT_MAX", 2)
    for name in ("d", "e", "f"):
        desk.save(name, name.encode())
    assert await desk.bring() == Caught(["d", "e"], later=True)
    assert await desk.bring() == Caught(["f"])


async def test_a_failure_of_one_file_is_not_one_of_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.save("a.txt", b"uno\n")
    desk.save("c.txt", b"tres\n")
    write = desk.workspace.write

    async def failing(path: str, data: bytes, **more: Any) -> None:
        if path == "a.txt":
            raise Failure("conflict", "changed")
        await write(path, data, **more)

    monkeypatch.setattr(desk.workspace, "write", failing)
    assert await desk.bring() == Caught(["c.txt"])
    monkeypatch.undo()
    assert await desk.bring() == Caught(["a.txt"])
