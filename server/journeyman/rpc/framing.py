"""The base protocol of LSP 3.18 as a pure decoder: bytes in, frames out, nothing else.

A frame is a block of `Name: value` lines ending in CRLF, an empty line, and `Content-Length` bytes. Names
are taken in any case. What cannot be read raises `FramingError`, after which the decoder is done for:
it never guesses where the next frame begins. Deadlines belong to whoever reads the bytes (`stage` says
what is awaited). The first bytes of a stream tell the protocol: HTTP is refused without an answer, and
'{' is the line-based protocol's (`language`), which takes the connection before anything gets here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from journeyman.rpc.limits import Limits

_HTTP = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) ")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_PLAIN = re.compile(rb"Content-Length: ([0-9]{1,12})\r\n\r\n")
"""What nearly every header block is, whole."""
_DIGITS = re.compile(rb"[0-9]{1,12}\Z")


class FramingError(Exception):
    """The stream cannot be understood from here on. `quiet`: close without a word."""

    def __init__(self, reason: str, *, quiet: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.quiet = quiet


class Stage(Enum):
    """What the decoder waits for; the reader's deadline goes by it."""

    IDLE = "idle"
    HEADER = "header"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Header:
    length: int
    authorization: str | None = None
    """The value of an `Authorization` field, as it came."""


@dataclass(frozen=True, slots=True)
class Frame:
    header: Header
    body: bytes


class FrameDecoder:
    """Feed it bytes as they come. `on_header` sees each header before one byte of its body is kept and
    may raise (a missing token, a frame too big for this moment)."""

    def __init__(self, limits: Limits, on_header: Callable[[Header], None] | None = None) -> None:
        self._limits = limits
        self._on_header = on_header
        self._buffer = bytearray()
        self._header: Header | None = None
        self._first = True
        self._scanned = 0
        self._broken = False

    @property
    def stage(self) -> Stage:
        if self._header is not None:
            return Stage.BODY
        return Stage.HEADER if self._buffer else Stage.IDLE

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Every frame that `data` completes. Raises `FramingError` once, and nothing follows it."""
        if self._broken:
            return
        self._buffer += data
        try:
            yield from self._frames()
        except Exception:  # the gate has its own ways to say no
            self._broken = True
            self._buffer.clear()
            raise

    def _frames(self) -> Iterator[Frame]:
        while self._buffer:
            if self._header is None and not self._read_header():
                return
            header = self._header
            assert header is not None
            if len(self._buffer) < header.length:
                return
            body = bytes(memoryview(self._buffer)[: header.length])
            del self._buffer[: header.length]
            self._header = None
            yield Frame(header, body)

    def _read_header(self) -> bool:
        if (plain := _PLAIN.match(self._buffer)) is not None:
            self._begin(Header(int(plain[1])), plain.end())
            return True
        if self._first:
            self._sniff()
        end = self._buffer.find(b"\r\n\r\n", max(0, self._scanned - 3))
        if end < 0:
            self._scanned = len(self._buffer)
            if self._scanned > self._limits.header_bytes:
                raise FramingError(f"A header block is longer than {self._limits.header_bytes} bytes.")
            return False
        if end > self._limits.header_bytes:
            raise FramingError(f"A header block is longer than {self._limits.header_bytes} bytes.")
        self._begin(self._parse(bytes(self._buffer[:end])), end + 4)
        return True

    def _begin(self, header: Header, end: int) -> None:
        """A header block that ends at `end` of the buffer was read."""
        if header.length > self._limits.frame_bytes:
            raise FramingError(f"A message is longer than {self._limits.frame_bytes} bytes.")
        if self._on_header is not None:
            self._on_header(header)
        del self._buffer[:end]
        self._scanned = 0
        self._first = False
        self._header = header

    def _sniff(self) -> None:
        if _HTTP.match(self._buffer):
            raise FramingError("This looks like HTTP.", quiet=True)
        if self._buffer[0] == ord("{"):
            raise FramingError("A message must begin with a header block (Content-Length).")

    def _parse(self, block: bytes) -> Header:
        length: int | None = None
        authorization: str | None = None
        for line in block.split(b"\r\n"):
            name, colon, value = line.partition(b":")
            if not colon or not _NAME.match(name):
                raise FramingError("A header line is not `Name: value`.")
            value = value.strip(b" \t")
            match name.lower():
                case b"content-length":
                    if not _DIGITS.match(value):
                        raise FramingError("Content-Length must be a decimal number.")
                    if length is not None and length != int(value):
                        raise FramingError("A header block has two different Content-Length fields.")
                    length = int(value)
                case b"authorization":
                    authorization = value.decode("latin-1")
                case _:
                    pass
        if length is None:
            raise FramingError("A header block has no Content-Length field.")
        return Header(length, authorization)


def encode(body: bytes) -> bytes:
    """`body` as a frame."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
