"""A question of the daemon put to the person at the terminal: y, n, or a for the rest of the run.

What is typed is waited for without a thread, so that a question somebody else answers, or that expires, can
be taken back from the screen. Anything else that is typed is what the agent is told with a no.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from journeyman.cli.visible import visible

if TYPE_CHECKING:
    from rich.console import Console

METHOD = "permission/request"
CAPABILITIES: dict[str, Any] = {
    "experimental": {"journeyman": {"protocolVersion": 1, "events": True, "requests": [METHOD]}}
}
DETAIL_LINES = 20
_ANSWERS = {"y": "allow", "yes": "allow", "a": "allow-run", "always": "allow-run", "n": "deny", "no": "deny"}


class Stage(Protocol):
    """What shows the run, and can make room for a question."""

    console: Console
    asks: bool

    def aside(self) -> AbstractContextManager[None]: ...


def prompt(permission: dict[str, Any]) -> str:
    if permission["subject"]["type"] == "question":
        return "number or answer"
    return "allow? y, n, a (always for this run)"


def answer_to(typed: str, permission: dict[str, Any]) -> dict[str, Any] | None:
    """What a line means; None for an empty one."""
    words = typed.strip()
    if not words:
        return None
    option = _ANSWERS.get(words.lower())
    if permission["subject"]["type"] == "question":
        numbers = {each["id"] for each in permission["options"] if each["kind"] == "answer"}
        option = words if words in numbers else None
    return {"optionId": option} if option else {"optionId": "deny", "feedback": words[:4000]}


class Asked:
    """Answers `permission/request`, one question after the other, once there is a stage for it."""

    def __init__(self, read_line: Callable[[], Awaitable[str]] | None = None) -> None:
        self._read_line = read_line or _line
        self._one_at_a_time = asyncio.Lock()
        self._stage: Stage | None = None
        self._chat_id = ""

    def on(self, stage: Stage, chat_id: str) -> None:
        """Questions of this chat are asked on `stage` from now on; those of others are left to others."""
        self._stage, self._chat_id = stage, chat_id
        stage.asks = True

    async def answer(self, permission: dict[str, Any]) -> dict[str, Any]:
        stage = self._stage
        if stage is None or permission["chatId"] != self._chat_id:
            return {}
        async with self._one_at_a_time:
            with stage.aside():
                show(stage.console, permission)
                while True:
                    stage.console.print(f"  {prompt(permission)}: ", end="", style="bold", markup=False)
                    typed = await self._read_line()
                    if not typed:  # the terminal is gone: it waits for somebody else
                        return {}
                    if (found := answer_to(typed, permission)) is not None:
                        return found


def show(console: Console, permission: dict[str, Any]) -> None:
    subject = permission["subject"]
    console.print(f"  Journeyman asks: {visible(subject['title'])}", style="bold yellow", markup=False)
    if subject["type"] == "question":
        for option in permission["options"]:
            if option["kind"] == "answer":
                console.print(f"    {option['id']}  {visible(option['title'])}", markup=False)
        return
    place = f" in {visible(subject['cwd'])}" if subject["type"] != "edit" else ""
    console.print(f"  because {subject['why']}{place}", style="dim", markup=False)
    text = subject.get("detail") or subject.get("command") or ""
    lines = visible(text).splitlines()
    if len(lines) > 1 or subject.get("detail"):
        for line in lines[:DETAIL_LINES]:
            console.print(f"    {line[:200]}", style="dim", markup=False)
        if len(lines) > DETAIL_LINES:
            console.print(f"    ... {len(lines) - DETAIL_LINES} more lines", style="dim")


async def _line() -> str:
    """One line of standard input; empty at its end."""
    loop = asyncio.get_running_loop()
    got: asyncio.Future[str] = loop.create_future()

    def readable() -> None:
        if not got.done():
            got.set_result(sys.stdin.readline())

    loop.add_reader(sys.stdin.fileno(), readable)
    try:
        return await got
    finally:
        loop.remove_reader(sys.stdin.fileno())
