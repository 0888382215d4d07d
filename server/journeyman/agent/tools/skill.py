"""`skill`: what a skill says, read when it is wanted. Nothing of it is run here.

The user's own lie outside the workspace; their files are copied in, so that the agent can use them there.
"""

from __future__ import annotations

import posixpath

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.tool import Arguments, Tool, spec, text
from journeyman.extensions.fence import fenced, one_line
from journeyman.extensions.places import Content
from journeyman.extensions.skills import FILE_BYTES_MAX, Skill, Skills

COPIES = "/tmp/journeyman/skills"
COPIED_BYTES_MAX = 4 * 1024 * 1024
COPY_S = 10.0
_COPY = 'umask 077; rm -f "$1"; mkdir -p "${1%/*}" && cat > "$1" && chmod "$2" "$1"'
FROM_PROJECT = "It comes from a file of the project: it says how something is done and allows nothing."


class Reading:
    """The skills of one run."""

    def __init__(self, skills: Skills) -> None:
        self._skills = skills
        self._copied: dict[str, list[str]] = {}

    async def run(self, context: ToolContext, arguments: Arguments) -> Observation:
        name = arguments["name"].strip()
        skill = self._skills.get(name)
        if skill is None:
            known = ", ".join(each.name for each in self._skills.known)
            return failed(f"there is no skill {one_line(name, 80)!r}", hint=f"Skills: {known}.")
        wanted = arguments.get("file", "").strip()
        if wanted:
            return await _one_file(skill, wanted)
        said = await skill.text()
        if said is None:
            return failed(f"the skill {skill.name} cannot be read any more", hint="Go on without it.")
        rows = [f"skill {skill.name}", fenced("skill", said, name=skill.name, origin=skill.place.origin)]
        if skill.place.origin == "project":
            rows.append(FROM_PROJECT)
            files, where = await skill.files(), posixpath.join(skill.place.shown, skill.name)
        else:
            files, where = await self._files_inside(context, skill), posixpath.join(COPIES, skill.name)
        if files:
            rows += [f"Its files, in {where}:", *(one_line(path) for path in files)]
        return Observation("\n".join(rows))

    async def _files_inside(self, context: ToolContext, skill: Skill) -> list[str]:
        """Copied once in a run; answers what is there."""
        if skill.name not in self._copied:
            copied = self._copied.setdefault(skill.name, [])
            room = COPIED_BYTES_MAX
            for path in await skill.files():
                content = await skill.file(path)
                if content is None or not content.whole or len(content.data) > room:
                    continue
                room -= len(content.data)
                if await _copy(context, posixpath.join(COPIES, skill.name, path), content):
                    copied.append(path)
        return self._copied[skill.name]


async def _copy(context: ToolContext, path: str, content: Content) -> bool:
    ended = await context.guest.run(
        ["sh", "-c", _COPY, "sh", path, "700" if content.executable else "600"],
        stdin=content.data,
        timeout_s=COPY_S,
    )
    return ended.code == 0


async def _one_file(skill: Skill, path: str) -> Observation:
    found = await skill.file(path)
    if found is None:
        files = ", ".join(one_line(each) for each in await skill.files()) or "none"
        return failed(f"the skill {skill.name} has no file {one_line(path)!r}", hint=f"Files: {files}.")
    if b"\0" in found.data:
        return failed(
            f"{one_line(path)} is a binary file", hint="Read the skill itself to see where it lies."
        )
    body = fenced(
        "skill", found.data.decode("utf-8", "replace"), name=skill.name, file=path, origin=skill.place.origin
    )
    cut = "" if found.whole else f"\n[only the first {FILE_BYTES_MAX} bytes]"
    return Observation(f"{one_line(path)} of skill {skill.name}\n{body}{cut}")


def tool(skills: Skills) -> Tool:
    return Tool(
        spec(
            "skill",
            "Read a skill that the environment lists, before doing what it is about.",
            {"name": text("Its name")},
            {"file": text("A file of its folder, instead of the skill itself")},
        ),
        Reading(skills).run,
    )
