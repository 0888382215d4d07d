"""`edit`: replace text in a file through the edit ladder. Several edits are all or none."""

from __future__ import annotations

import asyncio
from typing import Any

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.diff import short_diff
from journeyman.agent.tools.edit_ladder import Edited, NotEdited, edit_all
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.tool import Arguments, Tool, always, boolean, path_resource, record, spec, text
from journeyman.failures import Failure
from journeyman.permission.effect import Effect

FILE_BYTES_MAX = 20_000_000
AT_ONCE_BYTES_MAX = 200_000


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    path = context.state.at(arguments["path"])
    shown = context.state.shown(path)
    edits = _edits(arguments)
    if not edits:
        return failed("no edit was given", hint="Give old_string and new_string, or edits.")
    present = await _present(context, path)
    if not edits[0][0] and len(edits) == 1 and not present[0]:
        stat = await context.guest.write(path, edits[0][1].encode("utf-8", "surrogateescape"))
        context.state.edited(path, stat.sha256 or "")
        return Observation(f"created {shown}")
    data, sha256 = present
    if sha256 is None:
        return failed(f"there is no file {shown}", hint="Use write to create it, or glob to find it.")
    if len(data) > FILE_BYTES_MAX:
        return failed(f"{shown} has {len(data)} bytes, too many to edit", hint="Use terminal (sed).")
    result = await _edited(data, edits)
    if isinstance(result, NotEdited):
        return failed(f"{shown}: {result.message}")
    stat = await context.guest.write(path, result.data, expected_sha256=sha256)
    context.state.edited(path, stat.sha256 or "")
    status = f"edited {shown} (rung: {result.rung}) lines {result.first_line}-{result.last_line}"
    return Observation(f"{status}\n{short_diff(data, result.data, shown)}")


async def _edited(data: bytes, edits: list[tuple[str, str, bool]]) -> Edited | NotEdited:
    """In a thread where it may take longer than others should wait."""
    if len(data) <= AT_ONCE_BYTES_MAX:
        return edit_all(data, edits)
    return await asyncio.to_thread(edit_all, data, edits)


def _edits(arguments: Arguments) -> list[tuple[str, str, bool]]:
    several: list[dict[str, Any]] = arguments.get("edits", [])
    if "old_string" in arguments or "new_string" in arguments:
        several = [arguments, *several]
    return [
        (one.get("old_string", ""), one.get("new_string", ""), one.get("replace_all", False))
        for one in several
    ]


async def _effect(context: ToolContext, arguments: Arguments) -> Effect:
    state = context.state
    path = state.shown(state.at(arguments["path"]))
    lines = [
        f"{mark}{line}"
        for old, new, _ in _edits(arguments)
        for mark, text in (("-", old), ("+", new))
        for line in text.splitlines()
    ]
    return Effect("edit", f"edit {path}", state.cwd, paths=(path,), detail="\n".join(lines), bound=arguments)


async def _present(context: ToolContext, path: str) -> tuple[bytes, str | None]:
    try:
        content = await context.guest.read(path)
    except Failure as failure:
        if failure.kind != "not_found":
            raise
        return b"", None
    return content.data, content.sha256


_OLD = _NEW = text()
_ALL = boolean()
TOOL = Tool(
    spec(
        "edit",
        "Replace old_string, which must be in exactly one place, by new_string; or do several such edits.",
        {"path": text("File")},
        {
            "old_string": _OLD,
            "new_string": _NEW,
            "replace_all": _ALL,
            "edits": {
                "type": "array",
                "description": "In order, all or none",
                "items": record({"old_string": _OLD, "new_string": _NEW}, {"replace_all": _ALL}),
            },
        },
    ),
    _run,
    always,
    path_resource,
    _effect,
    changed_paths=path_resource,
)
