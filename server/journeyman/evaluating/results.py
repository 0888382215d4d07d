"""Results that outlast an evaluation that was cut off: one line of JSON for every trial, written as it ends.

A trial counts as done where the same task, unchanged, was judged before in the same configuration and with
the same number; errors are tried again. A last line that was cut in the middle is dropped.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

from journeyman.evaluating.configuration import Configuration
from journeyman.evaluating.task import Task
from journeyman.evaluating.trial import Trial
from journeyman.failures import Failure

Key = tuple[str, str, Configuration, int]
_NAMES = {each.name for each in fields(Trial)}


def key(task: Task, of: Configuration, number: int) -> Key:
    return (task.name, task.digest, of, number)


def _key(trial: Trial) -> Key:
    return (trial.task, trial.digest, trial.configuration, trial.attempt)


class Results:
    """In memory, and in a file where there is one."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._done: dict[Key, Trial] = {}
        if path is not None and path.exists():
            _mend(path)
            for trial in _read(path):
                if trial.verdict != "error":
                    self._done[_key(trial)] = trial

    def __len__(self) -> int:
        return len(self._done)

    def get(self, of: Key) -> Trial | None:
        return self._done.get(of)

    def of(self, tasks: Sequence[Task]) -> dict[Configuration, list[Trial]]:
        """What was judged of these tasks, as they are now."""
        known = {(task.name, task.digest) for task in tasks}
        found: dict[Configuration, list[Trial]] = {}
        for trial in self._done.values():
            if (trial.task, trial.digest) in known:
                found.setdefault(trial.configuration, []).append(trial)
        return found

    def add(self, trial: Trial) -> None:
        """Blocks until it is on the disk."""
        if trial.verdict != "error":
            self._done[_key(trial)] = trial
        if self._path is None:
            return
        line = json.dumps(trial.row(), ensure_ascii=False) + "\n"
        with self._path.open("ab") as file:
            file.write(line.encode("utf-8", "replace"))
            file.flush()
            os.fsync(file.fileno())


def _mend(path: Path) -> None:
    """End the last line, or drop it where it was cut off while it was written."""
    data = path.read_bytes()
    last = data.rpartition(b"\n")[2]
    if not last:
        return
    try:
        json.loads(last)
    except ValueError:
        os.truncate(path, len(data) - len(last))
    else:
        with path.open("ab") as file:
            file.write(b"\n")


def _read(path: Path) -> list[Trial]:
    trials: list[Trial] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row: object = json.loads(line)
        except ValueError as error:
            raise _unreadable(path, number) from error
        if not isinstance(row, dict) or not _NAMES >= set(cast("dict[str, Any]", row)) >= {"task", "digest"}:
            raise _unreadable(path, number)
        trials.append(Trial(**cast("dict[str, Any]", row)))
    return trials


def _unreadable(path: Path, number: int) -> Failure:
    return Failure(
        "invalid",
        f"Line {number} of {path} is no result of an evaluation.",
        hint="Name another file with --results, or delete this one.",
    )
