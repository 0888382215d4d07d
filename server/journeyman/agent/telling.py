"""The events of one run, by name. Everything is redacted here, and appended before anybody sees it.

What a run hands over without waiting for it (`writing.py`) answers a future.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Literal, cast

from journeyman.pictures import Picture
from journeyman.ports.sandbox import Acquired
from journeyman.records import Counted, Event, EventKind, Message, Run, Usage
from journeyman.redaction import redact

if TYPE_CHECKING:
    from journeyman.chat.event_log import EventLog

RESULT_CHARACTERS_MAX = 2_000
ARGUMENT_CHARACTERS_MAX = 10_000
_PATCHED = re.compile(r"^\*\*\* (?:Add|Delete|Update) File: *(.+)", re.MULTILINE)


ACQUIRED: dict[Acquired, str] = {
    "stopped": "The workspace was stopped and runs again.",
    "restored": "The workspace was brought back from its archive.",
}
"""What people are told of it; the rest is no news to them."""


class Telling:
    def __init__(self, log: EventLog, chat_id: str, run_id: str) -> None:
        self._log = log
        self._chat_id = chat_id
        self._run_id = run_id

    def _say(
        self, kind: EventKind, data: dict[str, Any], item_id: str | None = None, *, patient: bool = False
    ) -> asyncio.Future[Event]:
        return self._log.append(
            self._chat_id, kind, data, run_id=self._run_id, item_id=item_id, patient=patient
        )

    def _hint(self, kind: EventKind, data: dict[str, Any], item_id: str | None = None) -> None:
        self._log.publish_delta(self._chat_id, kind, data, run_id=self._run_id, item_id=item_id)

    async def started(self, run: Run, model: str | None) -> None:
        await self._say("run/started", {"prompt": run.prompt, "model": model, "mode": run.mode})

    async def phase(self, phase: Literal["workspace", "plan", "execute", "verify"]) -> None:
        await self._say("run/phase", {"phase": phase})

    async def workspace(self, acquired: Acquired) -> None:
        """Where the run's workspace came from, if it was not at hand."""
        if acquired != "map":
            data = {"state": "live", "acquired": acquired}
            message = ACQUIRED.get(acquired)
            await self._say("workspace/changed", data if message is None else {**data, "message": message})

    async def finished(self, run: Run) -> None:
        await self._say("run/finished", finished_data(run))

    def delta(self, text: str, channel: Literal["text", "reasoning"], item_id: str) -> None:
        self._hint("message/delta", {"text": redact(text), "channel": channel}, item_id)

    def message(self, message: Message) -> asyncio.Future[Event]:
        calls = [{"id": call.id, "name": call.name} for call in message.tool_calls]
        text = redact(message.text)
        data = {"messageId": message.id, "role": message.role, "text": text, "toolCalls": calls}
        if message.pictures:
            data["images"] = [_picture(each) for each in message.pictures]
        return self._say("message/completed", data, message.id)

    def tool_started(self, call_id: str, name: str, arguments: dict[str, Any]) -> asyncio.Future[Event]:
        data = {
            "callId": call_id,
            "name": name,
            "title": title(name, arguments),
            "arguments": _shown(arguments),
        }
        return self._say("tool/started", data, call_id)

    def tool_output(self, call_id: str, text: str) -> None:
        self._hint("tool/output", {"callId": call_id, "text": redact(text)}, call_id)

    def tool_finished(
        self, call_id: str, name: str, *, ok: bool, seconds: float, text: str, message_id: str
    ) -> asyncio.Future[Event]:
        """The message has the whole text."""
        data = {
            "callId": call_id,
            "name": name,
            "ok": ok,
            "seconds": round(seconds, 3),
            "text": text[:RESULT_CHARACTERS_MAX],
            "truncated": len(text) > RESULT_CHARACTERS_MAX,
            "messageId": message_id,
        }
        return self._say("tool/finished", data, call_id, patient=True)

    def usage(self, usage: Usage) -> asyncio.Future[Event]:
        return self._say("usage/updated", usage_data(usage))

    async def notice(self, level: Literal["info", "warning", "error"], message: str, hint: str = "") -> None:
        data = {"level": level, "message": redact(message)}
        await self._say("notice", {**data, "hint": hint} if hint else data)

    async def conflict(self, path: str, editor: str, decision: Literal["open", "theirs", "ours"]) -> None:
        await self._say("document/conflict", {"path": path, "editor": redact(editor), "decision": decision})

    def passing_notice(self, message: str) -> None:
        """A warning for who watches now; it is not stored."""
        self._hint("notice", {"level": "warning", "message": redact(message)}, None)


def _picture(picture: Picture) -> dict[str, Any]:
    told = {"imageId": picture.id, "mimeType": picture.mime, "bytes": picture.bytes}
    return {**told, "name": redact(picture.name)} if picture.name else told


def _shown(value: Any) -> Any:
    """Arguments for people: redacted, long texts cut."""
    if isinstance(value, str):
        text = redact(value)
        return text if len(text) <= ARGUMENT_CHARACTERS_MAX else f"{text[:ARGUMENT_CHARACTERS_MAX]}..."
    if isinstance(value, dict):
        return {key: _shown(each) for key, each in cast(dict[str, Any], value).items()}
    return [_shown(each) for each in cast(list[Any], value)] if isinstance(value, list) else value


def title(name: str, arguments: dict[str, Any]) -> str:
    """One short line for people."""
    for key in ("command", "path", "pattern", "args", "summary"):
        value = arguments.get(key)
        if isinstance(value, str) and value.strip():
            line = value.strip().splitlines()[0]
            return redact(f"{name} {line[:117]}..." if len(line) > 120 else f"{name} {line}")
    files = _PATCHED.findall(str(arguments.get("patch", "")))
    more = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return redact(f"{name} {files[0][:100]}{more}") if files else name


def usage_data(usage: Usage) -> dict[str, Any]:
    counted = usage.at_least
    return {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "cachedTokens": usage.cached_tokens,
        "cacheWriteTokens": usage.cache_write_tokens,
        "reasoningTokens": usage.reasoning_tokens,
        "costUsd": usage.cost_usd,
        "modelCalls": usage.model_calls,
        "complete": usage.complete,
        "atLeast": {
            "inputTokens": counted.input_tokens,
            "outputTokens": counted.output_tokens,
            "cachedTokens": counted.cached_tokens,
            "cacheWriteTokens": counted.cache_write_tokens,
            "reasoningTokens": counted.reasoning_tokens,
            "costUsd": counted.cost_usd,
        },
        "context": {"used": usage.context_used, "size": usage.context_size},
    }


def usage_from(data: dict[str, Any]) -> Usage:
    """What `usage_data` said, of this version or an older one."""
    counted: dict[str, Any] = data.get("atLeast") or {}
    context: dict[str, Any] = data.get("context") or {}
    return Usage(
        input_tokens=data.get("inputTokens"),
        output_tokens=data.get("outputTokens"),
        cached_tokens=data.get("cachedTokens"),
        cost_usd=data.get("costUsd"),
        model_calls=data.get("modelCalls", 0),
        cache_write_tokens=data.get("cacheWriteTokens"),
        reasoning_tokens=data.get("reasoningTokens"),
        at_least=Counted(
            counted.get("inputTokens") or data.get("inputTokens") or 0,
            counted.get("outputTokens") or data.get("outputTokens") or 0,
            counted.get("cachedTokens") or data.get("cachedTokens") or 0,
            counted.get("cacheWriteTokens") or 0,
            counted.get("reasoningTokens") or 0,
            counted.get("costUsd") or data.get("costUsd") or 0.0,
        ),
        context_used=context.get("used"),
        context_size=context.get("size"),
    )


def finished_data(run: Run) -> dict[str, Any]:
    changes, commands = run.changes, run.commands
    known = {"build": commands.build, "run": commands.run, "test": commands.test}
    return {
        "status": run.status,
        "stopReason": run.stop_reason,
        "summary": run.summary,
        "usage": usage_data(run.usage),
        "changes": {"files": list(changes.files), "added": changes.added, "removed": changes.removed},
        "commands": {name: command for name, command in known.items() if command},
        "steps": run.steps,
    }
