"""A provider on loopback that answers at once and notes when: the rest of a step is our own time.

Speaks just enough of chat completions over server-sent events: `steps` answers with one `terminal` call each,
then one with `fin`, for every conversation that comes (told apart by the number of tool results in it).
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class InstantProvider:
    steps: int
    gaps_ms: list[float] = field(default_factory=list[float])
    """Last byte of an answer sent, to first byte of the next request received on that connection's run."""
    request_bytes: list[int] = field(default_factory=list[int])
    first_request_at: float | None = None
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])
    _answered_at: dict[str, float] = field(default_factory=dict[str, float])

    async def start(self) -> str:
        """Listen; answers the base URL."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/v1"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in tuple(self._open):
            writer.close()
            await writer.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                arrived = time.perf_counter()
                length = 0
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = json.loads(await reader.readexactly(length))
                self._note(body, length, arrived)
                writer.write(self._answer(body))
                await writer.drain()
                self._answered_at[_conversation(body)] = time.perf_counter()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self._open.discard(writer)

    def _note(self, body: dict[str, object], length: int, arrived: float) -> None:
        self.request_bytes.append(length)
        if self.first_request_at is None:
            self.first_request_at = arrived
        if (before := self._answered_at.get(_conversation(body))) is not None:
            self.gaps_ms.append((arrived - before) * 1000)

    def _answer(self, body: dict[str, object]) -> bytes:
        messages = body["messages"]
        assert isinstance(messages, list)
        done = sum(1 for message in messages if message["role"] == "tool")
        call = (
            {"name": "terminal", "arguments": json.dumps({"command": f"echo step {done}"})}
            if done < self.steps
            else {"name": "fin", "arguments": json.dumps({"summary": "Done.", "status": "done"})}
        )
        piece = {"index": 0, "id": f"c{done}", "type": "function", "function": call}
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        chunks: list[dict[str, object]] = [
            {"choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}], "usage": usage},
        ]
        events = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        payload = events.encode()
        return (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(payload)
        ) + payload


def _conversation(body: dict[str, object]) -> str:
    """The first user message tells conversations apart: every run of a bench has a prompt of its own."""
    messages = body["messages"]
    assert isinstance(messages, list)
    return next(str(message["content"])[:200] for message in messages if message["role"] == "user")
