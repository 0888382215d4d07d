"""`grep`: lines that match a regular expression, in the files of the workspace."""

from __future__ import annotations

import posixpath

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation
from journeyman.agent.tools.tool import Arguments, Tool, boolean, integer, spec, text

LINE_CHARACTERS_MAX = 300


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    path = context.state.at(arguments.get("path", "."))
    limit = min(max(arguments.get("limit", 100), 1), 1_000)
    found = await context.guest.grep(
        arguments["pattern"],
        path=path,
        glob=arguments.get("glob"),
        ignore_case=arguments.get("ignore_case", False),
        limit=limit,
    )
    if not found.matches:
        return Observation(f"no match for {arguments['pattern']!r} in {context.state.shown(path)}")
    rows = [
        f"{_relative(context, path, m.path)}:{m.line}:{m.text[:LINE_CHARACTERS_MAX]}" for m in found.matches
    ]
    files = len({match.path for match in found.matches})
    head = f"{len(found.matches)} matches in {files} files"
    tail = [f"{found.more_matches} more in {found.more_files} files"] if found.more_matches else []
    return Observation("\n".join([head, *rows, *tail]))


def _relative(context: ToolContext, base: str, path: str) -> str:
    """As the other tools take it: relative to the working directory where it is below it."""
    whole = path if path.startswith("/") else posixpath.join(base, path)
    shown = posixpath.relpath(whole, context.state.cwd)
    return whole if shown.startswith("..") else shown


TOOL = Tool(
    spec(
        "grep",
        "Search file contents; newest files first, git-ignored ones left out.",
        {"pattern": text("Regular expression")},
        {
            "path": text("Directory or file"),
            "glob": text("Of files, such as *.py"),
            "ignore_case": boolean(),
            "limit": integer(),
        },
    ),
    _run,
)
