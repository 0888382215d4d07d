"""LSP framing for clients: one message in, one message out, over asyncio streams."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

FRAME_BYTES_MAX = 16 * 1024 * 1024


class Broken(Exception):  # noqa: N818 - the connection's state, not a mistake
    """The connection ended, or what came is no frame."""


async def read_frame(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message; None where the stream ends between two. Raises `Broken`."""
    length: int | None = None
    try:
        while (line := await reader.readline()) != b"\r\n":
            if not line:
                if length is None:
                    return None
                raise Broken("The connection ended in the middle of a message.")
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length":
                length = int(value)
        if length is None or not 0 <= length <= FRAME_BYTES_MAX:
            raise Broken("What came is not a message.")
        message: Any = json.loads(await reader.readexactly(length))
    except (OSError, EOFError, ValueError) as error:
        raise Broken(f"The connection ended: {error or type(error).__name__}.") from error
    if not isinstance(message, dict):
        raise Broken("What came is not a message.")
    return cast("dict[str, Any]", message)


def frame(message: dict[str, Any], *, token: str | None = None) -> bytes:
    """`message` as bytes; `token` goes into the header, for the first message over TCP."""
    body = json.dumps(message, separators=(",", ":")).encode()
    shown = f"Authorization: Bearer {token}\r\n" if token is not None else ""
    return f"{shown}Content-Length: {len(body)}\r\n\r\n".encode("ascii") + body
