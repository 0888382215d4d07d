"""Lines as messages: a pure decoder, bounded like that of `rpc.framing`.

A peer that has shown no token yet may send as much as one `initialize` of LSP, in all.
"""

from __future__ import annotations

from collections.abc import Iterator

from journeyman.rpc.auth import Gate, Unauthorized
from journeyman.rpc.framing import Frame, FramingError, Header, Stage
from journeyman.rpc.limits import Limits


class LineDecoder:
    """Feed it bytes as they come. Blank lines mean nothing, a line may end in CR LF."""

    def __init__(self, limits: Limits, gate: Gate) -> None:
        self._limits = limits
        self._gate = gate
        self._buffer = bytearray()
        self._scanned = 0
        self._taken = 0
        """Bytes of lines that were taken before the peer was let in."""
        self._broken = False

    @property
    def stage(self) -> Stage:
        return Stage.BODY if self._buffer else Stage.IDLE

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Every line that `data` completes. Raises `FramingError` or `Unauthorized` once, and nothing
        follows it: where an endless line ends nobody knows."""
        if self._broken:
            return
        self._buffer += data
        try:
            yield from self._lines()
        except (FramingError, Unauthorized):
            self._broken = True
            self._buffer.clear()
            raise

    def _lines(self) -> Iterator[Frame]:
        while self._buffer:
            end = self._buffer.find(b"\n", self._scanned)
            self._check(len(self._buffer) if end < 0 else end + 1)
            if end < 0:
                self._scanned = len(self._buffer)
                return
            line = bytes(memoryview(self._buffer)[:end]).strip(b" \t\r")
            del self._buffer[: end + 1]
            self._scanned = 0
            if not self._gate.open:
                self._taken += end + 1
            if line:
                yield Frame(Header(len(line)), line)

    def _check(self, size: int) -> None:
        if size > self._limits.frame_bytes:
            raise FramingError(f"A line is longer than {self._limits.frame_bytes} bytes.")
        if not self._gate.open and self._taken + size > self._limits.initialize_bytes:
            raise Unauthorized(
                f"Before a token was shown, a client may send at most {self._limits.initialize_bytes} bytes."
            )


def encode(body: bytes) -> bytes:
    """`body`, JSON without line breaks, as a line."""
    return body + b"\n"
