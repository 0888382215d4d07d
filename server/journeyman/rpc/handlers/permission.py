"""permission/*"""

from __future__ import annotations

from journeyman.failures import Failure
from journeyman.rpc.questions import permission_
from journeyman.rpc.refusals import refuse
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.permission import (
    Permission,
    PermissionListParams,
    PermissionPage,
    PermissionReplyParams,
)


async def list_(context: Context, params: PermissionListParams) -> PermissionPage:
    state = None if params.state == "all" else params.state
    page = await context.services.permissions.list(
        chat_id=params.chat_id, state=state, cursor=params.cursor, limit=params.limit
    )
    return PermissionPage(items=[permission_(each) for each in page.items], next_cursor=page.next_cursor)


async def reply(context: Context, params: PermissionReplyParams) -> Permission:
    permissions = context.services.permissions
    try:
        decided = await permissions.reply(
            params.permission_id, params.option_id, feedback=params.feedback or "", by=context.peer.who
        )
    except Failure as failure:
        if failure.kind != "conflict":
            raise
        present = permission_(await permissions.get(params.permission_id)).wire()
        raise refuse("conflict", failure.message, failure.hint, current=present) from failure
    return permission_(decided)


HANDLERS: dict[str, Handler] = {"permission/list": list_, "permission/reply": reply}
