"""One request on its way to the program in the workspace, and the answer on its way back.

Each has a connection of its own inside, so that nothing a program says can be taken for the answer to
another request. Both ways are carried at once and at the slower one's pace; who leaves ends both.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import h11

from journeyman.adapters.preview import headers as fields
from journeyman.adapters.preview.headers import Headers
from journeyman.adapters.preview.limits import PIECE, GatewayLimits
from journeyman.failures import Failure, FailureKind

if TYPE_CHECKING:
    from journeyman.adapters.preview.visitor import Visitor
    from journeyman.ports.gateway import Dial
    from journeyman.ports.tunnel import Tunnel

NOT_HTTP = "What listens on that port in the workspace does not answer in HTTP that can be read."
NO_ANSWER = "The program in the workspace closed the connection without an answer."
TOO_LATE = "The program in the workspace did not answer in time."
_STATUS: dict[FailureKind, int] = {"overloaded": 503, "draining": 503, "timeout": 504, "busy": 503}


class _Broken(Exception):  # noqa: N818 - what is said in place of an answer
    def __init__(self, text: str, status: int = 502) -> None:
        super().__init__(text)
        self.text, self.status = text, status


class _Left(Exception):  # noqa: N818 - not an error of anybody's
    """The visitor did."""


class Exchange:
    def __init__(
        self,
        visitor: Visitor,
        request: h11.Request,
        target: bytes,
        headers: Headers,
        limits: GatewayLimits,
    ) -> None:
        self._visitor = visitor
        self._limits = limits
        self._request = h11.Request(method=request.method, target=target, headers=fields.request(headers))
        self._old = request.http_version < b"1.1"
        self._inside = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.header_bytes)
        self._tunnel: Tunnel
        self._asking: asyncio.Task[None]
        self._deadline: asyncio.Timeout
        self._patience_s = limits.answer_s
        self._begun = self._answered = self._deaf = False
        self._waiting = False
        """Whether the visitor had not begun to say the rest, and will not now."""

    async def carry(self, dial: Dial) -> bool:
        """Whether the visitor's connection can be used again."""
        try:
            self._tunnel = await dial()
        except Failure as failure:
            text = f"{failure.message} {failure.hint}".strip()
            await self._visitor.say(_STATUS.get(failure.kind, 502), text)
            return False
        try:
            broken = await self._both_ways()
        finally:
            self._tunnel.close()
        if broken is not None and self._begun:
            self._visitor.writer.transport.abort()  # an end would be taken for the answer's own
        elif broken is not None:
            await self._visitor.say(broken.status, broken.text)
        http = self._visitor.http
        return broken is None and http.our_state is h11.DONE and http.their_state is h11.DONE

    async def _both_ways(self) -> _Broken | None:
        """Why it did not come to its end, if it did not."""
        broken: _Broken | None = None
        try:
            async with asyncio.timeout(self._patience_s) as self._deadline, asyncio.TaskGroup() as tasks:
                self._asking = tasks.create_task(self._ask())
                await self._answer()
                await self._let_finish()
        except* TimeoutError:
            broken = _Broken(TOO_LATE, 504)
        except* _Broken as group:
            found = group.exceptions[0]
            broken = found if isinstance(found, _Broken) else _Broken(NO_ANSWER)
        except* (_Left, OSError):
            broken = _Broken(NO_ANSWER)
            self._begun = True  # nobody is there to be told
        return broken

    # The way in

    async def _ask(self) -> None:
        """Carry what the visitor says to its end, and then see whether they leave."""
        try:
            await self._send(self._request)
            while isinstance(event := await self._visitor.event(), h11.Data):
                self._alive()
                await self._send(h11.Data(data=bytes(event.data)))
        except h11.RemoteProtocolError:
            raise _Left from None
        if not isinstance(event, h11.EndOfMessage):
            raise _Left
        await self._send(h11.EndOfMessage())
        if not self._answered:
            data = await self._visitor.reader.read(PIECE)
            if not data:
                raise _Left
            self._visitor.http.receive_data(data)  # the next request, or a new protocol's first words

    async def _send(self, event: h11.Event) -> None:
        """What a program does not take any more is thrown away: it may have answered before it had it all."""
        if not self._deaf:
            try:
                await self._tunnel.send(self._inside.send(event) or b"")
            except (Failure, h11.LocalProtocolError):
                self._deaf = True

    async def _let_finish(self) -> None:
        self._answered = True
        if self._visitor.http.their_state is h11.SEND_BODY and not self._waiting:
            self._deaf = True
            await asyncio.wait({self._asking}, timeout=self._limits.linger_s)
        self._asking.cancel()

    # The way back

    async def _answer(self) -> None:
        for _ in range(self._limits.informational):
            event = await self._next()
            if isinstance(event, h11.Response):
                break
            if not isinstance(event, h11.InformationalResponse):
                raise _Broken(NO_ANSWER)
            if event.status_code == 101:
                await self._switch(event)
                return
            waited_for = event.status_code != 100 or self._visitor.http.they_are_waiting_for_100_continue
            if waited_for and not self._old:
                early = h11.InformationalResponse(
                    status_code=event.status_code, headers=self._passed(event), reason=event.reason
                )
                await self._tell(early)
        else:
            raise _Broken(NOT_HTTP)
        passed = self._passed(event)
        if self._visitor.http.their_state is h11.SEND_BODY:
            passed.append((b"Connection", b"close"))  # answered before everything was said
            self._waiting = self._visitor.http.they_are_waiting_for_100_continue
        self._begun, self._patience_s = True, self._limits.silence_s
        await self._tell(h11.Response(status_code=event.status_code, headers=passed, reason=event.reason))
        while isinstance(event := await self._next(), h11.Data):
            await self._tell(h11.Data(data=event.data))
        if not isinstance(event, h11.EndOfMessage):
            raise _Broken(NO_ANSWER)
        await self._tell(h11.EndOfMessage())

    def _passed(self, event: h11.Response | h11.InformationalResponse) -> Headers:
        return self._visitor.door.outgoing(fields.end_to_end(list(event.headers.raw_items())))

    async def _next(self) -> object:
        await asyncio.sleep(0)  # much may have come at once, in small parts: others have their turn
        try:
            while (event := self._inside.next_event()) is h11.NEED_DATA:
                data = await self._tunnel.receive()
                self._alive()
                self._inside.receive_data(data or b"")
        except Failure:
            raise _Broken(NO_ANSWER) from None
        except h11.RemoteProtocolError:
            raise _Broken(NO_ANSWER if self._silent() else NOT_HTTP) from None
        return event

    def _silent(self) -> bool:
        """Whether it ended without a word."""
        return self._inside.trailing_data == (b"", True)

    async def _tell(self, event: h11.Event) -> None:
        await self._visitor.write(event)
        self._alive()

    def _alive(self) -> None:
        self._deadline.reschedule(asyncio.get_running_loop().time() + self._patience_s)

    # Neither way HTTP any more

    async def _switch(self, event: h11.InformationalResponse) -> None:
        self._asking.cancel()  # nothing it has read is lost: it is in `http`
        await asyncio.wait({self._asking})
        self._begun, self._patience_s = True, self._limits.silence_s
        passed = self._visitor.door.outgoing(fields.switched(list(event.headers.raw_items())))
        await self._tell(h11.InformationalResponse(status_code=101, headers=passed, reason=event.reason))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._raw_in(self._visitor.http.trailing_data[0]))
            tasks.create_task(self._raw_back(self._inside.trailing_data[0]))

    async def _raw_in(self, data: bytes) -> None:
        reader = self._visitor.reader
        with contextlib.suppress(Failure):  # it broke off: the other way knows too
            data = data or await reader.read(PIECE)
            while data:
                self._alive()
                await self._tunnel.send(data)
                data = await reader.read(PIECE)
            self._tunnel.end()
        self._half()

    async def _raw_back(self, data: bytes | None) -> None:
        writer = self._visitor.writer
        try:
            data = data or await self._tunnel.receive()
            while data is not None:
                writer.write(data)
                await writer.drain()
                self._alive()
                data = await self._tunnel.receive()
        except Failure:
            raise _Left from None
        writer.write_eof()
        self._half()

    def _half(self) -> None:
        self._patience_s = self._limits.half_s
        self._alive()
