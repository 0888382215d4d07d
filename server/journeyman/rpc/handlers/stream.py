"""agent/subscribe and what goes with it: a chat's events and its state."""

from __future__ import annotations

import asyncio
import contextlib

from journeyman.records import Event
from journeyman.rpc import wire
from journeyman.rpc.questions import permission_
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.base import Empty
from journeyman_protocol.permission import Permission
from journeyman_protocol.stream import (
    ChatRefParams,
    Cursor,
    EventsParams,
    EventsResult,
    Gap,
    Place,
    Snapshot,
    SubscribeParams,
    SubscribeResult,
)

EVENTS_CHARS = 1_500_000
"""A page of events stays under this, which is at most 6 MB; one larger event alone may exceed it."""
RECENT_MESSAGES = 30
RECENT_RUNS = 10
QUEUE_MAX = 50


async def subscribe(context: Context, params: SubscribeParams) -> SubscribeResult:
    services, chat_id = context.services, params.chat_id
    epoch, oldest, head = await services.events.bounds(chat_id)
    context.peer.subscriptions.check_room(chat_id)
    after, gap = _place(params.after, epoch, oldest, head)
    wanted = gap is not None or params.snapshot
    snapshot = await _snapshot(context, chat_id, head) if wanted else None
    active = await services.store.runs.open(chat_id)
    context.call.after_answer(lambda: _follow(context, params, after))
    return SubscribeResult(
        epoch=epoch,
        head=head,
        oldest=oldest,
        gap=gap,
        snapshot=snapshot,
        runs=[wire.run(item, head) for item in active],
        permissions=await _waiting(context, chat_id),
    )


def _follow(context: Context, params: SubscribeParams, after: int) -> None:
    context.peer.subscriptions.follow(params.chat_id, after, max_unacked=params.max_unacked)
    context.hub.greet(context.peer)


async def _waiting(context: Context, chat_id: str) -> list[Permission]:
    return [permission_(each) for each in await context.services.permissions.pending(chat_id)]


async def unsubscribe(context: Context, params: ChatRefParams) -> Empty:
    context.peer.subscriptions.drop(params.chat_id)
    return Empty()


async def events(context: Context, params: EventsParams) -> EventsResult:
    services, chat_id = context.services, params.chat_id
    epoch, oldest, head = await services.events.bounds(chat_id)
    after, gap = _place(params.after, epoch, oldest, head)
    found: tuple[Event, ...] = ()
    if gap is None:
        found = await _read(context, params, after)
        if not found and params.wait_ms:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(params.wait_ms / 1000):
                    await services.events.wait(chat_id, after=after)
            found = await _read(context, params, after)
    last = found[-1].seq if found else after
    return EventsResult.model_construct(
        events=[wire.event(each) for each in found],
        next=Cursor(epoch=epoch, seq=last),
        head=max(head, last),
        gap=gap,
        snapshot=None if gap is None else await _snapshot(context, chat_id, head),
    )


async def _read(context: Context, params: EventsParams, after: int) -> tuple[Event, ...]:
    return await context.services.events.read(
        params.chat_id, after=after, limit=params.limit, characters_max=EVENTS_CHARS
    )


async def _snapshot(context: Context, chat_id: str, head: int) -> Snapshot:
    services = context.services
    count, recent = await services.store.messages.recent(chat_id, RECENT_MESSAGES)
    waiting = await services.runs.queue.list(chat_id)
    runs = await services.store.runs.list(chat_id, limit=RECENT_RUNS)
    return Snapshot.model_construct(
        todo=wire.todo_list(await services.todos.get(chat_id)),
        messages=count,
        recent=[wire.message(each, cut=True) for each in recent],
        queue=[wire.queue_item(each, cut=True) for each in waiting[:QUEUE_MAX]],
        runs=[wire.run(each, head) for each in reversed(runs.items)],
        usage=wire.usage(await services.chats.usage(chat_id)),
        permissions=await _waiting(context, chat_id),
    )


def _place(wanted: Place, epoch: str, oldest: int, head: int) -> tuple[int, Gap | None]:
    """The number after which events are sent, and the gap where that is not what was asked for."""
    if isinstance(wanted, str):
        return (oldest - 1 if wanted == "start" else head), None
    if wanted.epoch != epoch:
        return head, Gap(from_seq=1, to_seq=head, reason="epoch_changed")
    if wanted.seq > head:
        return head, Gap(from_seq=head + 1, to_seq=wanted.seq, reason="ahead_of_log")
    if wanted.seq < oldest - 1:
        return head, Gap(from_seq=wanted.seq + 1, to_seq=oldest - 1, reason="trimmed")
    return wanted.seq, None


HANDLERS: dict[str, Handler] = {
    "agent/subscribe": subscribe,
    "agent/unsubscribe": unsubscribe,
    "agent/events": events,
}
