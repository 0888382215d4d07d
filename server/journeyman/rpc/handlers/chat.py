"""chat/*"""

from __future__ import annotations

import base64

from journeyman.rpc import blocks, hits, wire
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.base import Empty, Page
from journeyman_protocol.chat import (
    Chat,
    ChatCreateParams,
    ChatForkParams,
    ChatImage,
    ChatImageParams,
    ChatListParams,
    ChatMessage,
    ChatMessageParams,
    ChatMessagesParams,
    ChatRef,
    ChatRenameParams,
    ChatSearchParams,
    Found,
)

PAGE_CHARS = 4_000_000
"""A page of messages stays under this; one longer message alone may exceed it."""


async def create(context: Context, params: ChatCreateParams) -> Chat:
    await context.services.projects.get(params.project_id)
    made = await context.services.chats.create(params.project_id, title=params.title, model=params.model)
    return wire.chat_(made)


async def list_(context: Context, params: ChatListParams) -> Page[Chat]:
    page = await context.services.chats.list(
        project_id=params.project_id, cursor=params.cursor, limit=params.limit
    )
    return Page[Chat](items=[wire.chat_(item) for item in page.items], next_cursor=page.next_cursor)


async def search(context: Context, params: ChatSearchParams) -> Page[Found]:
    page = await context.services.chats.search(
        params.query, project_id=params.project_id, cursor=params.cursor, limit=params.limit
    )
    return Page[Found](items=[hits.found(item) for item in page.items], next_cursor=page.next_cursor)


async def get(context: Context, params: ChatRef) -> Chat:
    chat = await context.services.chats.get(params.chat_id)
    return wire.chat_(chat, await context.services.chats.usage(params.chat_id))


async def messages(context: Context, params: ChatMessagesParams) -> Page[ChatMessage]:
    chats, limit = context.services.chats, params.limit
    await chats.get(params.chat_id)
    while True:
        page = await chats.messages(params.chat_id, cursor=params.cursor, limit=limit, rewound=params.rewound)
        # A page is cut by the store, which alone knows its cursors; long messages need shorter pages.
        if limit == 1 or sum(len(item.text) for item in page.items) <= PAGE_CHARS:
            break
        limit = max(1, limit // 4)
    return Page[ChatMessage](items=[wire.message(item) for item in page.items], next_cursor=page.next_cursor)


async def message(context: Context, params: ChatMessageParams) -> ChatMessage:
    await context.services.chats.get(params.chat_id)
    return wire.message(await context.services.store.messages.get(params.chat_id, params.message_id))


async def image(context: Context, params: ChatImageParams) -> ChatImage:
    found = await context.services.store.pictures.get(params.chat_id, params.image_id)
    data = base64.b64encode(found.data).decode("ascii")
    return ChatImage(**dict(blocks.told(found.picture)), data=data)


async def rename(context: Context, params: ChatRenameParams) -> Chat:
    return wire.chat_(await context.services.chats.rename(params.chat_id, params.title))


async def fork(context: Context, params: ChatForkParams) -> Chat:
    made = await context.services.chats.fork(params.chat_id, at_seq=params.at_seq, title=params.title)
    return wire.chat_(made)


async def delete(context: Context, params: ChatRef) -> Empty:
    chat = await context.services.chats.get(params.chat_id)
    await context.services.chats.delete(params.chat_id)
    await context.services.checkpoints.forget_chat(chat.project_id)
    context.services.events.forget([params.chat_id])
    return Empty()


HANDLERS: dict[str, Handler] = {
    "chat/create": create,
    "chat/list": list_,
    "chat/search": search,
    "chat/get": get,
    "chat/messages": messages,
    "chat/message": message,
    "chat/image": image,
    "chat/rename": rename,
    "chat/fork": fork,
    "chat/delete": delete,
}
