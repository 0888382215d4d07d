"""The tools of a run: one list for both phases, the same bytes in every request to one model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from journeyman.agent.families import Family
from journeyman.agent.state import RunState
from journeyman.agent.tools import (
    ask,
    cd,
    commands,
    edit,
    fin,
    git,
    glob,
    grep,
    ls,
    patch,
    read,
    todo_read,
    todo_write,
    write,
)
from journeyman.agent.tools.arguments import decode
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import CHARACTERS_MAX, Observation, capped, failed
from journeyman.agent.tools.shell import Shell
from journeyman.agent.tools.terminal import terminal
from journeyman.agent.tools.tool import Arguments, Tool
from journeyman.failures import Failure
from journeyman.ports.guest import Guest
from journeyman.ports.model import ToolSpec
from journeyman.records import ToolCall
from journeyman.redaction import redact

PLAN_FIRST = "plan first: call todoWrite"
PLAN_AGAIN = "plan again first: call todoWrite"
ONLY_READING = (
    "Until then only reading tools are run: ls, read, grep, glob, git status; and terminal with the id of a "
    "running command, to poll or kill it."
)
_ALIASES = {
    **dict.fromkeys(("todo_write", "todowrite", "update_plan"), "todoWrite"),
    **dict.fromkeys(("todo_read", "todoread"), "todoRead"),
    **dict.fromkeys(("bash", "shell", "run", "exec"), "terminal"),
    **dict.fromkeys(("finish", "done"), "fin"),
    **dict.fromkeys(("list", "list_dir", "list_directory"), "ls"),
    **dict.fromkeys(("write_file", "create_file"), "write"),
    **dict.fromkeys(("edit_file", "str_replace"), "edit"),
    **dict.fromkeys(("apply_patch", "applypatch"), "patch"),
    **dict.fromkeys(("ask_user", "ask_question", "ask_followup_question"), "ask"),
    "read_file": "read",
    "search": "grep",
    "find": "glob",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that can be run: its tool and decoded arguments."""

    call: ToolCall
    tool: Tool
    arguments: Arguments
    notes: tuple[str, ...]
    resources: frozenset[str]


class Registry:
    def __init__(self, guest: Guest, root: str, more: Sequence[Tool] = ()) -> None:
        """`more`: what extensions add for the whole run."""
        tools = (
            ls.TOOL, cd.TOOL, read.TOOL, write.TOOL, edit.TOOL, patch.TOOL, grep.TOOL, glob.TOOL,
            todo_write.TOOL, todo_read.TOOL, terminal(Shell(guest, root)), git.TOOL, commands.TOOL,
            ask.TOOL, fin.TOOL, *more,
        )  # fmt: skip
        self._tools = {tool.spec.name: tool for tool in tools}
        self._offered: dict[Family, tuple[ToolSpec, ...]] = {}

    def specs(self, family: Family) -> tuple[ToolSpec, ...]:
        """What a model of this family is offered. A call of another tool is run all the same: the model
        before it may have been of another family."""
        if family not in self._offered:
            specs = (tool.spec for name, tool in self._tools.items() if family.is_offered(name))
            self._offered[family] = tuple(specs)
        return self._offered[family]

    def prepare(self, call: ToolCall, state: RunState) -> Prepared | Observation:
        """The call made runnable, or what the model must be told instead."""
        tool = self._tools.get(_ALIASES.get(call.name.lower(), call.name))
        if tool is None:
            return failed(f"there is no tool {call.name!r}", hint=f"Tools: {', '.join(self._tools)}.")
        if call.invalid is not None:
            return failed(f"the arguments could not be read: {call.invalid}", hint=_usage(tool))
        decoded = decode(tool.spec.parameters, call.arguments)
        if decoded.problem:
            return failed(decoded.problem, hint=_usage(tool))
        if (state.phase == "plan" or state.replan) and tool.needs_a_plan(decoded.values):
            return _plan_first(state)
        keys = tool.resources(state, decoded.values)
        return Prepared(call, tool, decoded.values, tuple(decoded.notes), keys)


async def run_tool(prepared: Prepared, context: ToolContext) -> Observation:
    """Run it; a `Failure` is an observation as well. The text is bounded and free of known secrets."""
    try:
        observation = await prepared.tool.run(context, prepared.arguments)
    except Failure as failure:
        observation = failed(failure.message, hint=failure.hint)
    text = redact(observation.text)
    if prepared.notes:
        status, _, rest = text.partition("\n")
        text = "\n".join([status, *(f"note: {note}" for note in prepared.notes), *([rest] if rest else [])])
    saved = observation.log
    if saved is None and len(text) > CHARACTERS_MAX:
        saved = await _saved(text, context)
    return replace(observation, text=capped(text, saved))


async def _saved(text: str, context: ToolContext) -> str | None:
    """Keep the whole text in the workspace's temporary folder; None where that fails."""
    path = f"/tmp/journeyman/{context.log_name}"
    script = 'umask 077; mkdir -p /tmp/journeyman && cat > "$1"'
    try:
        ended = await context.guest.run(
            ["sh", "-c", script, "sh", path], stdin=text.encode("utf-8", "replace"), timeout_s=10.0
        )
    except Failure:
        return None
    return path if ended.code == 0 else None


def _plan_first(state: RunState) -> Observation:
    if state.phase == "plan":
        return failed(PLAN_FIRST, hint=ONLY_READING)
    return failed(PLAN_AGAIN, hint=f"{state.replan} {ONLY_READING}")


def _usage(tool: Tool) -> str:
    properties: dict[str, Any] = tool.spec.parameters["properties"]
    required = tool.spec.parameters.get("required", ())
    shown = ", ".join(name if name in required else f"{name}?" for name in properties)
    return f"Usage: {tool.spec.name}({shown})."
