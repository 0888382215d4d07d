"""A daemon of plain answers behind the command line's link. Every request and answer is checked against the
contract, so a command that asks for what is not there fails here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from journeyman.failures import Failure
from journeyman_protocol.methods import BY_NAME
from unit.cli.events import FINISHED, event
from unit.cli.folders import DictWorkspace

TIME = "2026-01-31T12:00:00.000Z"
PROJECT_IDS = ["3f2a0000-0000-4000-8000-000000000001", "3f2b0000-0000-4000-8000-000000000002"]
CHAT_ID = "c0ffee00-0000-4000-8000-000000000003"
RUN_ID = "40000000-0000-4000-8000-000000000004"


def project(number: int, name: str) -> dict[str, Any]:
    return {
        "id": PROJECT_IDS[number],
        "name": name,
        "source": "empty",
        "commands": {"test": "make test"},
        "createdAt": TIME,
        "updatedAt": TIME,
    }


CHAT = {
    "id": CHAT_ID,
    "projectId": PROJECT_IDS[0],
    "title": "First \x1b[31mchat",
    "cwd": "/workspace",
    "createdAt": TIME,
    "updatedAt": TIME,
}
RUN = {
    "runId": RUN_ID,
    "chatId": CHAT_ID,
    "projectId": PROJECT_IDS[0],
    "status": "completed",
    "stopReason": "fin",
    "summary": "Done.",
    "usage": {"modelCalls": 2},
    "changes": {"files": ["a.py"], "added": 1, "removed": 0},
    "commands": {},
    "steps": 2,
    "lastSeq": 9,
}
ARCHIVE = {
    "archiveId": "a1",
    "projectId": PROJECT_IDS[0],
    "digest": "d",
    "files": 3,
    "bytes": 2048,
    "newBytes": 10,
    "createdAt": TIME,
}
CHECKPOINT = {
    "id": "4d5e0000-0000-4000-8000-000000000005",
    "chatId": CHAT_ID,
    "kind": "step",
    "title": "edit a.py",
    "files": 1,
    "seq": 9,
    "createdAt": TIME,
}
DIFF = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-1\n+2\n"
REWOUND = {
    "checkpointId": CHECKPOINT["id"],
    "scope": "both",
    "files": [{"path": "a.py", "action": "written"}],
    "filesTotal": 1,
    "kept": [{"path": "b\x1b.py", "why": "changed"}],
    "keptTotal": 1,
    "messagesHidden": 2,
    "messagesShown": 0,
    "todosChanged": False,
}
ANSWERS: dict[str, Any] = {
    "checkpoint/list": {"items": [CHECKPOINT]},
    "checkpoint/diff": {
        "items": [
            {
                "path": "a.py",
                "change": "changed",
                "kind": "file",
                "diff": "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-1\n+2\n",
            },
            {"path": "big", "change": "added", "kind": "file", "kept": False},
        ]
    },
    "checkpoint/preview": REWOUND,
    "checkpoint/restore": {**REWOUND, "rewindId": "r1"},
    "checkpoint/undo": {**REWOUND, "rewindId": "r2"},
    "project/create": project(0, "made"),
    "project/list": {"items": [project(0, "alpha"), project(1, "beta")], "nextCursor": None},
    "project/get": project(0, "alpha"),
    "project/update": project(0, "renamed"),
    "project/delete": {},
    "chat/create": CHAT,
    "chat/list": {"items": [CHAT], "nextCursor": None},
    "chat/search": {
        "items": [
            {"chat": CHAT, "excerpt": [{"text": "First ", "hit": False}, {"text": "chat", "hit": True}]},
            {
                "chat": CHAT,
                "message": {"id": "m1", "role": "user", "createdAt": TIME},
                "excerpt": [{"text": "…Repair", "hit": True}, {"text": " it\nnow", "hit": False}],
            },
        ],
        "nextCursor": None,
    },
    "chat/get": CHAT,
    "chat/delete": {},
    "chat/messages": {
        "items": [
            {"id": "m1", "chatId": CHAT_ID, "role": "user", "text": "Repair it", "createdAt": TIME},
            {
                "id": "m2",
                "chatId": CHAT_ID,
                "role": "tool",
                "text": "exit 0",
                "toolName": "terminal",
                "ok": True,
                "createdAt": TIME,
            },
        ],
        "nextCursor": None,
    },
    "agent/run": RUN,
    "agent/subscribe": {"epoch": "e", "head": 0, "oldest": 0, "runs": []},
    "todo/list": {
        "chatId": CHAT_ID,
        "rev": 1,
        "items": [{"id": "1", "content": "Repair", "status": "done", "check": "make test"}],
    },
    "workspace/status": {"projectId": PROJECT_IDS[0], "state": "live", "sandbox": "bubblewrap"},
    "workspace/archive": {"archive": ARCHIVE, "verified": True},
    "workspace/restore": {
        "archive": ARCHIVE,
        "status": {"projectId": PROJECT_IDS[0], "state": "live"},
    },
    "workspace/archives": {"items": [ARCHIVE]},
    "workspace/deleteArchive": {},
    "model/list": {
        "items": [
            {"id": "openrouter/a", "provider": "openrouter", "available": False, "why": "No key."},
            {"id": "ollama/b", "provider": "ollama", "available": True, "contextWindow": 32000},
        ],
        "default": "ollama/b",
    },
    "daemon/status": {
        "version": "0.1.0",
        "protocolVersion": 1,
        "pid": 1,
        "startedAt": TIME,
        "dataDir": "/data",
        "clients": 1,
        "runsActive": 0,
        "runsQueued": 0,
        "workspacesLive": 0,
        "objects": "local",
    },
}


class FakeDaemon:
    def __init__(self) -> None:
        self.answers: dict[str, Any] = dict(ANSWERS)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.workspace = DictWorkspace()
        self.events: Callable[[dict[str, Any]], None] = lambda event: None
        self.agent: Callable[[DictWorkspace], None] = lambda workspace: None
        """What a run does to the workspace's files."""

    def on(self, method: str, handler: Callable[[dict[str, Any]], None]) -> None:
        if method == "agent/event":
            self.events = handler

    async def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        row = BY_NAME[method]
        row.params.model_validate(params)
        self.asked.append((method, params))
        if method in ("workspace/import", "workspace/files", "workspace/readFile"):
            return await self.workspace.request(method, params)
        if method == "agent/run" and params["wait"] == "accepted":
            self.agent(self.workspace)
        answer = self.answers[method]
        if isinstance(answer, Failure):
            raise answer
        assert row.result is not None
        if method == "agent/run" and params["wait"] == "completed":
            self.events(event(1, "run/finished", RUN_ID, **FINISHED) | {"chatId": CHAT_ID})
        row.result.model_validate(answer)
        return answer

    def params_of(self, method: str) -> dict[str, Any]:
        return next(params for name, params in self.asked if name == method)

    @asynccontextmanager
    async def linked(
        self, socket: Path | None = None, *, start: bool = True
    ) -> AsyncGenerator[FakeDaemon, None]:
        yield self


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> FakeDaemon:
    fake = FakeDaemon()
    monkeypatch.setattr("journeyman.cli.link.linked", fake.linked)
    return fake
