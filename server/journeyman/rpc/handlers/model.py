"""model/*"""

from __future__ import annotations

import asyncio
import logging

from journeyman.failures import Failure
from journeyman.rpc import wire
from journeyman.rpc.router import Context, Handler
from journeyman_protocol.base import Empty
from journeyman_protocol.chat import Chat
from journeyman_protocol.model import ModelList, ModelSelectParams

log = logging.getLogger(__name__)

REFRESH_S = 2.0


async def list_(context: Context, params: Empty) -> ModelList:
    models = context.services.models
    try:
        # Keys and local servers may have come since the daemon started; a slow keyring holds nobody up.
        async with asyncio.timeout(REFRESH_S):
            await models.refresh()
    except TimeoutError:
        log.info("the keyring did not answer in time for a list of models")
    try:
        default = models.default_model(context.services.settings.model)
    except Failure:
        default = None  # the list itself says of every model why it cannot be used
    return ModelList(items=[wire.model_(info) for info in models.list()], default=default)


async def select(context: Context, params: ModelSelectParams) -> Chat:
    await context.services.chats.get(params.chat_id)
    await context.services.models.choose(params.model)
    return wire.chat_(await context.services.chats.select_model(params.chat_id, params.model))


HANDLERS: dict[str, Handler] = {"model/list": list_, "model/select": select}
