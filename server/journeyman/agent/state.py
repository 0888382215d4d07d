"""What one run knows while it goes on; gone when it ends. Everything that must outlive it is in the store."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from typing import Literal

from journeyman.failures import FailureKind
from journeyman.records import Commands, EndReason, RunStatus

Phase = Literal["plan", "execute"]
FinStatus = Literal["done", "partial", "blocked"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, before it is stored."""

    status: RunStatus
    stop_reason: EndReason | FailureKind
    summary: str


@dataclass(slots=True)
class RunState:
    root: str
    """The workspace's root as the guest names it."""
    cwd: str
    phase: Phase = "plan"
    commands: Commands = field(default_factory=Commands)
    hashes: dict[str, str] = field(default_factory=dict[str, str])
    """Path -> sha256 of the content the model has seen."""
    touched: set[str] = field(default_factory=set[str])
    """Paths write, edit and patch changed."""
    edits: int = 0
    """Counts every change made by write and edit."""
    activity: int = 0
    """Counts edits and commands: whether anything at all happened in between."""
    passed: dict[str, int] = field(default_factory=dict[str, int])
    """Command (white space normalised) -> `edits` when it last exited 0."""
    todo_changes: int = 0
    plans: bool = True
    """Whether the run works by a todo list."""
    replan: str = ""
    """Why the list has to be written again before anything is changed; empty: it has not."""
    checks: frozenset[str] = frozenset()
    """Of the todo list as the run last wrote it."""
    outcome: Outcome | None = None
    """Set when `fin` was accepted."""

    def at(self, path: str) -> str:
        """`path` as the guest takes it: absolute, relative ones from the cwd. The guest checks escapes."""
        return posixpath.normpath(posixpath.join(self.cwd, path or "."))

    def shown(self, path: str) -> str:
        """`path` relative to the workspace, for people and for events."""
        shown = posixpath.relpath(path, self.root)
        return path if shown.startswith("..") else shown

    def edited(self, path: str, sha256: str) -> None:
        self.hashes[path] = sha256
        self.touched.add(path)
        self.edits += 1
        self.activity += 1

    def ran(self, command: str, code: int) -> None:
        """A command ended; a passing one is evidence for the checks that name it."""
        self.activity += 1
        for each in {plain(command), plain(command.rsplit("&&", 1)[-1])}:
            if code == 0:
                self.passed[each] = self.edits
            elif each == plain(command):
                self.passed.pop(each, None)

    def plan_again(self, why: str) -> bool:
        """The list has to be written again; False where there is none, or it is being written."""
        if self.phase == "plan" or not self.plans:
            return False
        self.replan = why
        return True

    def planned(self) -> None:
        self.todo_changes += 1
        self.phase, self.plans, self.replan = "execute", True, ""

    def passes(self, command: str) -> bool:
        """Whether `command` exited 0 since the last edit."""
        return self.passed.get(plain(command), -1) >= self.edits

    def shows_something(self, command: str) -> bool:
        """Whether `command` is one that says whether the work is right: of the project, or of the list."""
        known = {each for each in (self.commands.build, self.commands.test, self.commands.run) if each}
        return plain(command) in {plain(each) for each in known | self.checks}

    @property
    def passed_since_the_last_edit(self) -> bool:
        """Whether anything at all exited 0 since then."""
        return any(edits >= self.edits for edits in self.passed.values())


_SHOWS_NOTHING = re.compile(r"(true|:|exit 0|(echo|printf|ls|pwd|cd|date|sleep|test -n)\b[^|&;<>$`()]*)?")


def shows_nothing(command: str) -> bool:
    """Whether a command exits 0 whatever the state of the work."""
    return _SHOWS_NOTHING.fullmatch(plain(command)) is not None


def plain(command: str) -> str:
    return re.sub(r"\s+", " ", command).strip()
