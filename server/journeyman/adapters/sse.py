"""Server-sent events from bytes that arrive in any pieces.

Follows the event stream grammar of the HTML Living Standard, section 9.2: lines end in LF, CR or CRLF,
a leading byte order mark and comments are skipped, `data` lines of one event are joined by LF, an empty
line dispatches. Fields other than `data` and `event` mean nothing here. Knows nothing of HTTP or models.
"""

from __future__ import annotations

from dataclasses import dataclass

EVENT_BYTES_MAX = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


class EventTooLargeError(ValueError):
    """One line or one event is longer than any sane provider sends."""


@dataclass(frozen=True, slots=True)
class ServerEvent:
    data: str
    event: str = "message"


class SseParser:
    """`feed` bytes, get the events they complete; `close` at the end of the stream."""

    def __init__(self, *, event_bytes_max: int = EVENT_BYTES_MAX) -> None:
        self._max = event_bytes_max
        self._line = bytearray()
        self._after_cr = False
        self._first = True
        self._data: list[str] = []
        self._data_bytes = 0
        self._event = ""

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Raises `EventTooLargeError`."""
        events: list[ServerEvent] = []
        start = 0
        if self._after_cr and data:
            start = 1 if data[:1] == b"\n" else 0
            self._after_cr = False
        while start < len(data):
            end = _line_end(data, start)
            if end < 0:
                break
            self._take(self._line + data[start:end], events)
            self._line.clear()
            start = end + 1
            if data[end] == 0x0D:
                if start == len(data):
                    self._after_cr = True
                elif data[start] == 0x0A:
                    start += 1
        self._line += data[start:]
        if len(self._line) > self._max:
            raise EventTooLargeError(f"a line of more than {self._max:,} bytes")
        return events

    def close(self) -> list[ServerEvent]:
        """What an unfinished last line or event still holds. The standard throws it away; servers that
        forget the last empty line are common enough to look at it."""
        events: list[ServerEvent] = []
        if self._line:
            self._take(self._line, events)
            self._line = bytearray()
        self._dispatch(events)
        return events

    def _take(self, raw: bytes | bytearray, events: list[ServerEvent]) -> None:
        if self._first:
            self._first = False
            raw = raw.removeprefix(_BOM)
        if not raw:
            self._dispatch(events)
            return
        name, _, value = bytes(raw).partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data_bytes += len(value) + 1
            if self._data_bytes > self._max:
                raise EventTooLargeError(f"an event of more than {self._max:,} bytes")
            self._data.append(value.decode("utf-8", "replace"))
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")

    def _dispatch(self, events: list[ServerEvent]) -> None:
        if self._data:
            events.append(ServerEvent("\n".join(self._data), self._event or "message"))
        self._data = []
        self._data_bytes = 0
        self._event = ""


def _line_end(data: bytes, start: int) -> int:
    """Where the next CR or LF is, or -1."""
    newline = data.find(b"\n", start)
    # The return is looked for only before the newline: a whole buffer of LF lines is scanned once.
    carriage = data.find(b"\r", start, newline if newline >= 0 else len(data))
    return carriage if carriage >= 0 else newline
