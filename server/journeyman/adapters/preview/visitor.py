"""One connection of a browser: its requests, one after the other, each through the door."""

from __future__ import annotations

import asyncio
import contextlib
import html
from http import HTTPStatus
from typing import TYPE_CHECKING

import h11

from journeyman.adapters.preview.door import Door, Moved, Passed, Refused
from journeyman.adapters.preview.exchange import Exchange
from journeyman.adapters.preview.headers import Headers
from journeyman.adapters.preview.limits import PIECE, GatewayLimits

if TYPE_CHECKING:
    from journeyman.ports.gateway import Dial


class Visitor:
    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        door: Door,
        dial: Dial,
        limits: GatewayLimits,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.door = door
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.header_bytes)
        self._dial = dial
        self._limits = limits

    async def serve(self) -> None:
        """To the end of the connection. Raises nothing but what cancels it."""
        try:
            while await self._one():
                self.http.start_next_cycle()
            self.writer.write_eof()
            async with asyncio.timeout(self._limits.linger_s):
                while await self.reader.read(PIECE):
                    pass
        except (OSError, TimeoutError):
            pass
        finally:
            self.writer.transport.abort()

    async def event(self) -> h11.Event | type[h11.PAUSED]:
        """What comes next. Raises `h11.RemoteProtocolError` where that is not HTTP."""
        await asyncio.sleep(0)  # much may have come at once, in small parts: others have their turn
        while (event := self.http.next_event()) is h11.NEED_DATA:
            self.http.receive_data(await self.reader.read(PIECE))
        assert not isinstance(event, type) or event is h11.PAUSED
        return event

    async def write(self, event: h11.Event) -> None:
        """Raises OSError when nobody is there any more."""
        for data in self.http.send_with_data_passthrough(event) or ():
            self.writer.write(data)
        await self.writer.drain()

    async def _send_on(self, moved: Moved) -> None:
        cookie = (b"Set-Cookie", moved.cookie)
        if not moved.by_page:
            await self.say(303, "Go on.", [(b"Location", moved.location), cookie])
            return
        place = html.escape(moved.location.decode("ascii"))
        page = f'<!doctype html><meta http-equiv="refresh" content="0; url={place}">'
        await self.say(200, page, [cookie], kind=b"text/html")

    async def say(
        self, status: int, text: str, more: Headers | None = None, kind: bytes = b"text/plain"
    ) -> None:
        """An answer of our own, the last on this connection."""
        body = (text + "\n").encode()
        headers = [
            (b"Content-Type", kind + b"; charset=utf-8"),
            (b"Content-Length", b"%d" % len(body)),
            (b"Cache-Control", b"no-store"),
            (b"Referrer-Policy", b"no-referrer"),
            (b"X-Content-Type-Options", b"nosniff"),
            (b"Connection", b"close"),
            *(more or ()),
        ]
        head = isinstance(self._request, h11.Request) and self._request.method == b"HEAD"
        reason = HTTPStatus(status).phrase.encode()
        await self.write(h11.Response(status_code=status, headers=headers, reason=reason))
        if not head:
            await self.write(h11.Data(data=body))
        await self.write(h11.EndOfMessage())

    _request: h11.Request | None = None

    async def _one(self) -> bool:
        """Take a request and answer it; False when the connection is to end."""
        self._request = None
        try:
            async with asyncio.timeout(self._limits.request_s):
                request = await self.event()
        except h11.RemoteProtocolError as error:
            if self.http.our_state is h11.IDLE:
                await self.say(error.error_status_hint, "This is not a request a preview can read.")
            return False
        if not isinstance(request, h11.Request):
            return False
        self._request = request
        if request.http_version not in (b"1.0", b"1.1"):
            await self.say(505, "A preview speaks HTTP/1.1.")
            return False
        headers = list(request.headers.raw_items())
        match self.door.admit(request.method, request.target, headers):
            case Refused(status, text):
                await self.say(status, text)
                return False
            case Moved() as moved:
                await self._send_on(moved)
                return False
            case Passed(target, passed):
                return await Exchange(self, request, target, passed, self._limits).carry(self._dial)


def leave(writer: asyncio.StreamWriter) -> None:
    """Say that there are too many, to somebody who was not listened to."""
    with contextlib.suppress(OSError):
        text = b"This preview has too many connections; close some and try again.\n"
        head = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nConnection: close\r\n"
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(text) + text)
        writer.close()
