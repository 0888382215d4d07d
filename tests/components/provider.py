"""A provider we script, over real HTTP and server-sent events on loopback.

    async with ScriptedProvider() as provider:
        provider.script(answer(text_chunk("hi"), stop_chunk()), refusal(429, "slow down"))
        ... point a model at provider.base_url ...
        assert provider.requests[0].json["model"] == "m"

A raw asyncio server, so that every byte, pause and broken connection is ours to choose.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

REQUEST_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/event-stream"})
    pieces: tuple[bytes, ...] = ()
    """Each is its own HTTP chunk."""
    cut: bool = False
    """Close the connection without the last chunk, as a crashed server does."""
    hang: bool = False
    """Stay silent after the pieces until the client goes away."""
    close_delimited: bool = False
    """Without chunked encoding: the end of the connection is the end of the body."""


Script = Reply | Callable[[Received], Reply]


def sse(data: object) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """One chat-completion chunk."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
    return head | {"choices": [choice]} | more


def tool_piece(arguments: str = "", **fields: Any) -> dict[str, Any]:
    """A chunk with a piece of one tool call; `name` belongs to its function, the rest to the call."""
    function: dict[str, Any] = {"arguments": arguments}
    if "name" in fields:
        function["name"] = fields.pop("name")
    return chunk({"tool_calls": [fields | {"function": function}]})


def usage_chunk(prompt: int, completion: int, cached: int | None = None, **more: Any) -> dict[str, Any]:
    usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": completion}
    usage["total_tokens"] = prompt + completion
    if cached is not None:
        usage["prompt_tokens_details"] = {"cached_tokens": cached}
    return chunk() | {"choices": [], "usage": usage | more}


def answer(*chunks: object, done: bool = True, **more: Any) -> Reply:
    """A streamed answer of these chunks (dictionaries, or raw text for `data:`)."""
    pieces = [sse(item) for item in chunks]
    if done:
        pieces.append(sse("[DONE]"))
    return Reply(pieces=tuple(pieces), **more)


def text_answer(text: str) -> Reply:
    return answer(chunk({"content": text}), chunk(finish="stop"), usage_chunk(10, 2))


def refusal(status: int, message: str, **headers: str) -> Reply:
    body = json.dumps({"error": {"message": message, "code": status}}).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"Content-Type": "application/json"} | names, (body,))


def split(reply: Reply, size: int) -> Reply:
    """The same bytes in pieces of `size`, each sent on its own."""
    data = b"".join(reply.pieces)
    return replace(reply, pieces=tuple(data[i : i + size] for i in range(0, len(data), size)))


class ScriptedProvider:
    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.connections = 0
        self.left_early = asyncio.Event()
        """Set once a client went away before the end of a reply."""
        self._replies: list[Script] = []
        self._server: asyncio.Server | None = None
        self._live: set[asyncio.StreamWriter] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self.base_url = ""

    def script(self, *replies: Script) -> None:
        """Add replies, one for each request to come."""
        self._replies.extend(replies)

    async def __aenter__(self) -> ScriptedProvider:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=REQUEST_BYTES_MAX)
        port = self._server.sockets[0].getsockname()[1]
        self.base_url = f"http://127.0.0.1:{port}/v1"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._live:
            writer.close()
        async with asyncio.timeout(60):
            await self._idle.wait()  # no handler may outlive the loop

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._live.add(writer)
        self._idle.clear()
        try:
            while (request := await _read_request(reader)) is not None:
                self.requests.append(request)
                if not await self._answer(self._next(request), reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            self.left_early.set()
        finally:
            writer.close()
            self._live.discard(writer)
            if not self._live:
                self._idle.set()

    def _next(self, request: Received) -> Reply:
        if not self._replies:
            return refusal(500, "the script of this provider is used up")
        reply = self._replies.pop(0)
        return reply if isinstance(reply, Reply) else reply(request)

    async def _answer(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection can take another request."""
        framing = ["Connection: close"] if reply.close_delimited else ["Transfer-Encoding: chunked"]
        lines = [f"{name}: {value}" for name, value in reply.headers.items()]
        writer.write("\r\n".join([f"HTTP/1.1 {reply.status} Scripted", *lines, *framing, "", ""]).encode())
        for piece in reply.pieces:
            writer.write(piece if reply.close_delimited else b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0)
        if reply.hang:
            await reader.read(1)  # ends when the client goes away
            self.left_early.set()
            return False
        if reply.cut or reply.close_delimited:
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


async def _read_request(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs: Sequence[tuple[str, str, str]] = [line.partition(":") for line in lines if line]
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body)
