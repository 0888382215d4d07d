"""`read`: numbered lines of a text file, and the memory of what the model has seen."""

from __future__ import annotations

import difflib
import posixpath

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import CHARACTERS_MAX, Observation, failed
from journeyman.agent.tools.tool import Arguments, Tool, integer, path_resource, spec, text
from journeyman.failures import Failure

LINES_MAX = 2_000
BYTES_MAX = 50_000
ROWS_CHARACTERS_MAX = CHARACTERS_MAX - 1_000
"""So that no row is left out after the last line said which there are."""
LINE_CHARACTERS_MAX = 2_000
FILE_BYTES_MAX = 20_000_000


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    path = context.state.at(arguments["path"])
    shown = context.state.shown(path)
    try:
        content = await context.guest.read(path, limit=FILE_BYTES_MAX)
    except Failure as failure:
        if failure.kind == "not_found":
            return await _missing(context, path)
        if failure.kind == "invalid":
            return failed(f"{shown} is a directory", hint="Use ls to see what is in it.")
        raise
    if b"\0" in content.data[:8_192]:
        return failed(
            f"{shown} is a binary file of {content.size} bytes", hint="Look at it with terminal (file, xxd)."
        )
    context.state.hashes[path] = content.sha256
    if not content.data:
        return Observation(f"{shown} is empty")
    lines = content.data.decode("utf-8-sig", "replace").splitlines()
    offset = max(arguments.get("offset", 1), 1)
    if offset > len(lines):
        return failed(f"{shown} has {len(lines)} lines", hint=f"Use an offset of at most {len(lines)}.")
    rows = _rows(lines, offset, min(max(arguments.get("limit", LINES_MAX), 1), LINES_MAX))
    last = offset + len(rows) - 1
    end = "[end of file]"
    if last < len(lines):
        end = f"[lines {offset}-{last} of {len(lines)}; {len(lines) - last} more: read offset={last + 1}]"
    if content.size > len(content.data):
        end = (
            f"[only the first {len(content.data)} of {content.size} bytes can be read; use grep or terminal]"
        )
    return Observation("\n".join([f"{shown} lines {offset}-{last} of {len(lines)}", *rows, end]))


def _rows(lines: list[str], offset: int, limit: int) -> list[str]:
    rows: list[str] = []
    size = characters = 0
    for number, line in enumerate(lines[offset - 1 : offset - 1 + limit], offset):
        cut = f"{line[:LINE_CHARACTERS_MAX]} [line cut]" if len(line) > LINE_CHARACTERS_MAX else line
        row = f"{number:>6}|{cut}"
        size += len(row.encode("utf-8", "replace")) + 1
        characters += len(row) + 1
        if rows and (size > BYTES_MAX or characters > ROWS_CHARACTERS_MAX):
            break
        rows.append(row)
    return rows


async def _missing(context: ToolContext, path: str) -> Observation:
    found = await context.guest.glob("**/*", limit=2_000)
    wanted = posixpath.basename(path)
    names = {posixpath.basename(each): each for each in reversed(found.paths)}
    close = difflib.get_close_matches(wanted, list(names), n=3, cutoff=0.6)
    near = ", ".join(posixpath.join(context.state.root, names[name]) for name in close)
    hint = f"Did you mean {near}?" if near else "Use glob or ls to find it."
    return failed(f"there is no file {context.state.shown(path)}", hint=hint)


TOOL = Tool(
    spec(
        "read",
        "Read a text file as numbered lines.",
        {"path": text()},
        {"offset": integer("First line, from 1"), "limit": integer("Lines; default 2000")},
    ),
    _run,
    resources=path_resource,
)
