"""`session/delete` for good: the chat, after whatever still runs in it has ended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from journeyman.rpc.limits import Limits

if TYPE_CHECKING:
    from journeyman.rpc.services import Services


async def delete_chat(services: Services, chat_id: str) -> None:
    """Raises `not_found`; `busy` where a run does not end in time."""
    chat = await services.chats.get(chat_id)
    for run in (await services.store.runs.open(chat_id))[::-1]:
        await services.runs.cancel(run.id)
        try:
            async with asyncio.timeout(Limits().cancel_s):
                await services.runs.wait(run.id)
        except TimeoutError:
            break  # and the chat says that it is busy
    await services.chats.delete(chat_id)
    await services.checkpoints.forget_chat(chat.project_id)
    services.events.forget([chat_id])
