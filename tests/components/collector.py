"""An OTLP collector: takes spans over HTTP on loopback and reads them with the protocol's own types."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import h11
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Received:
    """A span as it came."""

    def __init__(self, span: Any, resource: dict[str, Any]) -> None:
        self.name: str = span.name
        self.trace: str = span.trace_id.hex()
        self.id: str = span.span_id.hex()
        self.parent: str = span.parent_span_id.hex()
        self.state: str = span.trace_state
        self.kind: int = span.kind
        self.failed: bool = span.status.code == 2
        self.status_text: str = span.status.message
        self.events: int = len(span.events)
        self.seconds: float = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
        self.attributes = _read(span.attributes)
        self.resource = resource


def _read(pairs: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in pairs}


class Collector:
    def __init__(self) -> None:
        self.spans: list[Received] = []
        self.bodies = b""
        """Everything that came, for those who look for what must not be in it."""
        self.headers: list[dict[str, str]] = []
        self._came = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def until(self, enough: Callable[[list[Received]], bool], patience_s: float = 90.0) -> None:
        async with asyncio.timeout(patience_s):
            while not enough(self.spans):
                self._came.clear()
                await self._came.wait()

    def one(self, name: str) -> Received:
        (found,) = [each for each in self.spans if each.name == name]
        return found

    def below(self, span: Received) -> list[str]:
        return sorted(each.name for each in self.spans if each.parent == span.id)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        body = b""
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Request):
                body = b""
                self.headers.append({name.decode(): value.decode() for name, value in event.headers})
                assert (event.method, event.target) == (b"POST", b"/v1/traces")
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                self._take(body)
                headers = [("Content-Type", "application/x-protobuf"), ("Content-Length", "0")]
                writer.write(connection.send(h11.Response(status_code=200, headers=headers)) or b"")
                writer.write(connection.send(h11.EndOfMessage()) or b"")
                await writer.drain()
                connection.start_next_cycle()
            else:
                break
        writer.close()

    def _take(self, body: bytes) -> None:
        self.bodies += body
        message: Any = ExportTraceServiceRequest.FromString(body)
        for group in message.resource_spans:
            resource = _read(group.resource.attributes)
            for scope in group.scope_spans:
                self.spans += [Received(span, resource) for span in scope.spans]
        self._came.set()
