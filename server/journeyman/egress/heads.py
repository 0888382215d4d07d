"""What a program in the workspace asks of the proxy: one request, read by h11, in one of two forms.

`CONNECT host:port` wants a tunnel; `GET http://host/path` wants a request forwarded. Everything else is no
request to a proxy. A connection carries one request: there is no second one that could be sent where the
first was allowed to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import h11

from journeyman.egress.policy import Refused
from journeyman.ports.dialer import Stream

HEAD_MAX = 64 * 1024
_ABSOLUTE = re.compile(r"http://([^/?#]*)(/[^#]*|\?[^#]*)?\Z", re.IGNORECASE)
_VERSIONS = (b"1.0", b"1.1")
_BODY = (b"content-length", b"transfer-encoding")
WHAT = "the proxy of a workspace"


@dataclass(frozen=True, slots=True)
class Asked:
    authority: str
    default_port: int | None
    path: str | None
    """Where the request is forwarded with this target; None where a tunnel is wanted."""
    request: h11.Request


async def read_head(conversation: h11.Connection, stream: Stream) -> Asked | Refused | None:
    """The request at the beginning of a connection; None where nothing was said."""
    said = False
    while True:
        try:
            event = conversation.next_event()
        except h11.RemoteProtocolError as error:
            return Refused(f"This is no request that {WHAT} takes: {_ascii(str(error))}", WHAT, 400)
        if isinstance(event, h11.Request):
            return _read(event)
        if event is not h11.NEED_DATA:
            return None if not said else Refused(f"The request to {WHAT} breaks off", WHAT, 400)
        data = await stream.receive()
        said = said or bool(data)
        conversation.receive_data(data or b"")


def _read(request: h11.Request) -> Asked | Refused:
    target = request.target.decode("ascii")
    names = [name for name, _ in request.headers]
    if request.http_version not in _VERSIONS:
        return Refused("The request is of another version of HTTP than 1.0 and 1.1", WHAT, 400)
    if all(name in names for name in _BODY):
        return Refused("The request says the length of its body in two ways", WHAT, 400)
    if request.method == b"CONNECT":
        if any(name in names for name in _BODY):
            return Refused("A request for a tunnel has no body", WHAT, 400)
        return Asked(target, None, None, request)
    found = _ABSOLUTE.match(target)
    if found is None:
        return Refused(f"This is {WHAT}: it takes CONNECT and requests for http addresses", WHAT, 400)
    path = found[2] or "/"
    return Asked(found[1], 80, path if path.startswith("/") else f"/{path}", request)


def _ascii(text: str) -> str:
    return "".join(char if 31 < ord(char) < 127 else "?" for char in text)[:200]
