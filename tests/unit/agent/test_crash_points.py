"""The daemon dies at any write of a run, before or after it: the rest is ended, told once, and can go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from journeyman.agent.conversation import open_calls
from journeyman.agent.runs import RunService, StartRun
from journeyman.records import TERMINAL_RUN_STATUSES
from journeyman.testing.model import call, calls
from unit.agent.house import House

SCRIPT = [
    call("todoWrite", items=["Write both", "Verify against the request"]),
    calls(call("write", path="a.txt", content="a\n"), call("terminal", command="echo b > b.txt")),
    call("fin", summary="Both are there.", status="partial"),
]


class CrashError(Exception):
    """From here on nothing is written any more."""


class Writes:
    """Counts the writes of messages, events and runs, and stops them all at one of them."""

    def __init__(self, agent: House, monkeypatch: pytest.MonkeyPatch, *, at: int, after: bool) -> None:
        self.count = 0
        self._at, self._after = at, after
        store = agent.store
        for owner, name in ((store.messages, "append"), (store.events, "append"), (store.runs, "update")):
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counted(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            if self._at and (self.count > self._at or (self.count == self._at and not self._after)):
                raise CrashError
            answer = await write(*args, **kwargs)
            if self.count == self._at:
                raise CrashError
            return answer

        return counted


async def _crash(agent: House, at: int, after: bool) -> tuple[str, int]:
    """Answers the run and how many writes there were."""
    with pytest.MonkeyPatch.context() as patch:
        writes = Writes(agent, patch, at=at, after=after)
        agent.script(SCRIPT)
        chat = await agent.chat()
        run = await agent.runs.start(StartRun("Write both.", chat_id=chat.id))
        async with asyncio.timeout(30):
            await agent.runs.wait(run.id)
    return run.id, writes.count


async def test_every_write_is_a_point_to_come_back_from(agent: House) -> None:
    _, total = await _crash(agent, 0, after=False)
    assert total > 20
    for at in range(1, total + 1):
        for after in (False, True):
            agent.runs = RunService(agent.services)
            ident, _ = await _crash(agent, at, after)
            await _comes_back(agent, ident, f"write {at}, after={after}")


async def _comes_back(agent: House, ident: str, where: str) -> None:
    agent.runs = RunService(agent.services)
    agent.script([call("fin", summary="Taken up.", status="partial")])  # for a run that had not begun
    await agent.runs.recover()
    run = await agent.runs.wait(ident)
    assert run.status in TERMINAL_RUN_STATUSES, where
    assert await agent.store.runs.open() == (), where
    events = await agent.events(run.chat_id)
    assert [e.kind for e in events].count("run/finished") == 1, where
    finished = next(e for e in events if e.kind == "run/finished")
    assert finished.data["status"] == run.status, where
    assert open_calls(await agent.store.messages.history(run.chat_id)) == [], where
    model = agent.script([call("fin", summary="Going on.", status="partial")])
    again = await agent.run("Go on.", chat_id=run.chat_id, mode="execute")
    assert again.summary == "Going on.", where
    history = model.requests[0].messages
    for position, message in enumerate(history):
        if message.role == "assistant" and message.tool_calls:
            answers = history[position + 1 : position + 1 + len(message.tool_calls)]
            wanted = {each.id for each in message.tool_calls}
            assert {each.tool_call_id for each in answers} == wanted, where
