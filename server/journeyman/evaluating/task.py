"""A task as it lies in a folder: what to do, the tree it starts from, and the files that judge it.

python-slug/
  task.toml     instruction = "...", check = 'bash "$CHECK/check.sh"'; KEYS has the rest
  start/        the starting tree; missing for an empty one
  check/        brought in afterwards, where the agent cannot have been
shared/         brought in with the check of every task
"""

from __future__ import annotations

import hashlib
import os
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journeyman.failures import Failure

TREE_BYTES_MAX = 4 * 1024 * 1024
TREE_FILES_MAX = 500
TASKS_MAX = 10_000
SHARED = "shared"
KEYS: dict[str, type | tuple[type, ...]] = {
    "instruction": str,
    "check": str,
    "language": str,
    "check_seconds": (int, float),
    "steps": int,
    "seconds": (int, float),
}


@dataclass(frozen=True, slots=True)
class TaskFile:
    path: str
    content: bytes
    executable: bool


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    instruction: str
    check: str
    """For `bash -c`, in the agent's tree; `$CHECK` is where the files of `check/` are."""
    start: tuple[TaskFile, ...]
    judge: tuple[TaskFile, ...]
    digest: str
    """Of all of it: a result belongs to the task as it was."""
    language: str = ""
    check_seconds: float = 60.0
    steps: int | None = None
    seconds: float | None = None


def load_tasks(folder: Path, names: tuple[str, ...] = ()) -> list[Task]:
    """Every task below `folder`, or those named, by name. Raises `Failure("invalid")`. Blocks on the disk."""
    try:
        found = sorted(path.parent for path in folder.glob("*/task.toml"))
    except OSError as error:
        raise Failure("invalid", f"{folder} cannot be read: {error.strerror}.") from error
    if not found:
        raise Failure(
            "invalid", f"There is no task in {folder}.", hint="A task is a folder with a task.toml in it."
        )
    if missing := sorted(set(names) - {path.name for path in found}):
        raise Failure("invalid", f"There is no task {missing[0]!r} in {folder}.", hint="Names are folders'.")
    if len(found) > TASKS_MAX:
        raise Failure("invalid", f"{folder} has more than {TASKS_MAX:,} tasks.", hint="Split it.")
    return [_load(path) for path in found if not names or path.name in names]


def _load(folder: Path) -> Task:
    try:
        fields = tomllib.loads((folder / "task.toml").read_text(encoding="utf-8"))
        _check_fields(fields)
        start = _tree(folder / "start")
        judge = (*_tree(folder.parent / SHARED), *_tree(folder / "check"))
    except (OSError, ValueError) as error:
        raise Failure(
            "invalid", f"The task {folder.name} cannot be read: {error}.", hint="docs/evaluating.md."
        ) from error
    digest = hashlib.sha256(repr((sorted(fields.items()), start, judge)).encode()).hexdigest()
    return Task(name=folder.name, start=start, judge=judge, digest=digest, **fields)


def _check_fields(fields: dict[str, Any]) -> None:
    for key, value in fields.items():
        if key not in KEYS:
            raise ValueError(f"task.toml has an unknown key {key!r}")
        if isinstance(value, bool) or not isinstance(value, KEYS[key]):
            raise ValueError(f"{key!r} in task.toml is not of the right kind")
    for key in ("instruction", "check"):
        if not str(fields.get(key, "")).strip():
            raise ValueError(f"task.toml has no {key}")


def _tree(root: Path) -> tuple[TaskFile, ...]:
    """Regular files only; a link is refused."""
    files: list[TaskFile] = []
    size = 0
    for directory, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(directory, name)
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode):
                raise ValueError(f"{path} is not a regular file")
            content = path.read_bytes()
            size += len(content)
            files.append(TaskFile(str(path.relative_to(root)), content, bool(status.st_mode & 0o100)))
    if size > TREE_BYTES_MAX or len(files) > TREE_FILES_MAX:
        raise ValueError(f"{root.name} holds more than {TREE_FILES_MAX} files or {TREE_BYTES_MAX} bytes")
    return tuple(files)
