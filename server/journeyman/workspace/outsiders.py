"""Who changes files beside the agent: people in editors and terminals, as far as they come through us.

A short log per project, for whoever has to tell the agent's changes from theirs. Kept in memory: a daemon
that ends takes people's commands with it. Knows nothing of files.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

NOTES_MAX = 10_000
PROJECTS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Touched:
    """What somebody else may have changed in a while."""

    anything: bool
    """A command of theirs was at work: it may have been any file."""
    paths: frozenset[bytes] = frozenset()
    """Relative to the workspace; what is below them too."""

    def __bool__(self) -> bool:
        return self.anything or bool(self.paths)

    def has(self, path: bytes) -> bool:
        if self.anything or path in self.paths:
            return True
        return any(path.startswith(each + b"/") for each in self.paths)


@dataclass(slots=True)
class _Log:
    notes: deque[tuple[int, bytes | None]] = field(default_factory=lambda: deque(maxlen=NOTES_MAX))
    count: int = 0
    running: int = 0
    """Commands of theirs that nobody types to: they may write at any time."""


class Outsiders:
    def __init__(self) -> None:
        self._logs: dict[str, _Log] = {}

    def command(self, project_id: str) -> None:
        """A command of theirs began, ended, was typed to or said something."""
        self._note(project_id, None)

    def began(self, project_id: str) -> None:
        """A command nobody types to; `ended` takes it back."""
        self._note(project_id, None)
        self._logs[project_id].running += 1

    def ended(self, project_id: str) -> None:
        self._note(project_id, None)
        log = self._logs[project_id]
        log.running = max(0, log.running - 1)

    def file(self, project_id: str, path: str) -> None:
        """They wrote, moved or removed this, or are about to."""
        inside = path.removeprefix("/workspace/").strip("/")
        self._note(project_id, inside.encode("utf-8", "surrogateescape"))

    def mark(self, project_id: str) -> int:
        """A place in the log, for `since`."""
        log = self._logs.get(project_id)
        return log.count if log is not None else 0

    def since(self, project_id: str, mark: int) -> Touched:
        log = self._logs.get(project_id)
        if log is None or (log.count <= mark and not log.running):
            return Touched(anything=False)
        if log.running:
            return Touched(anything=True)
        if not log.notes or log.notes[0][0] > mark + 1:
            return Touched(anything=True)  # more happened than was kept
        paths = [path for number, path in log.notes if number > mark]
        return Touched(None in paths, frozenset(path for path in paths if path is not None))

    def _note(self, project_id: str, path: bytes | None) -> None:
        log = self._logs.get(project_id)
        if log is None:
            quiet = [ident for ident, each in self._logs.items() if not each.running]
            for ident in quiet[: len(self._logs) - PROJECTS_MAX + 1]:
                del self._logs[ident]
            log = self._logs[project_id] = _Log()
        log.count += 1
        if path is None and log.notes and log.notes[-1][1] is None:
            log.notes[-1] = (log.count, None)  # output comes by the thousand
            return
        log.notes.append((log.count, path))
