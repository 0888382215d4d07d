"""Just enough HTTP/1.1 framing to take one request or reply off a stream, byte for byte as it was sent.

Knows nothing of faults, S3 or Docker. A message is kept raw; `spans` says where in it content is, so that a
bit can be flipped without breaking the framing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

HEAD_BYTES_MAX = 256 * 1024


@dataclass(frozen=True, slots=True)
class Message:
    start: str
    """Request line or status line."""
    headers: dict[str, str]
    """By lower-case name."""
    raw: bytes
    spans: tuple[tuple[int, int], ...]
    """Where in `raw` the content is."""

    @property
    def method(self) -> str:
        return self.start.split(" ")[0]

    @property
    def target(self) -> str:
        return self.start.split(" ")[1]

    @property
    def status(self) -> int:
        return int(self.start.split(" ")[1])

    @property
    def content_bytes(self) -> int:
        return sum(end - begin for begin, end in self.spans)

    def flipped(self, place: int) -> bytes:
        """`raw` with one bit of the content flipped; `place` counts bits and wraps around."""
        at, bit = divmod(place % (self.content_bytes * 8), 8)
        changed = bytearray(self.raw)
        for begin, end in self.spans:
            if at < end - begin:
                changed[begin + at] ^= 1 << bit
                return bytes(changed)
            at -= end - begin
        raise AssertionError("not reached")


@dataclass(frozen=True, slots=True)
class Head:
    start: str
    headers: dict[str, str]
    raw: bytes


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """The head of the next message; None where the other side has closed."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    lines = raw.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return Head(lines[0], headers, raw)


async def read_content(reader: asyncio.StreamReader, head: Head, *, reply_to: str | None = None) -> Message:
    """The whole message; `reply_to` is the method a reply answers. Raises `IncompleteReadError`."""
    raw = bytearray(head.raw)
    spans: list[tuple[int, int]] = []
    bodiless = reply_to is not None and (reply_to == "HEAD" or head.start.split(" ")[1] in ("204", "304"))
    if bodiless:
        pass
    elif head.headers.get("transfer-encoding", "").lower() == "chunked":
        await _read_chunks(reader, raw, spans)
    elif (length := head.headers.get("content-length")) is not None:
        raw += await reader.readexactly(int(length))
        spans.append((len(head.raw), len(raw)))
    elif reply_to is not None:
        raw += await reader.read(-1)
        spans.append((len(head.raw), len(raw)))
    return Message(head.start, head.headers, bytes(raw), tuple(span for span in spans if span[0] < span[1]))


async def _read_chunks(reader: asyncio.StreamReader, raw: bytearray, spans: list[tuple[int, int]]) -> None:
    while True:
        line = await reader.readuntil(b"\r\n")
        raw += line
        size = int(line.split(b";")[0], 16)
        if not size:
            break
        begin = len(raw)
        raw += await reader.readexactly(size + 2)
        spans.append((begin, begin + size))
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        raw += line
    raw += line
