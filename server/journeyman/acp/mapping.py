"""From a chat's events to `session/update`. One mapper per open session, fed in the order of the log.

Text goes out as it is written; what a slow client missed of it comes with the finished message. Events of
kinds it does not know say nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from acp.schema import (
    AgentMessageChunk,
    AgentPlanUpdate,
    AgentThoughtChunk,
    Cost,
    PlanEntry,
    PlanEntryStatus,
    TextContentBlock,
    ToolCallProgress,
    ToolCallStart,
    UsageUpdate,
    UserMessageChunk,
)

from journeyman.acp import tools
from journeyman.acp.paths import Paths
from journeyman.chat.service import ROOT
from journeyman.records import Event, Message, TodoItem
from journeyman.rpc.jsonbody import as_object

Update = (
    AgentMessageChunk
    | AgentPlanUpdate
    | AgentThoughtChunk
    | ToolCallProgress
    | ToolCallStart
    | UsageUpdate
    | UserMessageChunk
)
WRITING_MAX = 32
"""Most messages whose beginning is remembered while they are written."""
OUTPUT_CHARS_MAX = 4_000
"""Of a command's output that is still coming, this much of its end is shown."""
_STATUS: dict[str, PlanEntryStatus] = {
    "pending": "pending",
    "in_progress": "in_progress",
    "done": "completed",
}


@dataclass(slots=True)
class _Call:
    name: str
    arguments: dict[str, Any]
    cwd: str
    output: str = ""


@dataclass(slots=True)
class Mapper:
    paths: Paths
    cwd: str = ROOT
    """The agent's working directory, which relative paths are meant from."""
    cost_before: float | None = None
    """US dollars the runs of this chat before the present one cost."""
    expected: list[str] = field(default_factory=list[str])
    """Prompts the client has just sent itself: it shows them already."""
    replayed: set[str] = field(default_factory=set[str])
    """Messages and calls the client got with the history."""
    _said: OrderedDict[str, str] = field(default_factory=OrderedDict[str, str])
    _calls: dict[str, _Call] = field(default_factory=dict[str, _Call])
    _last: str = ""
    _own: bool = False
    """Whether the client itself waits for the answer of the run that goes on."""

    def updates(self, event: Event) -> Sequence[Update]:
        make = _BY_KIND.get(event.kind)
        return () if make is None or event.item_id in self.replayed else make(self, event)

    # Runs

    def run_started(self, event: Event) -> Sequence[Update]:
        prompt = str(event.data.get("prompt", ""))
        self._last, self._own = "", prompt in self.expected
        self.replayed.clear()
        if self._own:
            self.expected.remove(prompt)
            return ()
        return (user_message(prompt, event.run_id),)

    def run_finished(self, event: Event) -> Sequence[Update]:
        self._calls.clear()
        cost = (as_object(event.data.get("usage")) or {}).get("costUsd")
        if isinstance(cost, int | float):
            self.cost_before = (self.cost_before or 0.0) + cost
        summary, status = str(event.data.get("summary") or ""), event.data.get("status")
        if not summary or summary.strip() == self._last.strip() or status == "cancelled":
            return ()
        if status == "failed" and self._own:
            return ()  # the prompt's answer says so
        return (_says(summary if not self._last else f"\n\n{summary}", f"{event.run_id}/summary"),)

    # Messages

    def delta(self, event: Event) -> Sequence[Update]:
        text, item = str(event.data.get("text", "")), event.item_id or ""
        if event.data.get("channel") == "reasoning":
            return (thinks(text, item),)
        self._said[item] = self._said.get(item, "") + text
        while len(self._said) > WRITING_MAX:
            self._said.popitem(last=False)
        return (_says(text, item),)

    def message(self, event: Event) -> Sequence[Update]:
        if event.data.get("role") != "assistant":
            return ()
        text, item = str(event.data.get("text", "")), event.item_id or ""
        said = self._said.pop(item, "")
        self._last = text or self._last
        rest = text[len(said) :] if text.startswith(said) else f"\n\n{text}"
        return (_says(rest, item),) if rest else ()

    # Tool calls

    def call_started(self, event: Event) -> Sequence[Update]:
        data = event.data
        name, arguments = str(data.get("name", "")), data.get("arguments")
        if name in tools.HIDDEN:
            return ()
        call = _Call(name, as_object(arguments) or {}, self.cwd)
        self._calls[event.item_id or ""] = call
        return (self._start(event.item_id or "", call, str(data.get("title") or name)),)

    def _start(self, call_id: str, call: _Call, title: str) -> ToolCallStart:
        return ToolCallStart(
            session_update="tool_call",
            tool_call_id=call_id,
            title=title.replace(f"{ROOT}/", ""),
            kind=tools.kind_of(call.name),
            status="in_progress",
            content=[*tools.diffs(call.name, call.arguments, self.paths, call.cwd)] or None,
            locations=tools.locations(call.name, call.arguments, self.paths, call.cwd) or None,
            raw_input=call.arguments or None,
        )

    def call_output(self, event: Event) -> Sequence[Update]:
        call = self._calls.get(event.item_id or "")
        if call is None:
            return ()
        call.output = (call.output + str(event.data.get("text", "")))[-OUTPUT_CHARS_MAX:]
        return (
            ToolCallProgress(
                session_update="tool_call_update",
                tool_call_id=event.item_id or "",
                content=[tools.words(call.output)],
            ),
        )

    def call_finished(self, event: Event) -> Sequence[Update]:
        call = self._calls.pop(event.item_id or "", None)
        if call is None:
            return ()
        return (
            self._end(
                event.item_id or "", call, str(event.data.get("text", "")), ok=bool(event.data.get("ok"))
            ),
        )

    def _end(self, call_id: str, call: _Call, text: str, *, ok: bool) -> ToolCallProgress:
        if call.name == "cd" and ok and text.startswith("cwd="):
            self.cwd = text.partition("\n")[0].removeprefix("cwd=")
        shown = tools.diffs(call.name, call.arguments, self.paths, call.cwd) if ok else []
        return ToolCallProgress(
            session_update="tool_call_update",
            tool_call_id=call_id,
            status="completed" if ok else "failed",
            content=[*shown, tools.words(text)],
            locations=tools.locations(call.name, call.arguments, self.paths, call.cwd, text) or None,
            raw_output={"text": text},
        )

    # The rest

    def todos(self, event: Event) -> Sequence[Update]:
        items: list[dict[str, Any]] = event.data.get("items") or []
        return (_plan([(str(item.get("content", "")), str(item.get("status"))) for item in items]),)

    def usage(self, event: Event) -> Sequence[Update]:
        context = as_object(event.data.get("context")) or {}
        used, size, cost = context.get("used"), context.get("size"), event.data.get("costUsd")
        if not isinstance(used, int) or not isinstance(size, int):
            return ()
        total = (self.cost_before or 0.0) + cost if isinstance(cost, int | float) else self.cost_before
        return (
            UsageUpdate(
                session_update="usage_update",
                used=used,
                size=size,
                cost=None if total is None else Cost(amount=total, currency="USD"),
            ),
        )

    def notice(self, event: Event) -> Sequence[Update]:
        text = f"{event.data.get('message', '')} {event.data.get('hint', '')}".strip()
        return (thinks(f"{text}\n", None),) if text else ()

    # History

    def replay(self, messages: Sequence[Message], todos: Sequence[TodoItem]) -> list[Update]:
        """What was said and done before, and the plan as it is."""
        updates: list[Update] = []
        for message in messages:
            self.replayed.add(message.id)
            match message.role:
                case "user":
                    updates.append(user_message(_with_images(message), message.id))
                case "assistant":
                    updates += [_says(message.text, message.id)] if message.text else []
                    for call in message.tool_calls:
                        if call.name not in tools.HIDDEN:
                            self._calls[call.id] = made = _Call(call.name, call.arguments, self.cwd)
                            updates.append(self._start(call.id, made, call.name))
                case "tool":
                    made = self._calls.pop(message.tool_call_id or "", None)
                    if made is not None:
                        self.replayed.add(message.tool_call_id or "")
                        updates.append(
                            self._end(
                                message.tool_call_id or "", made, message.text, ok=message.ok is not False
                            )
                        )
        if todos:
            updates.append(_plan([(item.content, item.status) for item in todos]))
        return updates


_BY_KIND: dict[str, Callable[[Mapper, Event], Sequence[Update]]] = {
    "run/started": Mapper.run_started,
    "run/finished": Mapper.run_finished,
    "message/delta": Mapper.delta,
    "message/completed": Mapper.message,
    "tool/started": Mapper.call_started,
    "tool/output": Mapper.call_output,
    "tool/finished": Mapper.call_finished,
    "todo/changed": Mapper.todos,
    "usage/updated": Mapper.usage,
    "notice": Mapper.notice,
}


def _with_images(message: Message) -> str:
    """Which images were given is said in words: a client that wants them has `chat/image`."""
    named = (f"[image: {each.name or each.mime}]" for each in message.pictures)
    return "\n\n".join(filter(None, [message.text, *named]))


def user_message(text: str, message_id: str | None) -> UserMessageChunk:
    return UserMessageChunk(session_update="user_message_chunk", content=_text(text), message_id=message_id)


def thinks(text: str, message_id: str | None) -> AgentThoughtChunk:
    return AgentThoughtChunk(
        session_update="agent_thought_chunk", content=_text(text), message_id=message_id or None
    )


def _says(text: str, message_id: str | None) -> AgentMessageChunk:
    return AgentMessageChunk(
        session_update="agent_message_chunk", content=_text(text), message_id=message_id or None
    )


def _text(text: str) -> TextContentBlock:
    return TextContentBlock(type="text", text=text)


def _plan(items: Sequence[tuple[str, str]]) -> AgentPlanUpdate:
    """Always the whole list; items that were dropped are no part of it."""
    entries = [
        PlanEntry(content=content, priority="medium", status=_STATUS[status])
        for content, status in items
        if status in _STATUS
    ]
    return AgentPlanUpdate(session_update="plan", entries=entries)
