"""`git`: version control inside the workspace. What destroys work or reaches others is asked."""

from __future__ import annotations

import shlex

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.render import render
from journeyman.agent.tools.shell import ENVIRONMENT
from journeyman.agent.tools.tool import Arguments, Tool, alone, spec, text
from journeyman.permission.effect import Effect

READING = frozenset(
    {"status", "diff", "log", "show", "blame", "ls-files", "rev-parse", "grep", "describe", "shortlog"}
)
TIMEOUT_S = 120.0


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    try:
        words = _words(arguments)
    except ValueError as error:
        return failed(f"the arguments cannot be split: {error}", hint="Close every quote.")
    ended = await context.guest.run(
        ["git", *words],
        cwd=context.state.cwd,
        env=ENVIRONMENT,
        timeout_s=TIMEOUT_S,
        output_bytes_max=4_000_000,
    )
    context.state.activity += 0 if _reading(arguments) else 1
    status = f"exit {ended.code} in {ended.seconds:.1f}s cwd={context.state.cwd}"
    if ended.timed_out:
        status = f"killed after {TIMEOUT_S:.0f}s; use terminal for what takes longer"
    body = render(ended.output).rstrip("\n") or "[no output]"
    return Observation(f"{status}\n{body}", ok=ended.code == 0 and not ended.timed_out)


def _words(arguments: Arguments) -> list[str]:
    words = shlex.split(arguments["args"])
    return words[1:] if words[:1] == ["git"] else words


def _reading(arguments: Arguments) -> bool:
    try:
        words = _words(arguments)
    except ValueError:
        return True  # it will be refused, and changes nothing
    runs = ("--output", "-o", "-O", "--open-files-in-pager", "--ext-diff", "--textconv")
    return bool(words) and words[0] in READING and not any(word.startswith(runs) for word in words)


async def _effect(context: ToolContext, arguments: Arguments) -> Effect | None:
    state = context.state
    try:
        words = _words(arguments)
    except ValueError:
        return None
    title = shlex.join(["git", *words])
    return Effect("git", title, state.cwd, argv=tuple(words))


TOOL = Tool(
    spec(
        "git",
        "Run git. The user is asked before work is thrown away or pushed.",
        {"args": text("Such as: diff --stat")},
    ),
    _run,
    lambda arguments: not _reading(arguments),
    alone,
    _effect,
)
