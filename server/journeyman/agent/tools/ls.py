"""`ls`: what is in a directory."""

from __future__ import annotations

import posixpath

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.tool import Arguments, Tool, boolean, integer, spec, text
from journeyman.ports.guest import DirEntry, Guest

ENTRIES_MAX = 500
DEPTH_MAX = 5


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    path = context.state.at(arguments.get("path", "."))
    depth = min(max(arguments.get("depth", 1), 1), DEPTH_MAX)
    found = await context.guest.stat(path)
    if found is None:
        return failed(f"there is no {context.state.shown(path)}", hint="ls its parent to see what is there.")
    if found.kind == "file":
        return Observation(f"{context.state.shown(path)} is a file of {found.size} bytes; read it with read.")
    rows, more = await tree_rows(context.guest, path, depth, show_all=arguments.get("all", False))
    tail = [f"{more} more entries"] if more else []
    return Observation("\n".join([f"{len(rows)} entries in {context.state.shown(path)}", *rows, *tail]))


async def tree_rows(
    guest: Guest, path: str, depth: int, *, show_all: bool, rows_max: int = ENTRIES_MAX
) -> tuple[list[str], int]:
    """Indented rows, directories first, and how many entries did not fit."""
    rows: list[str] = []
    more = 0

    async def walk(directory: str, level: int) -> None:
        nonlocal more
        entries = await guest.list(directory)
        hidden = set[str]() if show_all else await _ignored(guest, directory, entries)
        for entry in sorted(entries, key=lambda each: (each.kind != "directory", each.name)):
            if entry.name in hidden:
                continue
            if len(rows) >= rows_max:
                more += 1
                continue
            rows.append("  " * level + _row(entry))
            if entry.kind == "directory" and level + 1 < depth:
                await walk(posixpath.join(directory, entry.name), level + 1)

    await walk(path, 0)
    return rows, more


def _row(entry: DirEntry) -> str:
    if entry.kind == "directory":
        return f"{entry.name}/"
    return f"{entry.name}  {entry.size}" if entry.kind == "file" else f"{entry.name}  ({entry.kind})"


async def _ignored(guest: Guest, directory: str, entries: tuple[DirEntry, ...]) -> set[str]:
    """`.git`, and what git ignores where the directory is in a repository."""
    if not entries:
        return set()
    names = "\0".join(entry.name for entry in entries).encode("utf-8", "surrogateescape")
    asked = await guest.run(
        ["git", "check-ignore", "-z", "--stdin"], cwd=directory, stdin=names, timeout_s=10.0
    )
    ignored = asked.output.decode("utf-8", "surrogateescape").split("\0") if asked.code == 0 else []
    return {".git", *ignored}


TOOL = Tool(
    spec(
        "ls",
        "List a directory: directories first, git-ignored entries hidden.",
        {},
        {
            "path": text("Directory; default the working directory"),
            "depth": integer("Levels to show, 1 to 5; default 1"),
            "all": boolean("Show ignored entries too"),
        },
    ),
    _run,
)
