"""Forwarding one plain request: what h11 read is written anew by h11, in both directions.

Nothing of what the program sent reaches the server as it was: the target is the path alone, `Host` is the
host that was decided on, the length of the body is said once, and fields that belong to one connection are
left out. So the two ends cannot disagree about where a request ends, which is what smuggling needs.
"""

from __future__ import annotations

import asyncio

import h11

from journeyman.egress.heads import HEAD_MAX, Asked
from journeyman.egress.names import Authority
from journeyman.failures import Failure
from journeyman.hop_by_hop import HOP_BY_HOP, listed
from journeyman.ports.dialer import Stream

_OURS = frozenset({b"host", b"expect"})
_LENGTH = frozenset({b"content-length"})
_CLOSE = (b"Connection", b"close")
_CHUNKED = (b"Transfer-Encoding", b"chunked")
KNOWN = (h11.LocalProtocolError, h11.RemoteProtocolError, Failure)


class Broken(Exception):  # noqa: N818 - it becomes an answer
    """There is no answer of the server to pass on. The sentence is safe to show."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


class Cut(Exception):  # noqa: N818 - it ends the connection
    """The answer broke off after its beginning went out: the program must see that it is not whole."""


async def forward(
    asked: Asked, target: Authority, conversation: h11.Connection, inside: Stream, outside: Stream
) -> None:
    """Send the request to `outside` and its answer to `inside`. Raises Broken before anything was answered,
    Cut after."""
    upstream = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_MAX)
    host = str(target).removesuffix(":80") if target.port == 80 else str(target)
    headers = [(b"Host", host.encode("ascii")), _CLOSE, *_end_to_end(asked.request, _OURS)]
    headers += [_CHUNKED for name, _ in asked.request.headers if name == b"transfer-encoding"]
    request = h11.Request(method=asked.request.method, target=asked.path or "/", headers=headers)
    try:
        await outside.send(upstream.send(request) or b"")
        async with asyncio.TaskGroup() as group:
            upload = group.create_task(_upload(conversation, upstream, inside, outside))
            await _answer(conversation, upstream, inside, outside)
            upload.cancel()
        return
    except KNOWN as error:
        why: Exception = error
    except ExceptionGroup as many:
        known, other = many.split(KNOWN)
        if known is None or other is not None:
            raise
        why = known
    if conversation.our_state is not h11.SEND_RESPONSE:
        raise Cut from why
    if conversation.their_state is h11.ERROR:
        raise Broken("The body of the request cannot be read", 400) from why
    raise Broken(f"{target.host} does not answer as a web server does", 502) from why


async def _upload(
    conversation: h11.Connection, upstream: h11.Connection, inside: Stream, outside: Stream
) -> None:
    """The request's body. Where the server takes no more of it, its answer says why."""
    while True:
        event = conversation.next_event()
        if event is h11.NEED_DATA:
            if conversation.they_are_waiting_for_100_continue:
                go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
                await inside.send(conversation.send(go_on) or b"")
            conversation.receive_data(await inside.receive() or b"")
        elif isinstance(event, (h11.Data, h11.EndOfMessage)):
            last = isinstance(event, h11.EndOfMessage)
            data = upstream.send(h11.EndOfMessage() if last else h11.Data(data=event.data))
            try:
                await outside.send(data or b"")
            except Failure:
                return
            if last:
                return
        else:
            return


async def _answer(
    conversation: h11.Connection, upstream: h11.Connection, inside: Stream, outside: Stream
) -> None:
    while True:
        event = upstream.next_event()
        if event is h11.NEED_DATA:
            upstream.receive_data(await outside.receive() or b"")
        elif isinstance(event, h11.Response):
            framed = any(name == b"transfer-encoding" for name, _ in event.headers)
            headers = [_CLOSE, *_end_to_end(event, _LENGTH if framed else frozenset())]
            answer = h11.Response(status_code=event.status_code, headers=headers, reason=event.reason)
            await inside.send(conversation.send(answer) or b"")
        elif isinstance(event, h11.Data):
            await inside.send(conversation.send(h11.Data(data=event.data)) or b"")
        elif isinstance(event, h11.EndOfMessage):
            await inside.send(conversation.send(h11.EndOfMessage()) or b"")
            return
        elif not isinstance(event, h11.InformationalResponse):
            raise h11.RemoteProtocolError("the server left the protocol")


def _end_to_end(event: h11.Request | h11.Response, without: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    """The fields that are meant for the other end, and not for the connection."""
    drop = HOP_BY_HOP | without | (listed(event.headers, b"connection") - _LENGTH)
    return [(name, value) for name, value in event.headers.raw_items() if name.lower() not in drop]
