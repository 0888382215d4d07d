"""todo/*"""

from __future__ import annotations

from journeyman.failures import Failure
from journeyman.rpc import wire
from journeyman.rpc.refusals import refuse
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.errors import ErrorCode
from journeyman_protocol.todo import TodoList, TodoListParams, TodoUpdateParams


async def list_(context: Context, params: TodoListParams) -> TodoList:
    await context.services.chats.get(params.chat_id)
    return wire.todo_list(await context.services.todos.get(params.chat_id))


async def update(context: Context, params: TodoUpdateParams) -> TodoList:
    services = context.services
    await services.chats.get(params.chat_id)
    try:
        changed = await services.todos.replace(
            params.chat_id, wire.from_todo_items(params.items), if_rev=params.if_rev, by="user"
        )
    except Failure as failure:
        if failure.kind != "conflict":
            raise
        # LSP's ContentModified, with what the client has to look at before it tries again.
        present = wire.todo_list(await services.todos.get(params.chat_id)).wire()
        raise refuse(
            "conflict", failure.message, failure.hint, code=ErrorCode.CONTENT_MODIFIED, current=present
        ) from failure
    return wire.todo_list(changed)


HANDLERS: dict[str, Handler] = {"todo/list": list_, "todo/update": update}
