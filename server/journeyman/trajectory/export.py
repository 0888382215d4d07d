"""A run as lines of JSON: docs/trajectories.md says what they mean.

Every text passes the one redaction point before it is encoded. A request whose bytes are not the ones that
were sent, because a secret was taken out or a message is gone, says so.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from journeyman.ports.store import Store
from journeyman.records import TERMINAL_RUN_STATUSES, Message, Run, Usage
from journeyman.redaction import redact
from journeyman.trajectory.request import Json, Rolling, call_fields, message_fields, picture_fields
from journeyman.turns import Turn

FORMAT = 1


async def text_of_run(store: Store, run_id: str, version: str) -> str:
    """All lines of a run. While it is open they only grow: its end is left out. `not_found` for no run."""
    run = await store.runs.get(run_id)
    turns = await store.turns.of_run(run_id)
    digests = dict.fromkeys(turn.prefix for turn in turns)
    prefixes = {name: await store.turns.prefix(name) or "{}" for name in digests}
    messages = await _messages(store, run.chat_id)
    return await asyncio.to_thread(lambda: "".join(_lines(run, turns, prefixes, messages, version)))


def _lines(
    run: Run,
    turns: Sequence[Turn],
    prefixes: Mapping[str, str],
    messages: Mapping[str, Message],
    version: str,
) -> Iterator[str]:
    yield _line(_header(run, version))
    results = _by_call(messages)
    told: set[str] = set()
    asked = _Asked()
    for turn in turns:
        if turn.prefix not in told:
            told.add(turn.prefix)
            yield _line(_prefix(turn.prefix, prefixes[turn.prefix]))
        told.update(each.id for each in turn.added)
        yield _line(asked.request(turn, prefixes[turn.prefix], _sent(turn, messages)))
        if (answer := messages.get(turn.message_id)) is not None:
            told.add(answer.id)
            yield _line(_answer(turn, answer))
            for result in (results[call.id] for call in answer.tool_calls if call.id in results):
                told.add(result.id)
                yield _line(_result(turn.step, result))
    if run.status in TERMINAL_RUN_STATUSES:
        for message in messages.values():
            if message.run_id == run.id and message.id not in told:
                yield _line({"type": "message", "id": message.id, **message_fields(message)})
        yield _line(_end(run))


class _Asked:
    """Request after request: whether its bytes are those that were sent."""

    def __init__(self) -> None:
        self._prefix = ""
        self._rolling = Rolling(b"{}")
        self._messages: list[Json] = []
        self._changed: list[bool] = []

    def request(self, turn: Turn, prefix: str, added: Sequence[Json]) -> Json:
        if prefix != self._prefix or turn.kept < len(self._messages):
            self._prefix, self._rolling = prefix, Rolling(prefix.encode())
            for fields in self._messages[: turn.kept]:
                self._rolling.take(fields)
        for fields in added:
            self._rolling.take(fields)
        self._messages = [*self._messages[: turn.kept], *added]
        self._changed = [*self._changed[: turn.kept], *(_clean(fields) != fields for fields in added)]
        return {
            "type": "request",
            "step": turn.step,
            "model": turn.model,
            "prefix": turn.prefix,
            "kept": turn.kept,
            "messages": list(added),
            "settings": dict(turn.settings),
            "bytes": turn.bytes,
            "sha256": turn.sha256,
            "exact": self._rolling.whole(turn.settings) == (turn.bytes, turn.sha256),
            "redacted": any(self._changed),
        }


def _by_call(messages: Mapping[str, Message]) -> dict[str, Message]:
    return {message.tool_call_id: message for message in messages.values() if message.tool_call_id}


async def _messages(store: Store, chat_id: str) -> dict[str, Message]:
    found: dict[str, Message] = {}
    cursor = None
    while True:
        page = await store.messages.list(chat_id, cursor=cursor, limit=500, rewound=True)
        found.update((message.id, message) for message in page.items)
        if (cursor := page.next_cursor) is None:
            return found


def _sent(turn: Turn, messages: Mapping[str, Message]) -> list[Json]:
    return [
        dict(each.fields)
        if each.fields is not None
        else message_fields(messages[each.id])
        if each.id in messages
        else {"missing": each.id}
        for each in turn.added
    ]


def _header(run: Run, version: str) -> Json:
    budget = run.budget
    ceilings = {
        "steps": budget.steps,
        "tokens": budget.tokens,
        "usd": budget.usd,
        "seconds": budget.seconds,
    }
    return {
        "trajectory": FORMAT,
        "journeyman": version,
        "runId": run.id,
        "chatId": run.chat_id,
        "projectId": run.project_id,
        "prompt": run.prompt,
        "mode": run.mode,
        "model": run.model,
        "effort": run.effort,
        "budget": {name: value for name, value in ceilings.items() if value is not None},
        "resumes": run.resumes,
        **({"images": [picture_fields(each) for each in run.pictures]} if run.pictures else {}),
        "createdAt": _time(run.created_at),
    }


def _prefix(name: str, text: str) -> Json:
    parts: Json = json.loads(text)
    return {"type": "prefix", "digest": name, "system": parts.get("system"), "tools": parts.get("tools")}


def _answer(turn: Turn, answer: Message) -> Json:
    return {
        "type": "answer",
        "step": turn.step,
        "id": answer.id,
        "text": answer.text,
        "reasoning": answer.reasoning,
        "toolCalls": [call_fields(call) for call in answer.tool_calls],
        "stopReason": turn.stop_reason,
        "usage": dict(turn.usage),
        "seconds": turn.seconds,
    }


def _result(step: int, result: Message) -> Json:
    return {
        "type": "result",
        "step": step,
        "callId": result.tool_call_id,
        "name": result.tool_name,
        "ok": result.ok,
        "text": result.text,
        "at": _time(result.created_at),
    }


def _end(run: Run) -> Json:
    return {
        "type": "end",
        "status": run.status,
        "stopReason": run.stop_reason,
        "summary": run.summary,
        "steps": run.steps,
        "usage": _usage(run.usage),
        "contextWindow": run.usage.context_size,
        "changes": {
            "files": list(run.changes.files),
            "added": run.changes.added,
            "removed": run.changes.removed,
        },
        "startedAt": _time(run.started_at),
        "finishedAt": _time(run.finished_at),
    }


def _usage(usage: Usage) -> Json:
    return {
        "inputTokens": usage.input_tokens,
        "outputTokens": usage.output_tokens,
        "cachedTokens": usage.cached_tokens,
        "costUsd": usage.cost_usd,
        "modelCalls": usage.model_calls,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_clean(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {redact(key): _clean(each) for key, each in cast("dict[str, Any]", value).items()}
    return value


def _line(row: Json) -> str:
    return json.dumps(_clean(row), separators=(",", ":")) + "\n"
