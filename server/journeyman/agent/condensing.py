"""Old exchanges as a summary, where clearing results was not enough: what was done, one line for each call.

Made of the messages alone and by no model: a summary a model writes costs a call, forgets rules and makes
things up. The user's words, the newest surroundings with the project's rules and commands, the todo list and
the last six exchanges stay as they are. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from journeyman.records import Message

EXCHANGES_KEPT = 6
USER_TOKENS_MAX = 20_000
CHARACTERS_PER_TOKEN = 4
LINE_CHARACTERS_MAX = 160
SURROUNDINGS = "<environment>"
PICTURES_OF: attrgetter[Any] = attrgetter("pictures")
"""For whoever looks through a whole history at every step."""
_INTRO = (
    "Earlier exchanges were taken out to make room. Nothing that was done is undone; look again at what you "
    "need. What was done, oldest first:"
)
_PINNED = {"todowrite": "The todo list as last written:", "commands": "The commands as last recorded:"}


def boundary_of(messages: Sequence[Message]) -> int:
    """How many messages stand before the last six exchanges."""
    answers = [index for index, message in enumerate(messages) if message.role == "assistant"]
    return answers[-EXCHANGES_KEPT] if len(answers) > EXCHANGES_KEPT else 0


def head_of(messages: Sequence[Message], boundary: int, room: int) -> tuple[Message, ...]:
    """What stands for the first `boundary` messages: what users said, then the summary, whose lines have at
    most `room` characters together."""
    old = messages[:boundary]
    said = _said([message for message in old if message.role == "user"])
    lines = _newest(_lines(old), room)
    text = "\n".join(["<summary>", _INTRO, *lines, *_pinned(old), "</summary>"])
    last = old[-1]
    summary = Message(f"{last.id}/summary", last.chat_id, last.run_id, "user", text, last.created_at)
    return (*said, summary)


def without(message: Message, why: str) -> Message:
    """The message with words in place of its images."""
    names = ", ".join(picture.name or picture.mime for picture in message.pictures)
    noted = f"[images left out: {names}; {why}]"
    return replace(message, text=f"{message.text}\n\n{noted}".lstrip(), pictures=())


def call_lines(messages: Sequence[Message]) -> dict[str, str]:
    """Call id -> name and its first arguments, on one line."""
    shown: dict[str, str] = {}
    for message in messages:
        for call in message.tool_calls:
            values = (
                str(value).splitlines()[0][:80] for value in call.arguments.values() if str(value).strip()
            )
            shown[call.id] = " ".join([call.name, *list(values)[:3]])
    return shown


def _said(messages: Sequence[Message]) -> list[Message]:
    """Their words, as many of the newest as fit; of the older ones the beginning. Of the descriptions of the
    surroundings only the newest."""
    kept: list[Message] = []
    left, described = USER_TOKENS_MAX * CHARACTERS_PER_TOKEN, False
    for message in reversed(messages):
        if SURROUNDINGS in message.context:
            message = replace(message, context="") if described else message
            described = True
        left -= len(message.text)
        if message.pictures:
            message = without(message, "cleared to make room")
        if left < 0 and kept and len(message.text) > LINE_CHARACTERS_MAX:
            message = replace(message, text=f"{message.text[:LINE_CHARACTERS_MAX]} [the rest was cleared]")
        kept.append(message)
    return kept[::-1]


def _lines(messages: Sequence[Message]) -> list[str]:
    calls = call_lines(messages)
    lines: list[str] = []
    for message in messages:
        first = message.text.strip().partition("\n")[0][:LINE_CHARACTERS_MAX]
        if message.role == "assistant" and first:
            lines.append(f"- you said: {first}")
        elif message.role == "tool":
            name = calls.get(message.tool_call_id or "", message.tool_name or "tool")
            lines.append(f"- {name[:LINE_CHARACTERS_MAX]}: {first}")
    return lines


def _newest(lines: Sequence[str], room: int) -> list[str]:
    kept: list[str] = []
    for line in reversed(lines):
        room -= len(line) + 1
        if room < 0:
            kept.append(f"- [{len(lines) - len(kept)} earlier calls and answers]")
            break
        kept.append(line)
    return kept[::-1]


def _pinned(messages: Sequence[Message]) -> list[str]:
    """Of each kind the newest, word for word."""
    newest: dict[str, str] = {}
    for message in messages:
        name = _plain(message.tool_name or "")
        if message.role == "tool" and message.ok and name in _PINNED:
            newest[name] = message.text
    return [line for name, title in _PINNED.items() if name in newest for line in (title, newest[name])]


def _plain(name: str) -> str:
    """Models write `todo_write` as well."""
    return name.replace("_", "").lower()
