"""`git`: version control inside the workspace; what destroys work is refused."""

from __future__ import annotations

import shlex

from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.render import render
from journeyman.agent.tools.shell import ENVIRONMENT
from journeyman.agent.tools.tool import Arguments, Tool, alone, spec, text

READING = frozenset(
    {"status", "diff", "log", "show", "blame", "ls-files", "rev-parse", "grep", "describe", "shortlog"}
)
TIMEOUT_S = 120.0


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    try:
        words = _words(arguments)
    except ValueError as error:
        return failed(f"the arguments cannot be split: {error}", hint="Close every quote.")
    refused = refusal(words)
    if refused:
        return failed(
            f"git {refused} needs the user's approval: nothing was done", hint="Find a way that keeps work."
        )
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


def refusal(words: list[str]) -> str | None:
    """What is not allowed in this call, or None."""
    command, *options = _without_globals(words) or [""]
    short = "".join(
        option[1:] for option in options if option.startswith("-") and not option.startswith("--")
    )
    if command == "push":
        forced = any(option.startswith(("--force", "--mirror", "--delete", "+", ":")) for option in options)
        return "push --force" if forced or "f" in short or "d" in short else None
    if command == "reset" and "--hard" in options:
        return "reset --hard"
    if command == "clean" and ("f" in short or "--force" in options):
        return "clean -f"
    if command == "config" and {"--global", "--system"} & set(options):
        return "config --global"
    if command in ("filter-branch", "filter-repo"):
        return command
    return None


def _without_globals(words: list[str]) -> list[str]:
    """The words from the subcommand on."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in ("-c", "-C", "--git-dir", "--work-tree", "--namespace") else 1
    return words[at:]


def _words(arguments: Arguments) -> list[str]:
    words = shlex.split(arguments["args"])
    return words[1:] if words[:1] == ["git"] else words


def _reading(arguments: Arguments) -> bool:
    try:
        words = _words(arguments)
    except ValueError:
        return True  # it will be refused, and changes nothing
    return bool(words) and words[0] in READING and not any(w.startswith(("--output", "-o")) for w in words)


TOOL = Tool(
    spec(
        "git",
        "Run git in the working directory. Force pushes, hard resets, clean -f, global settings are refused.",
        {"args": text("Arguments, such as: diff --stat")},
    ),
    _run,
    lambda arguments: not _reading(arguments),
    alone,
)
