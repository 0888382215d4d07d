"""Skills: folders with a SKILL.md that says how something is done (the Agent Skills format).

One line of each is told; the rest is read when the agent asks for it. Nothing of a skill is run by itself.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass

from journeyman.extensions.fence import one_line
from journeyman.extensions.front_matter import parse
from journeyman.extensions.places import Content, Place

FILE = "SKILL.md"
PROJECT_FOLDERS = (".agents/skills", ".claude/skills")
SKILLS_MAX = 50
"""Most of them in one run, the user's first."""
SKILL_BYTES_MAX = 65_536
NAME_CHARACTERS_MAX = 64
DESCRIPTION_CHARACTERS_MAX = 1_024
SHOWN_CHARACTERS_MAX = 240
FILES_MAX = 64
FILE_BYTES_MAX = 512 * 1024
DEPTH_MAX = 4
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
HEADING = "skills (how some things are done; read one with the skill tool before you do what it is about):"


@dataclass(frozen=True, slots=True)
class Skill:
    name: str
    description: str
    place: Place

    @property
    def line(self) -> str:
        return f"- {self.name} ({self.place.origin}): {one_line(self.description, SHOWN_CHARACTERS_MAX)}"

    async def text(self) -> str | None:
        """What SKILL.md says after its front matter; None where it is gone or broken by now."""
        found = await self.place.read(posixpath.join(self.name, FILE), SKILL_BYTES_MAX)
        try:
            return None if found is None else parse(_decoded(found)).body
        except ValueError:
            return None

    async def files(self) -> list[str]:
        """What else is in its folder, from there, in order; at most `FILES_MAX`."""
        found: list[str] = []
        await self._walk("", found, DEPTH_MAX)
        return [path for path in found if path != FILE][:FILES_MAX]

    async def file(self, path: str) -> Content | None:
        """One of its files. A path that leads out of the folder names none."""
        plain = posixpath.normpath(path)
        if plain.startswith(("/", "..")) or len(path) > 1_000:
            return None
        return await self.place.read(posixpath.join(self.name, plain), FILE_BYTES_MAX)

    async def _walk(self, below: str, found: list[str], depth: int) -> None:
        for entry in await self.place.list(posixpath.join(self.name, below)):
            if len(found) > FILES_MAX:
                return
            path = posixpath.join(below, entry.name)
            if not entry.is_directory:
                found.append(path)
            elif depth > 1:
                await self._walk(path, found, depth - 1)


@dataclass(frozen=True, slots=True)
class Skills:
    """What one run can read."""

    known: tuple[Skill, ...] = ()
    problems: tuple[str, ...] = ()
    """Sentences about folders that are no skills."""

    def get(self, name: str) -> Skill | None:
        return next((each for each in self.known if each.name == name), None)

    @property
    def block(self) -> str:
        """For the environment; empty where there are none."""
        return "\n".join([HEADING, *(skill.line for skill in self.known)]) if self.known else ""


async def find(places: Sequence[Place]) -> Skills:
    """Of places in order: the first skill of a name counts, so a project cannot replace one of the user's."""
    known: dict[str, Skill] = {}
    problems: list[str] = []
    for place in places:
        for entry in await place.list():
            if not entry.is_directory or entry.name in known:
                continue
            if len(known) >= SKILLS_MAX:
                problems.append(f"There are more than {SKILLS_MAX} skills; the rest is left out.")
                break
            found = await _look(place, entry.name)
            if isinstance(found, Skill):
                known[entry.name] = found
            else:
                problems.append(f"{place.shown}/{one_line(entry.name, 80)} is no skill: {found}.")
    return Skills(tuple(known.values()), tuple(problems[:SKILLS_MAX]))


async def _look(place: Place, name: str) -> Skill | str:
    """The skill in a folder, or why it is none."""
    if not _NAME.fullmatch(name) or len(name) > NAME_CHARACTERS_MAX:
        return f"its name is not 1 to {NAME_CHARACTERS_MAX} small letters and digits with single hyphens"
    found = await place.read(posixpath.join(name, FILE), SKILL_BYTES_MAX)
    if found is None:
        return f"it has no {FILE}"
    if not found.whole:
        return f"its {FILE} is larger than {SKILL_BYTES_MAX // 1024} KB"
    try:
        head = parse(_decoded(found)).head
    except ValueError as error:
        return str(error)
    description = " ".join(head.get("description", "").split())
    if head.get("name") != name:
        return f"its {FILE} has another name than its folder"
    if not 1 <= len(description) <= DESCRIPTION_CHARACTERS_MAX:
        return f"its description has not 1 to {DESCRIPTION_CHARACTERS_MAX:,} characters"
    return Skill(name, description, place)


def _decoded(content: Content) -> str:
    """Raises `ValueError`, as a reason, for what is no text."""
    try:
        return content.data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"its {FILE} is not UTF-8") from None
