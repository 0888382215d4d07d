"""`session/prompt`: one run from its prompt to the reason it stopped.

The run is the daemon's: a client that goes away leaves it to end by itself, one that cancels gets `cancelled`
once nothing of it runs any more. Everything the run said has been sent before the answer.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from acp.schema import PromptRequest, PromptResponse, SessionInfoUpdate, StopReason

from journeyman import records, spans
from journeyman.acp import commands, options
from journeyman.acp.content import content_of
from journeyman.acp.context import Context
from journeyman.acp.handing import hand_back
from journeyman.acp.mapping import thinks
from journeyman.acp.sessions import Session
from journeyman.agent.runs import StartRun
from journeyman.failures import Failure
from journeyman.rpc import wire
from journeyman.rpc.daemons_own import as_the_daemons_own
from journeyman.rpc.limits import Limits
from journeyman.rpc.refusals import ERROR_KINDS, Refusal, refuse
from journeyman_protocol.errors import ErrorKind

if TYPE_CHECKING:
    from journeyman.changes.carrying import Carried
    from journeyman.rpc.services import Services

log = logging.getLogger(__name__)

CATCH_UP_S = 5.0
"""Seconds the last events of a run have to be sent before its prompt is answered all the same."""
_LIMITS: dict[str, StopReason] = {"limit_steps": "max_turn_requests", "limit_tokens": "max_tokens"}


async def prompt(context: Context, params: PromptRequest) -> PromptResponse:
    session = context.sessions.get(params.session_id)
    if context.hub.draining:
        raise refuse("draining", "The daemon is shutting down.", "Try again in a moment.", retryable=True)
    said, images = await asyncio.to_thread(content_of, params.prompt, session.paths)
    mode, text = options.command_of(said)
    if context.call.cancel_asked.is_set():
        return PromptResponse(stop_reason="cancelled")
    for notice in session.notices:
        session.tell(thinks(f"{notice}\n", None))
    session.notices.clear()
    order = StartRun(
        prompt=text,
        chat_id=session.id,
        mode=mode or session.choices.mode,
        model=session.choices.model,
        effort=session.choices.effort,
        above=spans.parent(),
        attached=images,
    )
    session.mapper.expected.append(text)
    try:
        started = await as_the_daemons_own(
            context.services.supervisor, lambda: context.services.runs.start(order), "start a run"
        )
    except BaseException:  # nobody will say these words, cancelled or not
        session.mapper.expected.remove(text)
        raise
    context.call.pass_turn()
    ended = await _over(context, session, started)
    if ended is None:
        return PromptResponse(stop_reason="cancelled")
    try:
        async with asyncio.timeout(CATCH_UP_S):
            await session.told_of(ended.id)
    except TimeoutError:
        log.warning("the client of session %s is behind with the events of run %s", session.id, ended.id)
    if ended.status not in records.TERMINAL_RUN_STATUSES:
        raise refuse("draining", "The daemon shuts down; the run waits for the next one.", retryable=True)
    if await commands.look(context.services, session):
        commands.tell(session)
    return _answer(ended, await hand_back(context, session, ended))


async def _over(context: Context, session: Session, run: records.Run) -> records.Run | None:
    """The run once it is over; None where its chat was deleted meanwhile, and the run with it."""
    try:
        await _tell_title(context.services, session)
        return await _ended(context, run)
    except (Failure, BaseExceptionGroup) as error:
        first = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error
        if isinstance(first, Failure) and first.kind == "not_found":
            return None
        raise


async def _tell_title(services: Services, session: Session) -> None:
    """A chat is named after its first prompt."""
    chat = await services.chats.get(session.id)
    if chat.title != session.title:
        session.title = chat.title
        update = SessionInfoUpdate(
            session_update="session_info_update", title=chat.title, updated_at=wire.timestamp(chat.updated_at)
        )
        session.tell(update)


async def _ended(context: Context, run: records.Run) -> records.Run:
    """The run once it is over; a cancel asked for meanwhile is the run's."""
    runs, call = context.services.runs, context.call
    async with asyncio.TaskGroup() as tasks:
        ended = tasks.create_task(runs.wait(run.id))
        asked = tasks.create_task(call.cancel_asked.wait())
        try:
            await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                await runs.cancel(run.id)
                await asyncio.wait({ended}, timeout=Limits().cancel_s)
        finally:
            for task in (ended, asked):
                task.cancel()
    if ended.cancelled():
        raise refuse("timeout", "The run was told to stop and has not ended yet.", retryable=True)
    return ended.result()


def _answer(run: records.Run, carried: list[Carried]) -> PromptResponse:
    if run.status == "failed":
        raise _failed(run)
    facts = _facts(run)
    if carried:
        facts["folder"] = [{"path": each.path, "outcome": each.outcome} for each in carried]
    return PromptResponse(stop_reason=_reason(run), field_meta={"journeyman": facts})


def _reason(run: records.Run) -> StopReason:
    if run.status == "cancelled":
        return "cancelled"
    return _LIMITS.get(run.stop_reason or "", "end_turn") if run.status == "partial" else "end_turn"


def _failed(run: records.Run) -> Refusal:
    kinds: list[ErrorKind] = [kind for kind in ERROR_KINDS if kind == run.stop_reason]
    return refuse(kinds[0] if kinds else "internal", run.summary or "The run failed.")


def _facts(run: records.Run) -> dict[str, Any]:
    facts = {
        "runId": run.id,
        "status": run.status,
        "stopReason": run.stop_reason,
        "summary": run.summary,
        "changes": {
            "files": list(run.changes.files),
            "added": run.changes.added,
            "removed": run.changes.removed,
        },
    }
    return {name: value for name, value in facts.items() if value is not None}
