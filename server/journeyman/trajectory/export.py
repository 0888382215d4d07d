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
from journeyman.trajectory.request import (
    Json,
    Rolling,
    call_fields,
    message_fields,
    picture_fields,
    thoughts_fields,
)
from journeyman.turns import Turn

FORMAT = 2
"""1 had no lines of what `explore` asked."""


async def text_of_run(store: Store, run_id: str, version: str) -> str:
    """All lines of a run. While it is open they only grow: its end is left out. `not_found` for no run."""
    run = await store.runs.get(run_id)
    turns = await store.turns.of_run(run_id)
    messages = await _messages(store, run.chat_id)
    explored = await store.turns.explored(run_id)  # after the results, which come after them in the text
    digests = dict.fromkeys(turn.prefix for turn in (*turns, *explored))
    prefixes = {name: await store.turns.prefix(name) or "{}" for name in digests}
    return await asyncio.to_thread(
        lambda: "".join(map(_line, _rows(run, turns, explored, prefixes, messages, version)))
    )


def _rows(
    run: Run,
    turns: Sequence[Turn],
    explored: Sequence[Turn],
    prefixes: Mapping[str, str],
    messages: Mapping[str, Message],
    version: str,
) -> Iterator[Json]:
    ended = run.status in TERMINAL_RUN_STATUSES
    yield _header(run, version)
    results = _by_call(messages)
    inside_of: dict[str, list[Turn]] = {}
    for turn in explored:
        inside_of.setdefault(turn.call_id or "", []).append(turn)
    told: set[str] = set()
    asked = _Asked(prefixes, messages, told)
    for turn in turns:
        told.update(each.id for each in turn.added)
        yield from asked.request(turn)
        if (answer := messages.get(turn.message_id)) is None:
            continue
        told.add(answer.id)
        yield _answer(turn, answer)
        for call in answer.tool_calls:
            exploring = _Asked(prefixes, messages, told)
            for inside in inside_of.get(call.id, ()):
                yield from exploring.request(inside)
                yield _answered(inside, inside.answer or {})
            if (result := results.get(call.id)) is not None:
                told.add(result.id)
                yield _result(turn.step, result)
            elif not ended:
                return  # the calls after it may have more by now, and its own come before theirs
    if ended:
        for message in messages.values():
            if message.run_id == run.id and message.id not in told:
                yield {"type": "message", "id": message.id, **message_fields(message)}
        yield _end(run)


class _Asked:
    """Request after request of the run, or of one call: whether its bytes are those that were sent."""

    def __init__(self, prefixes: Mapping[str, str], messages: Mapping[str, Message], told: set[str]) -> None:
        """`told`: the digests whose prefixes have a line, among others."""
        self._prefixes = prefixes
        self._stored = messages
        self._told = told
        self._prefix = ""
        self._rolling = Rolling(b"{}")
        self._messages: list[Json] = []
        self._changed: list[bool] = []

    def request(self, turn: Turn) -> Iterator[Json]:
        prefix, added = self._prefixes[turn.prefix], _sent(turn, self._stored)
        if turn.prefix not in self._told:
            self._told.add(turn.prefix)
            yield _prefix(turn.prefix, prefix)
        if prefix != self._prefix or turn.kept < len(self._messages):
            self._prefix, self._rolling = prefix, Rolling(prefix.encode())
            for fields in self._messages[: turn.kept]:
                self._rolling.take(fields)
        for fields in added:
            self._rolling.take(fields)
        self._messages = [*self._messages[: turn.kept], *added]
        self._changed = [*self._changed[: turn.kept], *(_clean(fields) != fields for fields in added)]
        yield {
            **_heading(turn, "request", "exploreRequest"),
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


def _heading(turn: Turn, own: str, exploring: str) -> Json:
    if turn.call_id is None:
        return {"type": own, "step": turn.step}
    return {"type": exploring, "callId": turn.call_id, "step": turn.step}


def _answer(turn: Turn, answer: Message) -> Json:
    calls = [call_fields(call) for call in answer.tool_calls]
    said = {"id": answer.id, "text": answer.text, "reasoning": answer.reasoning, "toolCalls": calls}
    return _answered(turn, {**said, **thoughts_fields(answer.thoughts.items if answer.thoughts else ())})


def _answered(turn: Turn, said: Mapping[str, Any]) -> Json:
    return {
        **_heading(turn, "answer", "exploreAnswer"),
        **said,
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
