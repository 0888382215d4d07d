"""What runs by itself is known whatever its name looks like, and ordinary files are not taken for it."""

from __future__ import annotations

import pytest

from journeyman.folder import protected


@pytest.mark.parametrize(
    "path",
    [
        ".git/hooks/pre-commit",
        ".GIT/Config",
        "sub/.git/config",
        ".git",
        ".git./config",
        ".git /config",
        ".git::$INDEX_ALLOCATION/config",
        "GIT~1/hooks/pre-commit",
        "git~12/config",
        ".g\u200cit/config",
        ".gi\ufefft/hooks/x",
        ".\uff47it/config",
        ".git\\hooks\\pre-commit",
        ".vscode/tasks.json",
        ".VSCode/Tasks.JSON",
        "deep/.vscode/settings.json",
        ".vscode/tasks.json.",
        ".husky/pre-push",
        ".envrc",
        "a/.ENVRC ",
        "x.code-workspace",
    ],
)
def test_it_runs_by_itself(path: str) -> None:
    assert protected.reason(path)


@pytest.mark.parametrize(
    "path",
    ["src/git.py", ".gitignore", "git~x/a", ".github/workflows/ci.yml", ".vscode/notes.md", "git", "..."],
)
def test_ordinary_files(path: str) -> None:
    assert protected.reason(path) is None
