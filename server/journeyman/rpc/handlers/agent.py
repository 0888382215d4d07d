"""agent/*: runs."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from journeyman import records, spans
from journeyman.agent.runs import Delivered
from journeyman.agent.starting import StartRun
from journeyman.failures import Failure
from journeyman.records import LOCAL_USER_ID, TERMINAL_RUN_STATUSES
from journeyman.rpc import blocks, contexts, wire
from journeyman.rpc.daemons_own import as_the_daemons_own
from journeyman.rpc.handlers.queue import modified
from journeyman.rpc.limits import Limits
from journeyman.rpc.progress import RunProgress
from journeyman.rpc.refusals import refuse
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.agent import (
    AgentRunParams,
    Run,
    RunPage,
    RunRef,
    RunsParams,
    Steered,
    SteerParams,
)

log = logging.getLogger(__name__)

CATCH_UP_S = 5.0
"""Seconds the last events of a run have to pass by its progress before its request is answered."""


async def run(context: Context, params: AgentRunParams) -> Run:
    if params.user_id not in (None, LOCAL_USER_ID):
        hint = f"Leave `userId` out, or say {LOCAL_USER_ID!r}."
        raise refuse("unauthorized", "This daemon works for the user it belongs to, and nobody else.", hint)
    if context.hub.draining:
        raise refuse("draining", "The daemon is shutting down.", "Try again in a moment.", retryable=True)
    # From here on a cancel is the run's: stored but not waited for would be neither started nor stopped.
    context.call.cancel_by_myself()
    before = (await context.services.events.bounds(params.chat_id))[2] if params.chat_id else 0
    delivered = await _start(context, params)
    started, item_id = delivered.run, delivered.input_id
    context.call.pass_turn()
    if params.wait == "accepted":
        if context.peer.can.work_done_progress and started.status not in TERMINAL_RUN_STATUSES:
            context.call.after_answer(lambda: _show_accepted(context, started, before))
        return await _wire(context, started, item_id)
    ended = await _held(context, params, started, before)
    if item_id is not None and (carrier := await context.services.runs.carrier(item_id)).id != ended.id:
        # The run ended without having taken the text, which became a run of its own.
        ended = await _held(context, params, carrier, before)
    if ended.status not in TERMINAL_RUN_STATUSES:
        raise refuse("draining", "The daemon shuts down; the run waits for the next one.", retryable=True)
    return await _wire(context, ended, item_id)


async def _start(context: Context, params: AgentRunParams) -> Delivered:
    services = context.services
    seen = await contexts.given(context, params.context, chat_id=params.chat_id, project_id=params.project_id)
    order = StartRun(
        prompt=blocks.text_of(params.prompt),
        chat_id=params.chat_id,
        project_id=params.project_id,
        client_run_id=params.client_run_id,
        mode=params.mode,
        model=params.model,
        effort=params.effort,
        budget=wire.budget(params.budget),
        delivery=params.delivery,
        above=spans.parent(),
        context=seen,
        attached=await asyncio.to_thread(blocks.images_of, params.prompt),
    )
    return await as_the_daemons_own(services.supervisor, lambda: services.runs.deliver(order), "start a run")


async def _held(context: Context, params: AgentRunParams, run: records.Run, before: int) -> records.Run:
    """Wait for the run's end, showing it on the request's tokens. A cancelled request cancels the run."""
    services, call = context.services, context.call
    shown = RunProgress(context.peer, run.id, params.work_done_token, params.partial_result_token)
    cancelled = False
    async with asyncio.TaskGroup() as tasks:
        ended = tasks.create_task(services.runs.wait(run.id))
        asked = tasks.create_task(call.cancel_asked.wait())
        following: asyncio.Task[None] | None = None
        if shown.wanted and run.status not in TERMINAL_RUN_STATUSES:
            following = tasks.create_task(shown.follow(services.events, run.chat_id, before))
        shown.begin()
        context.peer.waits_for[run.id] += 1
        try:
            await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                cancelled = True
                await _cancel(context, run.id)
                await asyncio.wait({ended}, timeout=Limits().cancel_s)
            if following is not None:
                await asyncio.wait({following}, timeout=CATCH_UP_S)
        finally:
            context.peer.waits_for -= Counter([run.id])
            shown.end(ended.result().status if ended.done() and not ended.cancelled() else "stopped")
            for task in (ended, asked, following):
                if task is not None:
                    task.cancel()
    if cancelled:
        raise refuse("cancelled", "The run was cancelled.")
    return ended.result()


async def _cancel(context: Context, run_id: str) -> None:
    try:
        async with asyncio.timeout(Limits().cancel_s):
            await context.services.runs.cancel(run_id)
    except TimeoutError:
        log.error("run %s did not end in time after it was cancelled", run_id)


def _show_accepted(context: Context, run: records.Run, before: int) -> None:
    context.peer.start(_follow_accepted(context, run, before), f"progress of run {run.id}")


async def _follow_accepted(context: Context, run: records.Run, before: int) -> None:
    """A request's own token dies with its answer, so an accepted run is shown on a token of ours."""
    token = f"journeyman/{run.id}"
    await context.peer.outbound.request("window/workDoneProgress/create", {"token": token})
    shown = RunProgress(context.peer, run.id, token, None)
    shown.begin()
    try:
        await shown.follow(context.services.events, run.chat_id, before)
    finally:
        shown.end("ended")


async def cancel(context: Context, params: RunRef) -> Run:
    await context.services.runs.cancel(params.run_id)
    try:
        async with asyncio.timeout(Limits().cancel_s):
            return await _wire(context, await context.services.runs.wait(params.run_id))
    except TimeoutError as error:
        raise refuse(
            "timeout", "The run was told to stop and has not ended yet.", "Follow its events.", retryable=True
        ) from error


async def steer(context: Context, params: SteerParams) -> Steered:
    services = context.services
    seen = await contexts.given(context, params.context, run_id=params.run_id)
    images = await asyncio.to_thread(blocks.images_of, params.prompt)
    try:
        given = await services.runs.steer(
            params.run_id,
            blocks.text_of(params.prompt),
            client_run_id=params.client_run_id,
            context=seen,
            attached=images,
        )
    except Failure as failure:
        raise await modified(context, failure) from failure
    return Steered(run_id=given.run_id, item_id=given.id)


async def runs(context: Context, params: RunsParams) -> RunPage:
    services = context.services
    _, _, head = await services.events.bounds(params.chat_id)
    page = await services.store.runs.list(params.chat_id, cursor=params.cursor, limit=params.limit)
    return RunPage(items=[wire.run_record(each, head) for each in page.items], next_cursor=page.next_cursor)


async def resume(context: Context, params: RunRef) -> Run:
    return await _wire(context, await context.services.runs.resume(params.run_id))


async def _wire(context: Context, run: records.Run, item_id: str | None = None) -> Run:
    _, _, head = await context.services.events.bounds(run.chat_id)
    return wire.run(run, head, item_id=item_id)


HANDLERS: dict[str, Handler] = {
    "agent/run": run,
    "agent/cancel": cancel,
    "agent/steer": steer,
    "agent/runs": runs,
    "agent/resume": resume,
}
