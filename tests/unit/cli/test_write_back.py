"""Write-back: the agent's changes reach the folder, and nothing else does."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from journeyman.cli import copy_in
from journeyman.cli.changes import find_changes
from journeyman.failures import Failure
from journeyman.folder.change import Change, Copied
from journeyman.folder.inside import sha256
from journeyman.folder.write_back import Written, write_back
from journeyman.project.excludes import Excludes
from unit.cli.folders import DictWorkspace


def added(path: str, content: bytes = b"new", executable: bool = False) -> Change:
    return Change(path, "added", None, executable, content, len(content))


def modified(path: str, was: bytes, content: bytes = b"new", executable: bool = False) -> Change:
    return Change(path, "modified", Copied(sha256(was), False), executable, content, len(content))


def removed(path: str, was: bytes) -> Change:
    return Change(path, "removed", Copied(sha256(was), False), False, None)


def everything(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): "link" if path.is_symlink() else path.read_text()
        for path in sorted(root.rglob("*"))
        if not path.is_dir() or path.is_symlink()
    }


async def test_a_round_trip_finds_and_writes_exactly_what_changed(tmp_path: Path) -> None:
    for name, content in {"same": "s", "edit": "old", "gone": "g", "d/deep": "old"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    workspace = DictWorkspace()
    found = copy_in.survey(tmp_path, Excludes())
    copied = await copy_in.copy_in(workspace.request, "p", tmp_path, found)
    workspace.files["edit"] = (b"new", False)
    workspace.files["d/deep"] = (b"old", True)
    workspace.files["n/e/w"] = (b"#!/bin/sh\n", True)
    workspace.files["d/__pycache__/deep.pyc"] = (b"cache", False)
    del workspace.files["gone"]

    changes = await find_changes(workspace.request, "p", copied, Excludes())
    assert [(c.path, c.kind) for c in changes] == [
        ("d/deep", "modified"),
        ("edit", "modified"),
        ("gone", "removed"),
        ("n/e/w", "added"),
    ]
    outcome = write_back(tmp_path, changes, delete=True)
    assert outcome == Written(written=["d/deep", "edit", "n/e/w"], removed=["gone"])
    assert everything(tmp_path) == {"same": "s", "edit": "new", "d/deep": "old", "n/e/w": "#!/bin/sh\n"}
    assert os.access(tmp_path / "d/deep", os.X_OK)
    assert os.access(tmp_path / "n/e/w", os.X_OK)


async def test_a_file_that_is_not_what_was_listed_is_refused() -> None:
    workspace = DictWorkspace()
    workspace.files["a"] = (b"listed", False)

    async def changing(method: str, params: dict[str, object]) -> dict[str, object]:
        answer = await workspace.request(method, params)
        workspace.files["a"] = (b"moved on", False)
        return answer

    with pytest.raises(Failure, match="changed in the workspace"):
        await find_changes(changing, "p", {}, Excludes())


def test_without_delete_a_removed_file_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    outcome = write_back(tmp_path, [removed("a", b"a")], delete=False)
    assert outcome == Written(kept=["a"])
    assert everything(tmp_path) == {"a": "a"}


@pytest.mark.parametrize(
    ("change", "here"),
    [
        (modified("a", b"copied"), "mine"),
        (modified("a", b"copied"), None),
        (removed("a", b"copied"), "mine"),
        (removed("a", b"copied"), None),
        (added("a"), "mine"),
    ],
)
def test_what_changed_meanwhile_in_the_folder_is_left_alone(
    tmp_path: Path, change: Change, here: str | None
) -> None:
    if here is not None:
        (tmp_path / "a").write_text(here)
    outcome = write_back(tmp_path, [change], delete=True)
    assert [path for path, _ in outcome.refused] == ["a"]
    assert everything(tmp_path) == ({"a": here} if here is not None else {})


@pytest.mark.parametrize(
    "path",
    [
        "/tmp/absolute",
        "../up",
        "a/../../up",
        "./a",
        "a//b",
        "",
        "a/.",
        "nul\0byte",
        "x" * 300,
        "a/" * 3000 + "b",
    ],
)
def test_a_path_that_does_not_lead_downwards_is_refused(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    outcome = write_back(root, [added(path)], delete=True)
    assert len(outcome.refused) == 1
    assert everything(tmp_path) == {}


def test_links_are_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "file").write_text("theirs")
    (root / "folder").symlink_to(outside)
    (root / "file").symlink_to(outside / "file")
    (root / "dangling").symlink_to(outside / "made")
    changes = [
        added("folder/new"),
        modified("folder/file", b"theirs"),
        removed("folder/file", b"theirs"),
        modified("file", b"theirs"),
        removed("file", b"theirs"),
        added("dangling"),
    ]
    outcome = write_back(root, changes, delete=True)
    assert len(outcome.refused) == len(changes)
    assert everything(outside) == {"file": "theirs"}
    assert (root / "file").is_symlink()


PROTECTED = [
    ".git/hooks/pre-commit",
    ".git/config",
    ".GIT/config",
    "sub/.git/config",
    ".git",
    ".vscode/tasks.json",
    "sub/.VSCode/Tasks.json",
    ".vscode/settings.json",
    ".idea/workspace.xml",
    ".envrc",
    "x.code-workspace",
    ".devcontainer/devcontainer.json",
]


@pytest.mark.parametrize("path", PROTECTED)
def test_files_that_run_by_themselves_are_not_written_unasked(tmp_path: Path, path: str) -> None:
    outcome = write_back(tmp_path, [added(path)], delete=True)
    assert "unasked" in outcome.refused[0][1]
    assert everything(tmp_path) == {}


def test_they_are_written_when_a_person_agreed_to_that_path(tmp_path: Path) -> None:
    changes = [added(".vscode/tasks.json"), added(".envrc")]
    outcome = write_back(tmp_path, changes, delete=False, allowed={".vscode/tasks.json"})
    assert (outcome.written, len(outcome.refused)) == ([".vscode/tasks.json"], 1)


@pytest.mark.parametrize(
    "path", [".vscode/snippets.md", ".gitignore", ".github/workflows/ci.yml", "Makefile"]
)
def test_ordinary_files_are_ordinary(tmp_path: Path, path: str) -> None:
    assert write_back(tmp_path, [added(path)], delete=False).written == [path]


def test_mode_is_kept_and_no_special_bit_arrives(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    (tmp_path / "a").chmod(0o640)
    write_back(tmp_path, [modified("a", b"old", executable=True)], delete=False)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o750


def test_a_failed_write_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_text("old")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    outcome = write_back(tmp_path, [modified("a", b"old")], delete=False)
    assert outcome.refused == [("a", "No space left on device")]
    assert everything(tmp_path) == {"a": "old"}
