"""The tool calls of one message: marked started, run, answered, in this order, each result kept at once.

Calls run in parallel unless they share a resource; a call that must be alone waits for those before it. One
that waits for the user's permission holds up only what shares a resource with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from journeyman.agent import admitting, replanning, traced
from journeyman.agent.admitting import Pass
from journeyman.agent.inbox import SKIPPED
from journeyman.agent.reminder import reminder
from journeyman.agent.session import Session
from journeyman.agent.state import Outcome
from journeyman.agent.tools.observation import Observation
from journeyman.agent.tools.registry import Prepared, run_tool
from journeyman.agent.tools.tool import ALONE
from journeyman.records import ToolCall

PARALLEL_MAX = 8


async def run_calls(session: Session, calls: Sequence[ToolCall]) -> None:
    """Every call gets exactly one result, also those that cannot be run, and those that are not begun
    because the user said something."""
    group: list[Prepared] = []
    for call in calls:
        prepared = session.registry.prepare(call, session.state)
        if isinstance(prepared, Prepared) and ALONE not in prepared.resources and not session.state.outcome:
            group.append(prepared)
            continue
        await _together(session, group)
        group = []
        again = session.registry.prepare(call, session.state)  # the group may have changed the state
        if session.state.outcome is not None:
            again = Observation("skipped: the run is over", ok=False)
        elif session.inbox.something:
            await _skip(session, call)
            continue
        if isinstance(again, Prepared):
            await _one(session, again, asyncio.Semaphore())
        else:
            _started(session, call, call.name, call.arguments)
            await _answer(session, call, again, 0.0)
    await _together(session, group)


async def _together(session: Session, group: Sequence[Prepared]) -> None:
    locks = {key: asyncio.Lock() for prepared in group for key in prepared.resources}
    room = asyncio.Semaphore(PARALLEL_MAX)

    async def guarded(prepared: Prepared) -> None:
        keys = sorted(prepared.resources)
        for key in keys:
            await locks[key].acquire()
        try:
            await _one(session, prepared, room)
        finally:
            for key in keys:
                locks[key].release()

    if len(group) == 1:  # nearly always: nothing to wait beside it for
        await _one(session, group[0], room)
        return
    async with asyncio.TaskGroup() as tasks:
        for prepared in group:
            tasks.create_task(guarded(prepared))


async def _one(session: Session, prepared: Prepared, room: asyncio.Semaphore) -> None:
    if session.inbox.something:
        await _skip(session, prepared.call)
        return
    admitted = await admitting.admit(session, prepared)
    if isinstance(admitted, Pass):
        async with room:
            if session.inbox.something:  # said while a person or another call was waited for
                await _skip(session, prepared.call)
            else:
                await _run(session, prepared, admitted)
    else:
        _started(session, prepared.call, prepared.tool.spec.name, prepared.arguments)
        await _answer(session, prepared.call, admitted, 0.0)


async def _run(session: Session, prepared: Prepared, admitted: Pass) -> None:
    call, state = prepared.call, session.state
    _started(session, call, prepared.tool.spec.name, prepared.arguments)
    began, edits, todo_changes = session.clock.monotonic(), state.edits, state.todo_changes

    def output(text: str) -> None:
        session.telling.tool_output(call.id, text)

    if session.recording is not None:
        await session.recording.before(prepared)
    begin = session.writes.begin  # nothing begins before it is known that it was to
    if not prepared.tool.begins:
        await begin()
    context = replace(session.tools, call_id=call.id, output=output, begin=begin)
    observation = await admitting.stale(session, prepared, admitted)
    if observation is None:
        with traced.tool_call(prepared.tool.spec.name) as told:
            observation = _with(await run_tool(prepared, context), admitted.note)
            told(observation.ok)
        session.writes.fail()
        observation = _with(observation, await session.extended.beside(prepared, state))
        observation = _with(observation, await session.extended.after(prepared, state, observation))
    if state.todo_changes != todo_changes:
        session.steps_since_todo = 0
    if state.edits != edits and (paths := prepared.tool.changed_paths(state, prepared.arguments)):
        for path in sorted(paths):
            observation = _with(
                observation, replanning.nudged(state, session.stuck.saw_edit(state.shown(path)))
            )
    elif (
        observation.ok
        and prepared.tool.spec.name == "terminal"
        and state.passes(prepared.arguments.get("command", ""))
    ):
        session.stuck.saw_passing_check()
    await _answer(session, call, observation, session.clock.monotonic() - began)


async def _answer(session: Session, call: ToolCall, observation: Observation, seconds: float) -> None:
    stuck = session.stuck.saw_call(call.name, call.arguments, observation.text)
    session.think_hard |= stuck is not None or _failed(session, call, observation)
    if stuck and stuck.what == "end":
        session.end(Outcome("blocked", "stuck", f"The run went in circles: {stuck.message}."))
    observation = _with(observation, replanning.nudged(session.state, stuck))
    observation = _with(observation, session.meter.warning(session.elapsed_s))
    observation = _with(observation, await reminder(session))
    _store(session, call, observation, seconds)


def _failed(session: Session, call: ToolCall, observation: Observation) -> bool:
    """Whether the work was shown to be wrong: by `fin`, or by a command of the project or of its plan."""
    if observation.ok:
        return False
    return call.name == "fin" or session.state.shows_something(str(call.arguments.get("command", "")))


async def _skip(session: Session, call: ToolCall) -> None:
    _started(session, call, call.name, call.arguments)
    _store(session, call, Observation(SKIPPED, ok=False), 0.0)


def _started(session: Session, call: ToolCall, name: str, arguments: dict[str, Any]) -> None:
    session.writes.hand_over(session.telling.tool_started(call.id, name, arguments))


def _store(session: Session, call: ToolCall, observation: Observation, seconds: float) -> None:
    message_id = session.ids.new()
    session.writes.hand_over(  # committed together
        session.conversation.tool(call, observation, message_id),
        session.telling.tool_finished(
            call.id,
            call.name,
            ok=observation.ok,
            seconds=seconds,
            text=observation.text,
            message_id=message_id,
        ),
    )


def _with(observation: Observation, addition: str | None) -> Observation:
    return replace(observation, text=f"{observation.text}\n\n{addition}") if addition else observation
