"""What is known of a run while it goes: events folded into one state, without a terminal in sight.

`RunView.apply` takes an `agent/event` as it comes over the wire; painters (`live.py`) read the fields.
Events of other runs in the same chat are let through to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from journeyman.cli.lines import title_of

TAIL_CHARACTERS = 4000


@dataclass(slots=True)
class Item:
    id: str
    content: str
    status: Literal["pending", "in_progress", "done", "dropped"]
    check: str | None = None


@dataclass(slots=True)
class OpenCall:
    title: str
    output: str = ""
    """The newest line it printed."""


@dataclass(slots=True)
class RunView:
    run_id: str | None = None
    model: str | None = None
    phase: str | None = None
    workspace: str | None = None
    items: list[Item] = field(default_factory=list[Item])
    calls: dict[str, OpenCall] = field(default_factory=dict[str, OpenCall])
    steps: int = 0
    """Tool calls that have ended."""
    speaking: str = ""
    """Text of the message that is being written, from its deltas."""
    thinking: bool = False
    usage: dict[str, Any] = field(default_factory=dict[str, Any])
    finished: dict[str, Any] | None = None
    last_seq: int = 0

    def apply(self, event: dict[str, Any]) -> bool:
        """Fold one event in. False where it belongs to another run and changes nothing here."""
        if self.run_id and event.get("runId") not in (None, self.run_id):
            return False
        self.last_seq = max(self.last_seq, int(event["seq"]))
        data: dict[str, Any] = event["data"]
        match event["kind"]:
            case "run/started":
                self.model = data.get("model")
            case "run/phase":
                self.phase = data.get("phase")
            case "run/finished":
                self.finished = data
                self.usage = data.get("usage") or self.usage
                self.calls.clear()
                self.speaking = ""
                self.thinking = False
            case "message/delta":
                self.thinking = data.get("channel") == "reasoning"
                if not self.thinking:
                    self.speaking = (self.speaking + data.get("text", ""))[-TAIL_CHARACTERS:]
            case "message/completed":
                self.speaking = ""
                self.thinking = False
            case "tool/started":
                self.calls[data["callId"]] = OpenCall(title_of(data))
            case "tool/output":
                if call := self.calls.get(data["callId"]):
                    lines = [line for line in data.get("text", "").splitlines() if line.strip()]
                    call.output = lines[-1] if lines else call.output
            case "tool/finished":
                self.calls.pop(data["callId"], None)
                self.steps += 1
            case "todo/changed":
                self.items = [
                    Item(item["id"], item["content"], item["status"], item.get("check"))
                    for item in data["items"]
                ]
            case "usage/updated":
                self.usage = data
            case "workspace/changed":
                self.workspace = data.get("message") or data.get("state")
            case _:
                pass
        return True

    @property
    def done(self) -> int:
        return sum(item.status == "done" for item in self.items)

    @property
    def total(self) -> int:
        """Items that count: the dropped ones do not."""
        return sum(item.status != "dropped" for item in self.items)


def usage_text(usage: dict[str, Any]) -> str:
    """Tokens and cost for people; what the provider did not say is called unknown, never 0."""
    at_least: dict[str, Any] = usage.get("atLeast") or {}

    def count(key: str) -> str:
        value, counted = usage.get(key), at_least.get(key)
        if value is None:
            return f"at least {counted:,}" if counted else "unknown"
        return f"{value:,}"

    cost = usage.get("costUsd")
    parts = [
        f"{usage.get('modelCalls') or 0} model calls",
        f"tokens in {count('inputTokens')}, out {count('outputTokens')}",
        f"cost {'unknown' if cost is None else f'${cost:.4f}'}",
    ]
    return ", ".join(parts)
