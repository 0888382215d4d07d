"""A provider on loopback that answers at once and notes when: the rest of a step is our own time.

Speaks just enough of chat completions over server-sent events: `steps` answers with one `terminal` call each,
then one with `fin`, for every conversation that comes (told apart by the number of tool results in it). Each
connection has a thread: a request is noted when it arrives, not when an event loop comes to it.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class InstantProvider:
    steps: int
    gaps_ms: list[float] = field(default_factory=list[float])
    """Last byte of an answer sent, to first byte of the next request received on that connection's run."""
    request_bytes: list[int] = field(default_factory=list[int])
    first_request_at: float | None = None
    _listener: socket.socket | None = None
    _open: set[socket.socket] = field(default_factory=set[socket.socket])
    _answered_at: dict[str, float] = field(default_factory=dict[str, float])

    async def start(self) -> str:
        """Listen; answers the base URL."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    async def stop(self) -> None:
        for each in (self._listener, *self._open):
            if each is not None:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)  # wakes who waits in it
                each.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        room = bytearray(1 << 20)
        with contextlib.suppress(OSError):
            while size := connection.recv_into(room):
                arrived = time.perf_counter()
                received = room[:size]
                while (end := received.find(b"\r\n\r\n")) < 0:
                    received += _more(connection)
                length = _length(received[:end])
                while len(received) < end + 4 + length:
                    received += _more(connection)
                body = json.loads(received[end + 4 :])
                self._note(body, length, arrived)
                answer, conversation = self._answer(body), _conversation(body)
                connection.sendall(answer)
                self._answered_at[conversation] = time.perf_counter()
        self._open.discard(connection)
        connection.close()

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


def _more(connection: socket.socket) -> bytes:
    if more := connection.recv(1 << 20):
        return more
    raise ConnectionResetError


def _length(head: bytes | bytearray) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    raise ValueError("a request without a length")


def _conversation(body: dict[str, object]) -> str:
    """The first user message tells conversations apart: every run of a bench has a prompt of its own."""
    messages = body["messages"]
    assert isinstance(messages, list)
    return next(str(message["content"])[:200] for message in messages if message["role"] == "user")
