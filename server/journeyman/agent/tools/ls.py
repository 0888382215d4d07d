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
    inside = await _tree(guest, path, depth, show_all=show_all, directories_max=rows_max)
    rows: list[str] = []
    more = 0

    def walk(directory: str, level: int) -> None:
        nonlocal more
        for entry in inside.get(directory, ()):
            if len(rows) >= rows_max:
                more += 1
                continue
            rows.append("  " * level + _row(entry))
            if entry.kind == "directory":
                walk(posixpath.join(directory, entry.name), level + 1)

    walk(path, 0)
    return rows, more


async def _tree(
    guest: Guest, path: str, depth: int, *, show_all: bool, directories_max: int
) -> dict[str, list[DirEntry]]:
    """Directory -> its entries as shown. Level by level, so that git is asked once for each level."""
    found: dict[str, list[DirEntry]] = {}
    level = [path]
    for _ in range(depth):
        listed = {directory: await guest.list(directory) for directory in level}
        paths = [posixpath.join(directory, entry.name) for directory in level for entry in listed[directory]]
        hidden = set[str]() if show_all else await _ignored(guest, path, paths)
        for directory in level:
            kept = [e for e in listed[directory] if posixpath.join(directory, e.name) not in hidden]
            found[directory] = sorted(kept, key=lambda each: (each.kind != "directory", each.name))
        level = [
            posixpath.join(directory, entry.name)
            for directory in level
            for entry in found[directory]
            if entry.kind == "directory"
        ][: max(directories_max - len(found), 0)]
    return found


def _row(entry: DirEntry) -> str:
    if entry.kind == "directory":
        return f"{entry.name}/"
    return f"{entry.name}  {entry.size}" if entry.kind == "file" else f"{entry.name}  ({entry.kind})"


async def _ignored(guest: Guest, top: str, paths: list[str]) -> set[str]:
    """`.git`, and what git ignores where `top` is in a repository."""
    if not paths:
        return set()
    relative = {posixpath.relpath(path, top): path for path in paths}
    names = "\0".join(relative).encode("utf-8", "surrogateescape")
    asked = await guest.run(
        ["git", "check-ignore", "-z", "--stdin"],
        cwd=top,
        stdin=names,
        timeout_s=10.0,
        output_bytes_max=4_000_000,
    )
    ignored = asked.output.decode("utf-8", "surrogateescape").split("\0") if asked.code == 0 else []
    hidden = {relative[name] for name in ignored if name in relative}
    return hidden | {path for path in paths if posixpath.basename(path) == ".git"}


TOOL = Tool(
    spec(
        "ls",
        "List a directory, git-ignored entries hidden.",
        {},
        {
            "path": text(),
            "depth": integer("Levels, 1 to 5"),
            "all": boolean("Ignored entries, too"),
        },
    ),
    _run,
)
