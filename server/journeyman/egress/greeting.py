"""The name a program asks a TLS server for, read from the first message it sends through a tunnel.

Many hosts share a front that looks at this name alone: without a look at it, a tunnel to a listed host would
lead to every other host behind the same front. Nothing else of TLS is understood, and nothing is changed.
"""

from __future__ import annotations

import struct

from journeyman.ports.dialer import Stream

HANDSHAKE, CLIENT_HELLO, SERVER_NAME, HOST_NAME = 22, 1, 0, 0
RECORD = struct.Struct("!BHH")
RECORD_MAX = 16384 + 256
SENT_MAX = 128 * 1024


class NotTls(Exception):  # noqa: N818 - it ends the tunnel
    """What was sent is not the beginning of TLS."""


async def greeting(stream: Stream, first: bytes) -> tuple[bytes, str | None]:
    """What was sent until the name was known, `first` included, and the name; None where it names none or
    ends before it did. Raises NotTls."""
    start = _Start()
    message = start.add(first)
    while message is None:
        data = await stream.receive()
        if data is None:
            return bytes(start.sent), None
        message = start.add(data)
    return bytes(start.sent), server_name(message)


class _Start:
    """Puts the first message of a handshake together from its records, each byte looked at once."""

    def __init__(self) -> None:
        self.sent = bytearray()
        self._at = 0
        self._message = bytearray()

    def add(self, data: bytes) -> bytes | None:
        """The message once it is whole. Raises NotTls."""
        self.sent += data
        if len(self.sent) > SENT_MAX or (self.sent and self.sent[0] != HANDSHAKE):
            raise NotTls
        while len(self.sent) - self._at >= RECORD.size:
            kind, version, length = RECORD.unpack_from(self.sent, self._at)
            if kind != HANDSHAKE or version >> 8 != 3 or not 0 < length <= RECORD_MAX:
                raise NotTls
            begin, end = self._at + RECORD.size, self._at + RECORD.size + length
            if len(self.sent) < end:
                break
            self._message += self.sent[begin:end]
            self._at = end
            if self._message[0] != CLIENT_HELLO:
                raise NotTls
            whole = 4 + int.from_bytes(self._message[1:4], "big")
            if len(self._message) >= max(4, whole):
                return bytes(self._message[4:whole])
        return None


def server_name(hello: bytes) -> str | None:
    """Of a ClientHello. Raises NotTls where it cannot be read, or names more than one."""
    reader = _Reader(hello)
    reader.take(2 + 32)
    for width in (1, 2, 1):  # session, ciphers, compressions
        reader.vector(width)
    if reader.done:
        return None
    extensions = _Reader(reader.vector(2))
    names: list[str] = []
    while not extensions.done:
        kind, body = extensions.number(2), extensions.vector(2)
        if kind == SERVER_NAME:
            entries = _Reader(_Reader(body).vector(2))
            while not entries.done:
                what, name = entries.number(1), entries.vector(2)
                if what != HOST_NAME or not name.isascii():
                    raise NotTls
                names.append(name.decode("ascii"))
    if len(names) > 1:
        raise NotTls
    return names[0] if names else None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._data)

    def take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) < count:
            raise NotTls
        self._at += count
        return found

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        return self.take(self.number(width))
