"""The protocol as `rpc` takes it. Light to import: the schema's models cost most of a second, and are loaded
when the first client speaks it, in a thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from journeyman.acp import ndjson
from journeyman.rpc.language import Conversation, Decoder, Ends

if TYPE_CHECKING:
    from journeyman.acp.endpoint import Endpoint
    from journeyman.rpc.auth import Gate
    from journeyman.rpc.limits import Limits
    from journeyman.rpc.services import Services


class Acp:
    """`Lines` over one app's services, for all its connections."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def decoder(self, limits: Limits, gate: Gate) -> Decoder:
        return ndjson.LineDecoder(limits, gate)

    def frame(self, body: bytes) -> bytes:
        return ndjson.encode(body)

    async def begin(self, ends: Ends) -> Conversation:
        endpoint = await asyncio.to_thread(_load)
        return endpoint(ends, self._services)


def _load() -> type[Endpoint]:
    from journeyman.acp.endpoint import Endpoint

    return Endpoint
