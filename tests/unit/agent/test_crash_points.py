"""The daemon dies at any write of a run, before or after it: the rest is ended, told once, and can go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from journeyman.agent.conversation import open_calls
from journeyman.agent.runs import RunService, StartRun
from journeyman.failures import Failure
from journeyman.records import TERMINAL_RUN_STATUSES, Message
from journeyman.testing.model import call, calls
from unit.agent.gated import GatedModel
from unit.agent.house import House

SCRIPT = [
    call("todoWrite", items=["Write both", "Verify against the request"]),
    calls(call("write", path="a.txt", content="a\n"), call("terminal", command="echo b > b.txt")),
    call("fin", summary="Both are there.", status="partial"),
]


SAID = "Use tabs."


class CrashError(Exception):
    """From here on nothing is written any more."""


class Writes:
    """Counts the writes of messages, events and runs, and stops them all at one of them."""

    def __init__(self, agent: House, monkeypatch: pytest.MonkeyPatch, *, at: int, after: bool) -> None:
        self.count = 0
        self._at, self._after = at, after
        store = agent.store
        for owner, name in (
            (store.messages, "append"),
            (store.events, "append"),
            (store.runs, "add"),
            (store.runs, "update"),
            (store.inputs, "add"),
            (store.inputs, "take"),
            (store.inputs, "become"),
        ):
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., asyncio.Future[Any]]:
        async def written(number: int, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
            if self._at and (number > self._at or (number == self._at and not self._after)):
                raise CrashError
            answer = await write(*args, **named)
            if number == self._at:
                raise CrashError
            return answer

        def counted(*args: Any, **named: Any) -> asyncio.Future[Any]:
            self.count += 1
            return asyncio.ensure_future(written(self.count, args, named))

        return counted


async def _crash(agent: House, at: int, after: bool) -> tuple[str, int]:
    """Answers the run and how many writes there were."""
    with pytest.MonkeyPatch.context() as patch:
        writes = Writes(agent, patch, at=at, after=after)
        agent.script(SCRIPT)
        chat = await agent.chat()
        run = await agent.runs.start(StartRun("Write both.", chat_id=chat.id))
        async with asyncio.timeout(90):
            await agent.runs.wait(run.id)
    return run.id, writes.count


async def test_every_write_is_a_point_to_come_back_from(agent: House) -> None:
    _, total = await _crash(agent, 0, after=False)
    assert total > 20
    for at in range(2, total + 1):  # the first one stores the run
        for after in (False, True):
            agent.runs = RunService(agent.services)
            ident, _ = await _crash(agent, at, after)
            await _comes_back(agent, ident, f"write {at}, after={after}")


async def test_writes_are_points_to_resume_from(agent: House) -> None:
    await resume_everywhere(agent, every=5)


async def resume_everywhere(agent: House, *, every: int) -> None:
    _, total = await _crash(agent, 0, after=False)
    resumed = 0
    for at in range(2, total + 1, every):
        for after in (False, True):
            agent.runs = RunService(agent.services)
            ident, _ = await _crash(agent, at, after)
            resumed += await _carries_on(agent, ident, f"write {at}, after={after}")
    assert resumed > 20 // every


async def _carries_on(agent: House, ident: str, where: str) -> bool:
    agent.runs = RunService(agent.services)
    model = agent.script([call("fin", summary="Carried on.", status="partial")])
    await agent.runs.recover()
    run = await agent.runs.wait(ident)
    if run.stop_reason != "interrupted":
        return False
    resumed, again = await agent.runs.resume(ident), await agent.runs.resume(ident)
    assert resumed.id == again.id, where
    ended = await agent.runs.wait(resumed.id)
    assert ended.summary == "Carried on.", where
    _well_formed(model.requests[0].messages, where)
    said = [m for m in model.requests[0].messages if m.role == "user"]
    assert sum(m.text == "Write both." for m in said) == 1, where
    assert "Write both." in said[-1].for_model, where
    events = await agent.events(run.chat_id)
    finished = [e.run_id for e in events if e.kind == "run/finished"]
    assert finished == [run.id, resumed.id], where
    return True


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
    _well_formed(model.requests[0].messages, where)


def _well_formed(history: Sequence[Message], where: str) -> None:
    for position, message in enumerate(history):
        if message.role == "assistant" and message.tool_calls:
            answers = history[position + 1 : position + 1 + len(message.tool_calls)]
            wanted = {each.id for each in message.tool_calls}
            assert {each.tool_call_id for each in answers} == wanted, where


LATE = "touch at; while [ ! -e go ]; do sleep 0.02; done"
MOMENTS = {
    "while the model thinks": [call("ls"), call("fin", summary="Done.", status="partial")],
    "too late": [
        call("commands", test=LATE), call("write", path="a", content="a"), call("fin", summary="Done."),
    ],
}  # fmt: skip


async def _crash_saying(
    agent: House, steps: list[Any], late: bool, at: int, after: bool
) -> tuple[str, bool, int]:
    """The chat, whether the text was acknowledged, and how many writes there were."""
    chat = await agent.chat()
    acknowledged = False
    with pytest.MonkeyPatch.context() as patch:
        writes = Writes(agent, patch, at=at, after=after)
        model = GatedModel([*steps, call("fin", summary="Its own.", status="partial")])
        agent.offer(model)
        try:
            run = await agent.runs.start(StartRun("Write both.", chat_id=chat.id, mode="execute"))
            if late:
                model.go(4)
                await _until(lambda: not agent.runs.running or (agent.folder(chat) / "at").exists())
            else:
                await _until(lambda: not agent.runs.running or model.requests_begun > 0)
            await agent.runs.steer(run.id, SAID)
            acknowledged = True
        except (CrashError, Failure):
            pass
        (agent.folder(chat) / "go").touch()
        model.go(4)
        await _until(lambda: not agent.runs.running)
    return chat.id, acknowledged, writes.count


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(90):
        while not holds():  # noqa: ASYNC110 - a crash tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("moment", MOMENTS)
async def test_no_text_is_lost_and_none_is_said_twice_whatever_write_was_the_last(
    agent: House, moment: str
) -> None:
    await say_everywhere(agent, moment, every=6)


async def say_everywhere(agent: House, moment: str, *, every: int) -> None:
    steps, late = MOMENTS[moment], moment == "too late"
    _, acknowledged, total = await _crash_saying(agent, steps, late, 0, after=False)
    assert acknowledged
    kept = 0
    for at in range(2, total + 1, every):
        for after in (False, True):
            agent.runs = RunService(agent.services)
            chat_id, acknowledged, _ = await _crash_saying(agent, steps, late, at, after)
            agent.runs = RunService(agent.services)
            agent.script([call("fin", summary="Taken up.", status="partial")], cycle=True)
            await agent.runs.recover()
            async with asyncio.timeout(90):
                while open_ := await agent.store.runs.open():
                    await agent.runs.wait(open_[0].id)
            history = await agent.store.messages.history(chat_id)
            times = sum(message.role == "user" and message.text == SAID for message in history)
            begun = {message.run_id for message in history}
            # A run of its own that died before its first word can be resumed, and has it.
            runs = (await agent.store.runs.list(chat_id)).items
            times += sum(run.prompt == SAID and run.id not in begun for run in runs)
            assert times == 1 or (times == 0 and not acknowledged), f"write {at}, after={after}: {times}"
            assert await agent.store.inputs.waiting(chat_id) == ()
            kept += times
    assert kept > 20 // every
