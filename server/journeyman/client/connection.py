"""A client of the daemon: requests, notifications, and following a chat across lost connections.

    async with Client.connect(socket=path) as client:
        run = await client.request("agent/run", {"prompt": "Fix the test."})

Errors of the daemon come as `Failure` with its sentence, hint and kind. Used by the command line; knows
nothing of terminals.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from journeyman.client import launch
from journeyman.client.frames import Broken, frame, read_frame
from journeyman.failures import FAILURE_KINDS, Failure, FailureKind

Params = Mapping[str, Any]
Handler = Callable[[dict[str, Any]], None]
Answerer = Callable[[dict[str, Any]], Awaitable[Any]]

STREAM_LIMIT = 16 * 1024 * 1024
EVENTS_WAITING_MAX = 10_000
OURS: dict[str, Any] = {"experimental": {"journeyman": {"protocolVersion": 1, "events": True}}}


class Client:
    """One connection. Use it as the value of `async with Client.connect(...)`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str | None) -> None:
        self._reader = reader
        self._writer = writer
        self._token = token
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._handlers: dict[str, list[Handler]] = {}
        self._answerers: dict[str, Answerer] = {}
        self._answering: dict[Any, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._ended = asyncio.Event()
        self.server: dict[str, Any] = {}
        """The answer to `initialize`."""

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        *,
        socket: Path | None = None,
        tcp: tuple[str, int, str] | None = None,
        tls: ssl.SSLContext | None = None,
        start: bool = True,
        capabilities: Params | None = None,
    ) -> AsyncGenerator[Client]:
        """Connect and initialise. `tcp` is (host, port, token); otherwise the Unix socket `socket`, by
        default the user's own daemon, which is started where none runs and `start` is set."""
        reader, writer = await _open(socket, tcp, tls, start=start)
        client = cls(reader, writer, tcp[2] if tcp is not None else None)
        try:
            async with asyncio.TaskGroup() as tasks:
                client._tasks = tasks
                reading = tasks.create_task(client._read())
                try:
                    await client._initialize(capabilities or OURS)
                    yield client
                finally:
                    reading.cancel()
                    for answering in tuple(client._answering.values()):
                        answering.cancel()
        except BaseExceptionGroup as group:
            raise first_of(group) from None
        finally:
            client._end()
            writer.close()

    async def request(self, method: str, params: Params | None = None) -> Any:
        """The result. Raises `Failure` for the daemon's refusal, and `cancelled` (retryable) when the
        connection ends first. Cancelling this call cancels the request."""
        if self._ended.is_set():
            raise _lost()
        ident = next(self._ids)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._pending[ident] = future
        try:
            await self._send({"id": ident, "method": method, "params": dict(params or {})})
            answer = await future
        except asyncio.CancelledError:
            with contextlib.suppress(Failure):
                await self._send({"method": "$/cancelRequest", "params": {"id": ident}})
            raise
        finally:
            del self._pending[ident]
        if (error := answer.get("error")) is not None:
            raise failure_of(cast("dict[str, Any]", error))
        return answer.get("result")

    async def ended(self) -> None:
        """Wait until the connection has ended."""
        await self._ended.wait()

    async def notify(self, method: str, params: Params | None = None) -> None:
        await self._send({"method": method, "params": dict(params or {})})

    def on(self, method: str, handler: Handler) -> Callable[[], None]:
        """Call `handler` with the params of every notification of that method; the answer ends that."""
        handlers = self._handlers.setdefault(method, [])
        handlers.append(handler)

        def off() -> None:
            with contextlib.suppress(ValueError):
                handlers.remove(handler)

        return off

    def on_request(self, method: str, answer: Answerer) -> None:
        """Answer the daemon's requests of that method; others get "method not found". One the daemon takes
        back is cancelled."""
        self._answerers[method] = answer

    async def events(self, chat_id: str, after: Params | str = "tail") -> AsyncGenerator[dict[str, Any]]:
        """Subscribe to a chat: its events from a place in its log on, until the connection ends
        (`Failure("cancelled")`, retryable). A gap comes first, as `{"kind": "gap", ...}`."""
        waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue(EVENTS_WAITING_MAX)
        full = asyncio.Event()

        def happened(event: dict[str, Any]) -> None:
            if event.get("chatId") == chat_id:
                try:
                    waiting.put_nowait(event)
                except asyncio.QueueFull:
                    full.set()

        off = self.on("agent/event", happened)
        try:
            place = await self.request("agent/subscribe", {"chatId": chat_id, "after": after})
            if place.get("gap"):
                yield {"kind": "gap", **place["gap"], "snapshot": place.get("snapshot")}
            while True:
                if full.is_set():
                    raise Failure("overloaded", "Events came faster than they were taken.", retryable=True)
                if waiting.empty() and self._ended.is_set():
                    raise _lost()
                event = await self._next(waiting)
                if event is not None:
                    yield event
        finally:
            off()
            if not self._ended.is_set():
                with contextlib.suppress(Failure):
                    await self.request("agent/unsubscribe", {"chatId": chat_id})

    async def _next(self, waiting: asyncio.Queue[dict[str, Any]]) -> dict[str, Any] | None:
        """The next event, or None when the connection ended."""
        if not waiting.empty():
            return waiting.get_nowait()
        async with asyncio.TaskGroup() as tasks:
            got = tasks.create_task(waiting.get())
            ended = tasks.create_task(self._ended.wait())
            await asyncio.wait({got, ended}, return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            if not got.done():
                got.cancel()
        return got.result() if not got.cancelled() else None

    async def _initialize(self, capabilities: Params) -> None:
        params = {
            "processId": None,
            "clientInfo": {"name": "journeyman"},
            "rootUri": None,
            "capabilities": dict(capabilities),
        }
        self.server = await self.request("initialize", params)
        await self.notify("initialized")

    async def _send(self, message: dict[str, Any]) -> None:
        token, self._token = self._token, None
        try:
            self._writer.write(frame({"jsonrpc": "2.0", **message}, token=token))
            await self._writer.drain()
        except (OSError, RuntimeError) as error:
            self._end()
            raise _lost() from error

    async def _read(self) -> None:
        try:
            while (message := await read_frame(self._reader)) is not None:
                self._receive(message)
        except Broken:
            pass
        finally:
            self._end()

    def _receive(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        if method is None:
            future = self._pending.get(message.get("id") or 0)
            if future is not None and not future.done():
                future.set_result(message)
            elif message.get("id") is None and "error" in message:
                # The daemon could not say which request it means (a wrong token, say): it means all.
                for each in self._pending.values():
                    if not each.done():
                        each.set_result(message)
        elif "id" in message:
            assert self._tasks is not None
            ident = message["id"]
            task = self._answering[ident] = self._tasks.create_task(self._answer(message))
            task.add_done_callback(lambda _: self._answering.pop(ident, None))
        elif method == "$/cancelRequest":
            params: dict[str, Any] = message.get("params") or {}
            if (taken_back := self._answering.get(params.get("id"))) is not None:
                taken_back.cancel()
        else:
            for handler in tuple(self._handlers.get(method, ())):
                handler(message.get("params") or {})

    async def _answer(self, message: dict[str, Any]) -> None:
        answerer = self._answerers.get(message["method"])
        answer: dict[str, Any] = {"id": message["id"]}
        if answerer is None:
            answer["error"] = {"code": -32601, "message": f"There is no method {message['method']!r} here."}
        else:
            try:
                answer["result"] = await answerer(message.get("params") or {})
            except Failure as failure:
                answer["error"] = {"code": -32803, "message": failure.message}
            except asyncio.CancelledError:
                answer["error"] = {"code": -32800, "message": "The request was taken back."}
        with contextlib.suppress(Failure):
            await self._send(answer)

    def _end(self) -> None:
        self._ended.set()
        for future in self._pending.values():
            if not future.done():
                future.set_exception(_lost())


async def _open(
    socket: Path | None, tcp: tuple[str, int, str] | None, tls: ssl.SSLContext | None, *, start: bool
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        if tcp is not None:
            return await asyncio.open_connection(tcp[0], tcp[1], ssl=tls, limit=STREAM_LIMIT)
        if socket is not None:
            return await asyncio.open_unix_connection(str(socket), limit=STREAM_LIMIT)
    except OSError as error:
        where = f"{tcp[0]}:{tcp[1]}" if tcp is not None else str(socket)
        raise Failure(
            "not_found", f"No daemon listens on {where}.", hint="Start it with `journeyman serve`."
        ) from error
    if not start:
        from journeyman import paths

        return await _open(paths.daemon_socket(paths.data_dir()), None, None, start=False)
    connected = await asyncio.to_thread(launch.connect_or_start)
    connected.setblocking(False)
    return await asyncio.open_unix_connection(sock=connected, limit=STREAM_LIMIT)


def failure_of(error: Params) -> Failure:
    """A refusal of the daemon as an exception, with its sentence and hint."""
    data: dict[str, Any] = error.get("data") or {}
    kind = data.get("kind")
    known: FailureKind = kind if kind in FAILURE_KINDS else "conflict"
    return Failure(
        known,
        str(error.get("message") or "The daemon refused."),
        hint=str(data.get("hint") or ""),
        retryable=bool(data.get("retryable")),
        retry_after_ms=data.get("retryAfterMs"),
        data={"code": error.get("code"), **data},
    )


def _lost() -> Failure:
    return Failure("cancelled", "The connection to the daemon ended.", hint="Connect again.", retryable=True)


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error behind a group of tasks."""
    first = group.exceptions[0]
    if isinstance(first, BaseExceptionGroup):
        return first_of(cast("BaseExceptionGroup[BaseException]", first))
    return first
