"""Slash commands: prompt files of the user's and the project's, called by `/name arguments`.

What is called is the user's word, wherever the file lies; only the user calls it, never the agent or a file.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from journeyman.extensions.fence import one_line, visible
from journeyman.extensions.front_matter import Document, parse
from journeyman.extensions.places import Origin, Place
from journeyman.failures import Failure

PROJECT_FOLDERS = (".agents/commands", ".claude/commands")
SUFFIX = ".md"
COMMANDS_MAX = 100
FILE_BYTES_MAX = 32_768
EXPANDED_CHARACTERS_MAX = 100_000
TAKEN = frozenset({"plan", "do"})
"""Commands that are not files."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_CALL = re.compile(r"\s*/([a-z0-9][a-z0-9_-]{0,63})(?:\s+(.*))?", re.DOTALL)
_HOLE = re.compile(r"\$(ARGUMENTS\b|[1-9](?![0-9]))")


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    description: str
    hint: str
    """What its arguments are, for people; may be empty."""
    origin: Origin


@dataclass(frozen=True, slots=True)
class Expanded:
    command: Command
    text: str


async def find(places: Sequence[Place]) -> tuple[Command, ...]:
    """Of places in order: the first of a name counts, so a project cannot replace one of the user's."""
    known: dict[str, Command] = {}
    for place in places:
        for entry in await place.list():
            name = entry.name.removesuffix(SUFFIX)
            if entry.is_directory or name == entry.name or name in known or len(known) >= COMMANDS_MAX:
                continue
            found = await _read(place, name)
            if found is not None:
                known[name] = _command(name, found, place)
    return tuple(sorted(known.values(), key=lambda each: each.name))


async def expand(prompt: str, places: Sequence[Place]) -> Expanded | None:
    """What a prompt that calls a command says; None for another. Raises `invalid` where that is too long."""
    called = _CALL.fullmatch(prompt)
    if called is None:
        return None
    name, arguments = called[1], (called[2] or "").strip()
    for place in places:
        found = await _read(place, name)
        if found is not None:
            return Expanded(_command(name, found, place), _filled(name, found.body, arguments))
    return None


async def _read(place: Place, name: str) -> Document | None:
    if name in TAKEN or not _NAME.fullmatch(name):
        return None
    content = await place.read(name + SUFFIX, FILE_BYTES_MAX)
    if content is None or not content.whole:
        return None
    try:
        found = parse(content.data.decode("utf-8"))
    except ValueError:  # no UTF-8, or a front matter that is none
        return None
    return found if found.body.strip() else None


def _command(name: str, found: Document, place: Place) -> Command:
    first = next((line for line in found.body.splitlines() if line.strip()), "")
    description = found.head.get("description") or first.lstrip("# ")
    return Command(name, one_line(description), one_line(found.head.get("argument-hint", "")), place.origin)


def _filled(name: str, body: str, arguments: str) -> str:
    """Each hole once: what an argument says is not looked at again."""
    words = _words(arguments)

    def fill(hole: re.Match[str]) -> str:
        if hole[1] == "ARGUMENTS":
            return arguments
        at = int(hole[1]) - 1
        return words[at] if at < len(words) else ""

    holes = len(_HOLE.findall(body))
    if len(body) + max(holes, 1) * len(arguments) > EXPANDED_CHARACTERS_MAX:
        raise Failure(
            "invalid",
            f"/{name} with these arguments is longer than {EXPANDED_CHARACTERS_MAX:,} characters.",
            hint="Give it less, or write the longer part to a file of the project and name that.",
        )
    text = _HOLE.sub(fill, visible(body)).strip()
    return text if holes or not arguments else f"{text}\n\n{arguments}"


def _words(arguments: str) -> list[str]:
    try:
        return shlex.split(arguments)
    except ValueError:  # an apostrophe, mostly
        return arguments.split()
