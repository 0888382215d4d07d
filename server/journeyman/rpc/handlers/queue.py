"""agent/queue/*"""

from __future__ import annotations

from journeyman.failures import Failure
from journeyman.rpc import blocks, wire
from journeyman.rpc.refusals import Refusal, refuse
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.base import Empty
from journeyman_protocol.errors import ErrorCode
from journeyman_protocol.queue import (
    QueueItem,
    QueueListParams,
    QueuePage,
    QueueRef,
    QueueUpdateParams,
)

PAGE_CHARS = 4_000_000
"""A page stays under this; one longer prompt alone may exceed it."""
CURRENT_MAX = 50


async def list_(context: Context, params: QueueListParams) -> QueuePage:
    waiting = await context.services.runs.queue.list(params.chat_id)
    ids = [each.id for each in waiting]
    if params.cursor is not None and params.cursor not in ids:
        raise Failure(
            "invalid", "What this cursor stood at waits no more.", hint="Leave it out to list from the start."
        )
    first = 0 if params.cursor is None else ids.index(params.cursor) + 1
    page: list[QueueItem] = []
    size = 0
    for each in waiting[first : first + params.limit]:
        size += len(each.prompt)
        if page and size > PAGE_CHARS:
            break
        page.append(wire.queue_item(each))
    more = first + len(page) < len(waiting)
    return QueuePage(items=page, next_cursor=page[-1].item_id if page and more else None)


async def update(context: Context, params: QueueUpdateParams) -> QueueItem:
    prompt = None if params.prompt is None else blocks.text_of(params.prompt)
    try:
        changed = await context.services.runs.queue.update(
            params.item_id, prompt=prompt, if_rev=params.if_rev, position=params.position
        )
    except Failure as failure:
        raise await modified(context, failure) from failure
    return wire.queue_item(changed)


async def remove(context: Context, params: QueueRef) -> Empty:
    try:
        await context.services.runs.queue.remove(params.item_id)
    except Failure as failure:
        raise await modified(context, failure) from failure
    return Empty()


async def modified(context: Context, failure: Failure) -> Refusal | Failure:
    """LSP's ContentModified with the present queue for whoever came too late; other failures as they are."""
    chat_id = failure.data.get("chatId")
    if failure.kind != "conflict" or not isinstance(chat_id, str):
        return failure
    waiting = await context.services.runs.queue.list(chat_id)
    items = [wire.queue_item(each, cut=True).wire() for each in waiting[:CURRENT_MAX]]
    current = {"chatId": chat_id, "items": items, "total": len(waiting)}
    return refuse("conflict", failure.message, failure.hint, code=ErrorCode.CONTENT_MODIFIED, current=current)


HANDLERS: dict[str, Handler] = {
    "agent/queue/list": list_,
    "agent/queue/update": update,
    "agent/queue/remove": remove,
}
