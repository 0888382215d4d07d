"""In whatever order people and the agent work, no line is lost on either side. Editors and files by hand."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeyman.editing import Report
from journeyman.failures import Failure
from journeyman.overlay.editors import Editors
from journeyman.overlay.overlay import Overlay
from journeyman.ports.editors import Draft
from journeyman.records import Project
from journeyman.testing.clock import START

PATH = "a.txt"
BASE = "".join(f"line {n}\n" for n in range(6))
PROJECT = Project("p", "local", "p", "folder", None, cast("Any", None), START, START, folder="/f")


class Files:
    """A guest with one file."""

    def __init__(self) -> None:
        self.data = BASE.encode()

    async def read(self, path: str, *, limit: int) -> Any:
        return SimpleNamespace(
            data=self.data, size=len(self.data), sha256=hashlib.sha256(self.data).hexdigest()
        )

    async def write(self, path: str, data: bytes, *, expected_sha256: str) -> None:
        if expected_sha256 != hashlib.sha256(self.data).hexdigest():
            raise Failure("conflict", "changed")
        self.data = data


class Memory:
    """What is known of the folder: the file as it was copied; no change of an agent is stored."""

    def __init__(self) -> None:
        self.folders = self
        self.changes = self

    async def files(self, project_id: str, paths: list[str]) -> dict[str, Any]:
        return {PATH: SimpleNamespace(sha256=hashlib.sha256(BASE.encode()).hexdigest(), executable=False)}

    async def note(self, *_: Any) -> None: ...

    async def of_project(self, *_: Any, **__: Any) -> tuple[Any, ...]:
        return ()


@dataclass(eq=False)
class Ed:
    """Takes an edit for the revision it has, and tells of it at once or later."""

    name: str
    takes_edits: bool = True
    text: str = BASE
    revision: int = 1
    told: tuple[int, str] = (1, BASE)
    slow: bool = False
    unsaved: bool = False
    typed: list[str] = field(default_factory=list[str])

    def drafts(self, project: Project) -> list[Draft]:
        revision, text = self.told
        return [Draft(f"file:///{self.name}", PATH, text, revision, self.unsaved, (BASE,))]

    def reports(self, project: Project) -> list[Report]:
        return []

    async def edit(self, draft: Draft, text: str) -> bool:
        if draft.revision != self.revision:
            return False
        self._now(text)
        return True

    def type(self, line: str, at: int) -> None:
        lines = self.text.splitlines(keepends=True)
        lines.insert(min(at, len(lines)), f"{line}\n")
        self.unsaved = True
        self.typed.append(line)
        self._now("".join(lines))
        self.tell()

    def tell(self) -> None:
        self.told = (self.revision, self.text)

    def _now(self, text: str) -> None:
        self.text, self.revision = text, self.revision + 1
        if not self.slow:
            self.tell()


PLACE = st.none() | st.integers(0, 8)
STEPS = st.lists(st.tuples(PLACE, PLACE, PLACE, PLACE, st.booleans()), min_size=1, max_size=6)
"""Where each person types before the calls of a step, where the agent writes, where one types before the edit
comes, and whether editors have told what they took by the next step."""


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS, st.booleans(), st.booleans())
def test_every_line_stays_where_it_was_written(steps: list[Any], takes: bool, slow: bool) -> None:
    asyncio.run(_played(steps, takes, slow))


async def _played(steps: list[Any], takes: bool, slow: bool) -> None:
    one, two = Ed("one", takes, slow=slow), Ed("two", takes, slow=slow)
    editors, files, written = Editors(), Files(), list[str]()
    for editor in (one, two):
        editors.join(editor)
    overlay = Overlay(editors, cast("Any", Memory()), cast("Any", files), PROJECT, lambda _path: None)

    def check() -> None:
        for editor in (one, two):
            typed = {line for line in editor.text.splitlines() if line.startswith(("one", "two"))}
            assert typed == set(editor.typed), "all that was typed there, and nobody else's"
        assert set(written) <= set(files.data.decode().splitlines())

    for number, (first, second, agent, late, told) in enumerate(steps):
        if first is not None:
            one.type(f"one {number}", first)
        if second is not None:
            two.type(f"two {number}", second)
        for conflict in (await overlay.bring()).conflicts:
            await overlay.leave(conflict)
        check()
        if agent is not None:
            lines = files.data.decode().splitlines(keepends=True)
            lines.insert(min(agent, len(lines)), f"agent {number}\n")
            files.data = "".join(lines).encode()
            written.append(f"agent {number}")
        if late is not None:
            one.type(f"one {number} late", late)
        await overlay.hand_over()
        check()
        if told:
            one.tell()
            two.tell()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), max_size=8))
def test_what_shares_no_place_is_the_same_on_both_sides_in_the_end(acts: list[tuple[bool, int]]) -> None:
    async def play() -> None:
        editor, editors, files = Ed("one", unsaved=True), Editors(), Files()
        editors.join(editor)
        overlay = Overlay(editors, cast("Any", Memory()), cast("Any", files), PROJECT, lambda _path: None)
        await overlay.bring()
        for number, (person, at) in enumerate(acts):
            if person:
                editor.type(f"one {number}", at)
                assert not (await overlay.bring()).conflicts
            else:
                lines = files.data.decode().splitlines(keepends=True)
                lines.insert(min(at, len(lines)), f"agent {number}\n")
                files.data = "".join(lines).encode()
                await overlay.hand_over()
            assert editor.text.encode() == files.data

    asyncio.run(play())
