"""What of a folder goes into a workspace, and what stays behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from journeyman.cli import copy_in
from journeyman.cli.folder import Folder
from journeyman.failures import Failure
from journeyman.project.excludes import Excludes
from unit.cli.folders import DictWorkspace


def write(path: Path, content: str = "x", mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(mode)


async def copied(root: Path, excludes: Excludes | None = None) -> tuple[DictWorkspace, copy_in.Survey]:
    workspace = DictWorkspace()
    found = copy_in.survey(root, excludes or Excludes())
    await copy_in.copy_in(workspace.request, "p", root, found)
    return workspace, found


async def test_files_arrive_with_their_bytes_and_executable_bit(tmp_path: Path) -> None:
    write(tmp_path / "a.py", "print('é')\r\n")
    write(tmp_path / "bin/run", "#!/bin/sh\n", 0o755)
    (tmp_path / "raw").write_bytes(bytes(range(256)))
    workspace, _ = await copied(tmp_path)
    assert workspace.files == {
        "a.py": ("print('é')\r\n".encode(), False),
        "bin/run": (b"#!/bin/sh\n", True),
        "raw": (bytes(range(256)), False),
    }


@pytest.mark.parametrize(
    "left",
    [".git/config", "a/node_modules/x.js", ".venv/bin/python", "a/__pycache__/b.pyc", "b.pyc", ".env"],
)
async def test_the_documented_names_stay_behind_at_any_depth(tmp_path: Path, left: str) -> None:
    write(tmp_path / left)
    write(tmp_path / "kept/.env.example")
    workspace, found = await copied(tmp_path)
    assert set(workspace.files) == {"kept/.env.example"}
    assert sum(found.left.values()) == 1


async def test_a_virtual_environment_is_known_by_its_marker_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path / "py311/pyvenv.cfg")
    write(tmp_path / "py311/lib/x.py")
    write(tmp_path / "x.py")
    workspace, _ = await copied(tmp_path)
    assert set(workspace.files) == {"x.py"}


async def test_exclude_adds_and_include_takes_away(tmp_path: Path) -> None:
    write(tmp_path / "data/big.csv")
    write(tmp_path / "more/big.csv")
    write(tmp_path / ".env")
    workspace, _ = await copied(tmp_path, Excludes.chosen(["data", "*.tsv"], [".env"]))
    assert set(workspace.files) == {"more/big.csv", ".env"}


def test_a_path_is_no_name_to_leave_out() -> None:
    with pytest.raises(Failure, match="only names"):
        Excludes.chosen(["data/big"])


async def test_links_and_special_files_stay_behind_and_are_counted(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(tmp_path / "outside/secret")
    write(root / "x")
    (root / "file-link").symlink_to(tmp_path / "outside/secret")
    (root / "folder-link").symlink_to(tmp_path / "outside")
    os.mkfifo(root / "pipe")
    workspace, found = await copied(root)
    assert set(workspace.files) == {"x"}
    assert found.left == {"links": 2, "special files": 1}


async def test_a_file_larger_than_a_frame_can_carry_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy_in, "FILE_BYTES_MAX", 100)
    write(tmp_path / "large", "x" * 101)
    write(tmp_path / "fits", "x" * 100)
    workspace, found = await copied(tmp_path)
    assert set(workspace.files) == {"fits"}
    assert found.too_large == ["large"]


async def test_batches_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copy_in, "BATCH_BYTES", 100)
    for number in range(10):
        write(tmp_path / f"{number}", "x" * 40)
    workspace, _ = await copied(tmp_path)
    assert len(workspace.files) == 10
    assert workspace.batches == [80] * 5


async def test_a_file_that_becomes_a_link_after_the_survey_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "outside")
    root = tmp_path / "root"
    write(root / "a")
    write(root / "deep/b")
    found = copy_in.survey(root, Excludes())
    (root / "a").unlink()
    (root / "a").symlink_to(tmp_path / "outside")
    os.rename(root / "deep", tmp_path / "moved")
    (root / "deep").symlink_to(tmp_path / "moved")
    workspace = DictWorkspace()
    assert await copy_in.copy_in(workspace.request, "p", root, found) == {}
    assert workspace.files == {}


@pytest.mark.parametrize("name", ["missing", "file"])
def test_what_is_no_folder_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failure) as refusal:
        Folder.at(tmp_path / name, Excludes())
    assert refusal.value.kind == "invalid"
    assert refusal.value.hint


def test_the_home_directory_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Failure, match="too much"):
        Folder.at(tmp_path, Excludes())
