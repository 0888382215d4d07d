"""The one place where an error becomes words: a sentence and what to do next, on stderr, and an exit code.

A traceback is shown only with JOURNEYMAN_DEBUG=1. Whatever gets here unknown is a bug and says so.
"""

from __future__ import annotations

import re
import sys
import traceback
from typing import cast

from journeyman.cli import output
from journeyman.cli.visible import visible
from journeyman.failures import Failure

FAILED = 1
USAGE = 2
INTERRUPTED = 130

COMMANDS = {
    "agent/queue/list": "journeyman queue list CHAT",
    "agent/runs": "journeyman runs CHAT",
    "chat/list": "journeyman chats list",
    "checkpoint/list": "journeyman checkpoints CHAT",
    "model/list": "journeyman models",
    "permission/list": "journeyman permissions",
    "project/list": "journeyman projects list",
    "project/update": "journeyman projects quota PROJECT",
    "workspace/archives": "journeyman archive list PROJECT",
}
"""The daemon names methods in its hints; whoever types commands is told those."""
METHOD = re.compile("`?(?<![\\w/])(" + "|".join(COMMANDS) + ")\\b`?")


def report(error: BaseException) -> int:
    """Say what went wrong on stderr; answers the exit code."""
    if output.debugging():
        traceback.print_exception(error, file=sys.stderr)
    error = _inner(error)
    if isinstance(error, Failure):
        say(error.message, error.hint)
        # A connection that was lost is `cancelled` too, and worth another try; a person's cancel is not.
        if error.kind == "cancelled" and not error.retryable:
            return INTERRUPTED
        return USAGE if error.kind == "invalid" else FAILED
    if isinstance(error, KeyboardInterrupt):
        print(file=sys.stderr)
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        # The reader of our output went away; there is nobody to tell, and Python must not try at exit.
        sys.stdout = None
        return FAILED
    if isinstance(error, OSError):
        what = f"{error.strerror}: {error.filename}" if error.filename else str(error)
        say(f"The system refused: {what}.", "Run `journeyman doctor` to see what is wrong.")
        return FAILED
    if problem := settings_problem(error):
        say(problem, "Correct config.toml or the JOURNEYMAN_... variable named here.")
        return USAGE
    say(
        f"This is a bug in Journeyman: {type(error).__name__}: {error}",
        "Run it again with JOURNEYMAN_DEBUG=1 and report what it prints.",
    )
    return FAILED


def say(message: str, hint: str = "") -> None:
    console = output.stderr()
    console.print(f"error: {visible(message)}", style="red", markup=False)
    if hint:
        hint = METHOD.sub(lambda found: f"`{COMMANDS[found[1]]}`", visible(hint))
        console.print(f"  {hint}", markup=False)


def _inner(error: BaseException) -> BaseException:
    """The first error of a group: the others are usually its consequences."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    several = cast("BaseExceptionGroup[BaseException]", error).exceptions
    return _inner(next((e for e in several if isinstance(e, Failure)), several[0]))


def settings_problem(error: BaseException) -> str | None:
    """A sentence for settings that do not fit."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError) and error.title == "Settings":
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "a setting"
        return f"The setting {name!r} is not right: {first['msg']}."
    return None
