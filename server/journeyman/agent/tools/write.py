"""`write`: a whole file. Never over one the model has not seen as it is now, unless told to."""

from __future__ import annotations

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.diff import short_diff
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.tool import Arguments, Tool, always, boolean, path_resource, spec, text
from journeyman.failures import Failure
from journeyman.permission.effect import Effect

BOM = b"\xef\xbb\xbf"


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    path = context.state.at(arguments["path"])
    shown = context.state.shown(path)
    data = arguments["content"].encode("utf-8", "surrogateescape")
    try:
        present = await context.guest.read(path)
    except Failure as failure:
        if failure.kind != "not_found":
            raise
        present = None
    if present is None:
        stat = await context.guest.write(path, data, expected_sha256="")
        context.state.edited(path, stat.sha256 or "")
        return Observation(f"created {shown}, {_lines(data)} lines")
    if context.state.hashes.get(path) != present.sha256 and not arguments.get("overwrite", False):
        why = (
            "changed since you read it"
            if path in context.state.hashes
            else "exists and was not read in this run"
        )
        return failed(
            f"{shown} {why}: nothing was written",
            hint="Read it first; use edit for a part of it, or set overwrite to replace it unseen.",
        )
    data = _in_style_of(present.data, data)
    stat = await context.guest.write(path, data, expected_sha256=present.sha256)
    context.state.edited(path, stat.sha256 or "")
    diff = short_diff(present.data, data, shown)
    return Observation(
        f"replaced {shown}, {_lines(data)} lines" + (f"\n{diff}" if diff else "; content as before")
    )


async def _effect(context: ToolContext, arguments: Arguments) -> Effect:
    state = context.state
    path = state.shown(state.at(arguments["path"]))
    return Effect(
        "edit", f"write {path}", state.cwd, paths=(path,), detail=arguments["content"], bound=arguments
    )


def _in_style_of(before: bytes, data: bytes) -> bytes:
    """Byte order mark and line endings stay as the file has them."""
    if before.count(b"\r\n") * 2 > before.count(b"\n") > 0:
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if before.startswith(BOM) and not data.startswith(BOM):
        data = BOM + data
    return data


def _lines(data: bytes) -> int:
    return len(data.splitlines())


TOOL = Tool(
    spec(
        "write",
        "Create a file and its directories, or replace one that was read in this run.",
        {"path": text(), "content": text()},
        {"overwrite": boolean("Though it was not read")},
    ),
    _run,
    always,
    path_resource,
    _effect,
    changed_paths=path_resource,
)
