"""What a crash left open: a run that had begun is ended, said so, and never silently repeated; one that was
still waiting keeps its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from journeyman.agent.conversation import NOT_BEGUN, answer, open_calls
from journeyman.agent.services import Services
from journeyman.agent.telling import Telling, usage_from
from journeyman.records import EventKind, Run

EVENTS_LOOKED_AT = 1_000
UNKNOWN = "interrupted; state unknown; check before repeating"


@dataclass(frozen=True, slots=True)
class Recovered:
    ended: tuple[Run, ...]
    waiting: tuple[Run, ...]
    """Oldest first."""


async def recover(services: Services) -> Recovered:
    """End every run an earlier daemon had begun; each call without a result gets one."""
    ended: list[Run] = []
    waiting: list[Run] = []
    for run in await services.store.runs.open():
        if run.status == "queued" and await _told(services, run) is None:
            waiting.append(run)
            continue
        history = await services.store.messages.history(run.chat_id)
        not_begun = await services.store.permissions.unused_calls(run.id)
        answers = [
            answer(
                call,
                NOT_BEGUN if call.id in not_begun else UNKNOWN,
                False,
                services.ids.new(),
                run.chat_id,
                run.id,
                services.clock,
            )
            for call in open_calls(history)
        ]
        if answers:
            await services.store.messages.append(answers)
        ended.append(await _end(services, run))
    return Recovered(tuple(ended), tuple(waiting))


async def _end(services: Services, run: Run) -> Run:
    told = await _told(services, run)
    run = replace(run, finished_at=services.clock.now())
    used = await _newest(services, run, "usage/updated")
    if used is not None:
        usage = usage_from(used)
        run = replace(run, usage=usage, steps=usage.model_calls)
    if told is not None:  # the crash came between the terminal event and the stored result
        run = replace(
            run,
            status=told["status"],
            stop_reason=told["stopReason"],
            summary=told["summary"],
            steps=told["steps"],
        )
    else:
        summary = (
            "The daemon stopped in the middle of this run; what it did last is unknown. "
            "Carry on with agent/resume, or start another."
        )
        run = replace(run, status="failed", stop_reason="interrupted", summary=summary)
        await Telling(services.events, run.chat_id, run.id).finished(run)
    await services.store.runs.update(run)
    return run


async def _told(services: Services, run: Run) -> dict[str, Any] | None:
    """The run's terminal event, where it was told already."""
    return await _newest(services, run, "run/finished")


async def _newest(services: Services, run: Run, kind: EventKind) -> dict[str, Any] | None:
    _, _, newest = await services.store.events.bounds(run.chat_id)
    events = await services.store.events.read(run.chat_id, after=max(newest - EVENTS_LOOKED_AT, 0))
    found = [each.data for each in events if each.kind == kind and each.run_id == run.id]
    return found[-1] if found else None
