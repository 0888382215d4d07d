"""What going back to a checkpoint does to the files: decided for each path from three states. Pure.

Only paths the chat's agent changed since are considered. Where what is there now is what the agent last left
there, it becomes what it was at the checkpoint. Where somebody else changed it since, before or after the
agent, it stays, unless they are to be overwritten. What could not be brought back afterwards is never taken
away, and a directory goes only when nothing is left in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from journeyman.checkpoint.picture import above
from journeyman.checkpoint.state import Change, State, same
from journeyman.workspace.archive import tree

Why = Literal["changed", "too_large", "not_empty", "blocked", "failed"]
"""`changed`: by somebody else; `too_large`: its content is not kept, now or then; `not_empty`: a directory
with something else in it; `blocked`: its directory is none; `failed`: the system refused."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A path the agent changed that stays as it is."""

    path: bytes
    why: Why
    message: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    items: tuple[Change, ...]
    """What becomes of what is there now, parents before children."""
    kept: tuple[Kept, ...]


@dataclass(slots=True)
class _Line:
    """What the agent did to one path, one step after the other."""

    first: State | None
    last: State | None
    alone: bool = True
    """Whether nobody else changed it in between."""

    def add(self, change: Change) -> None:
        self.alone = self.alone and change.sure and same(self.last, change.before)
        self.last = change.after


def lines(chain: Iterable[Change]) -> dict[bytes, _Line]:
    found: dict[bytes, _Line] = {}
    for change in chain:
        line = found.get(change.path)
        if line is None:
            found[change.path] = _Line(change.before, change.after, change.sure)
        else:
            line.add(change)
    return found


def plan(chain: Iterable[Change], present: Mapping[bytes, State], *, overwrite: bool) -> Plan:
    """`chain`: what the agent did since the checkpoint, in order."""
    made = _Making(present)
    found = lines(chain)
    for path, line in found.items():
        now, target = present.get(path), line.first
        if same(now, target) or (target is None and _only_added_to(path)):
            continue
        theirs = not line.alone or not same(now, line.last)
        if theirs and not overwrite:
            made.keep(path, "changed")
        elif _lost(now) or _lost(target):
            made.keep(path, "too_large")
        else:
            made.items[path] = Change(path, now, target)
    made.keep_what_has_no_place_to_go([line.first for path, line in found.items() if path in made.kept])
    return made.done(overwrite=overwrite)


def _lost(state: State | None) -> bool:
    return state is not None and not state.kept


def _only_added_to(path: bytes) -> bool:
    """git's objects are named by their content, and whoever commits builds on those that are there."""
    return b"/.git/objects/" in b"/" + path


@dataclass(slots=True)
class _Making:
    present: Mapping[bytes, State]
    items: dict[bytes, Change] = field(default_factory=dict[bytes, Change])
    kept: dict[bytes, Kept] = field(default_factory=dict[bytes, Kept])

    def keep(self, path: bytes, why: Why, message: str = "") -> None:
        self.items.pop(path, None)
        self.kept[path] = Kept(path, why, message)

    def keep_what_has_no_place_to_go(self, wanted: Iterable[State | None]) -> None:
        """What the agent moved away cannot go back to a path somebody else has taken: then it stays where the
        agent put it. `wanted`: what was at paths that stay as they are."""
        files = (state for state in wanted if state is not None and state.kind == "file")
        homeless = {state.value for state in files if state.size}
        homeless -= {item.after.value for item in self.items.values() if item.after is not None}
        for path, item in list(self.items.items()):
            if item.before is not None and item.before.kind == "file" and item.before.value in homeless:
                self.keep(path, "changed", "it is all there is of a file whose place is taken")

    def done(self, *, overwrite: bool) -> Plan:
        self._parents(overwrite=overwrite)
        self._emptied()
        self._parents(overwrite=False)
        ordered = sorted(self.items.values(), key=lambda change: tree.order(change.path))
        kept = sorted(self.kept.values(), key=lambda each: tree.order(each.path))
        return Plan(tuple(ordered), tuple(kept))

    def _parents(self, *, overwrite: bool) -> None:
        """What is to be somewhere needs its directories. They are made where nothing is in the way."""
        for path in [path for path, item in self.items.items() if item.after is not None]:
            missing: list[bytes] = []
            for parent in above(path):
                item = self.items.get(parent)
                there = item.after if item is not None else self.present.get(parent)
                if there is None and (item is None or item.after is None) and overwrite:
                    missing.append(parent)
                elif there is None or there.kind != "directory":
                    self.keep(path, "blocked")
                    break
            else:
                for parent in missing:
                    self.items[parent] = Change(parent, self.present.get(parent), State("directory", 0o755))

    def _emptied(self) -> None:
        """A directory goes only when all that is in it goes: what stays keeps those above it."""
        going = {
            path
            for path, item in self.items.items()
            if item.before is not None
            and item.before.kind == "directory"
            and (item.after is None or item.after.kind != "directory")
        }
        if not going:
            return
        for path in self.present:
            item = self.items.get(path)
            if item is not None and (item.after is None or path in going):
                continue
            for parent in above(path):
                if parent in going:
                    going.discard(parent)
                    self.keep(parent, "not_empty")
