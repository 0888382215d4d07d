"""MCP over streamable HTTP to a server the user's settings name, with a bound on every answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from mcp.client._transport import TransportStreams
from mcp.client.streamable_http import streamable_http_client

from journeyman.ports.tool_servers import ServerSpec

ANSWER_BYTES_MAX = 8 * 1024 * 1024
CONNECT_S = 10.0


@asynccontextmanager
async def over_http(spec: ServerSpec) -> AsyncGenerator[TransportStreams]:
    """Redirects are followed within the server's own origin only, so its headers go nowhere else."""
    timeout = httpx2.Timeout(spec.timeout_s, connect=min(CONNECT_S, spec.timeout_s))
    async with (
        httpx2.AsyncClient(
            headers=dict(spec.headers), timeout=timeout, transport=_Bounded(trust_env=False)
        ) as client,
        streamable_http_client(spec.url, http_client=client, max_sse_event_size=ANSWER_BYTES_MAX) as streams,
    ):
        yield streams[0], streams[1]


class _Bounded(httpx2.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        answer.stream = _Counted(answer.stream)
        return answer


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        total = 0
        async for chunk in self._stream:
            total += len(chunk)
            if total > ANSWER_BYTES_MAX:
                raise httpx2.ReadError(f"the answer is larger than {ANSWER_BYTES_MAX} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
