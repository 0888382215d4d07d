"""A recorded run: the events of a small repair, in the order the daemon sends them."""

from __future__ import annotations

from typing import Any


def event(number: int, kind: str, run_id: str | None = "r1", **data: Any) -> dict[str, Any]:
    return {
        "chatId": "c1",
        "epoch": "e",
        "seq": number,
        "ts": "2026-01-31T12:00:00.000Z",
        "runId": run_id,
        "kind": kind,
        "data": data,
        "durable": True,
    }


def todo(*statuses: str) -> list[dict[str, Any]]:
    contents = ("Repair words()", "Verify against the request")
    return [
        {"id": str(n), "content": content, "status": status, "assignee": "planner", "dependsOn": []}
        for n, (content, status) in enumerate(zip(contents, statuses, strict=True))
    ]


USAGE: dict[str, Any] = {"inputTokens": 1200, "outputTokens": None, "costUsd": None, "modelCalls": 3}
FINISHED: dict[str, Any] = {
    "status": "completed",
    "stopReason": "fin",
    "summary": "All tests pass.",
    "usage": USAGE,
    "changes": {"files": ["text.py"], "added": 2, "removed": 1},
    "commands": {"test": "python3 -m unittest"},
    "steps": 2,
}

RUN = [
    event(1, "run/started", prompt="Repair it", model="replay/x", mode="plan+execute"),
    event(2, "workspace/changed", None, state="live", acquired="created", message="a new workspace"),
    event(3, "run/phase", phase="plan"),
    event(3, "message/delta", text="I'll look ", channel="text"),
    event(3, "message/delta", text="first.", channel="text"),
    event(4, "message/completed", messageId="m1", role="assistant", text="I'll look first.", toolCalls=[]),
    event(5, "todo/changed", rev=1, items=todo("pending", "pending")),
    event(6, "run/phase", phase="execute"),
    event(7, "tool/started", callId="t1", name="terminal", title="python3 -m unittest", arguments={}),
    event(7, "tool/output", callId="t1", text="FAIL: test_words\n"),
    event(
        8,
        "tool/finished",
        callId="t1",
        name="terminal",
        ok=False,
        seconds=0.25,
        text="exit 1 in 0.2s\nFAILED",
    ),
    event(9, "todo/changed", rev=2, items=todo("done", "pending")),
    event(10, "usage/updated", **USAGE),
    event(11, "tool/started", callId="t2", name="edit", title="edit text.py", arguments={}),
    event(12, "tool/finished", callId="t2", name="edit", ok=True, seconds=0.004, text="edited"),
    event(13, "todo/changed", rev=3, items=todo("done", "done")),
    event(14, "notice", level="warning", message="80 % of the budget is used.", hint="Raise it."),
    event(15, "run/finished", **FINISHED),
]
