"""Tool calls for models too weak to write them: files and commands as fenced blocks (`model/blocks.py`).

Chosen with the option `tool_mode = "blocks"`. Of the tools only three are meant: a block below a name is
`write`, one of a shell is `terminal`, and a reply without a block is `fin`; each where it is offered. What
the user's message brings with it comes before what it asks, and worked examples come before all of it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from typing import Any

from journeyman.adapters.body_layout import Json, Layout
from journeyman.adapters.chat_completions import common_fields, user_content
from journeyman.model import blocks
from journeyman.ports.model import ModelDelta, ModelRequest, StopDelta, TextDelta, ToolCallDelta
from journeyman.records import Message, ToolCall

REPLY_CHARACTERS_MAX = 4 * 1024 * 1024
CALLS_MAX = 16
FILE, COMMAND, END = "write", "terminal", "fin"

_RULE = (
    "To write a file, answer with its name and its whole content in a code block. "
    "To run a command, answer with a code block sh."
)


def applies(request: ModelRequest, options: Mapping[str, Any]) -> bool:
    return options.get("tool_mode") == "blocks" and bool(request.tools) and request.tool_choice != "none"


def names(request: ModelRequest) -> frozenset[str]:
    return frozenset(spec.name for spec in request.tools)


async def as_calls(stream: AsyncIterator[ModelDelta], tools: Collection[str]) -> AsyncIterator[ModelDelta]:
    """The stream with its blocks turned into calls. Text that cannot be read beyond doubt stays text."""
    pieces: list[str] = []
    size = 0
    async for delta in stream:
        if isinstance(delta, TextDelta):
            if size <= REPLY_CHARACTERS_MAX:
                pieces.append(delta.text)
                size += len(delta.text)
            continue
        if isinstance(delta, StopDelta):
            text = "".join(pieces)
            pieces.clear()
            for each in _calls(text, tools, cut=delta.reason not in ("stop", "unknown")):
                yield each
        yield delta
    if pieces:
        yield TextDelta("".join(pieces))  # the stream broke off


def _calls(text: str, tools: Collection[str], *, cut: bool) -> list[ModelDelta]:
    reply = blocks.read(text)
    if not reply.blocks and reply.clear and not cut and text.strip() and END in tools:
        return [_call(0, END, {"summary": text.strip()})]
    wanted = _in_order(reply.blocks) if reply.clear else ()
    made = [_made(each) for each in wanted]
    if not made or any(name not in tools for name, _ in made):
        return [TextDelta(text)] if text else []
    said: list[ModelDelta] = [TextDelta(reply.before)] if reply.before else []
    return [*said, *(_call(index, name, arguments) for index, (name, arguments) in enumerate(made))]


def _in_order(found: tuple[blocks.Block, ...]) -> tuple[blocks.Block, ...]:
    """What can be done at the same time: files, each once, up to the first command, or that alone."""
    if found and found[0].path is None:
        return found[:1]
    seen: set[str] = set()
    for at, each in enumerate(found[:CALLS_MAX]):
        if each.path is None or each.path in seen:
            return found[:at]
        seen.add(each.path)
    return found[:CALLS_MAX]


def _made(block: blocks.Block) -> tuple[str, Json]:
    if block.path is None:
        return COMMAND, {"command": block.text}
    return FILE, {"path": block.path, "content": block.text}


def _call(index: int, name: str, arguments: Json) -> ToolCallDelta:
    return ToolCallDelta(index=index, name=name, arguments=json.dumps(arguments, ensure_ascii=False))


def _opening(request: ModelRequest) -> Json:
    return {"model": request.model}


def _system(request: ModelRequest) -> Json:
    return {"role": "system", "content": f"{request.system.strip()}\n{_RULE}".strip()}


def _message(message: Message, pictures: Mapping[str, str]) -> Json | None:
    if message.role == "user":
        told = f"{message.context}\n\n{message.text}" if message.context else message.text
        return {"role": "user", "content": user_content(replace(message, text=told, context=""), pictures)}
    if message.role == "tool":
        # What was written it knows, and a diff of it leads it astray.
        text = message.text.partition("\n")[0] if message.tool_name == FILE else message.text
        return {"role": "user", "content": f"Result of {message.tool_name or 'the call'}:\n{text}"}
    said = "\n\n".join(filter(None, [message.text, *map(_shown, message.tool_calls)]))
    return {"role": "assistant", "content": said} if said else None


def _shown(call: ToolCall) -> str:
    """As the model wrote it, or would have."""
    values = call.arguments
    if call.name == FILE and isinstance(values.get("path"), str) and isinstance(values.get("content"), str):
        return blocks.of_file(values["path"], values["content"])
    if call.name == COMMAND and isinstance(values.get("command"), str):
        return blocks.of_command(values["command"])
    if call.name == END and isinstance(values.get("summary"), str):
        return values["summary"]
    return json.dumps({"tool": call.name, "arguments": values}, ensure_ascii=False)


def _closing(request: ModelRequest, options: Mapping[str, Any]) -> Json:
    return common_fields(request, options)


def _examples() -> tuple[Json, ...]:
    return tuple({"role": role, "content": said} for role, said in blocks.examples())


LAYOUT = Layout(_opening, _system, _message, _closing, _examples)
"""The same order rule as in `chat_completions`."""
