"""How values of records become columns and come back: times, JSON and text. Knows no table."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from journeyman.records import Commands

# Made once: `json.dumps` makes a new encoder for every call that is not plain.
_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_ESCAPED = json.JSONEncoder(separators=(",", ":")).encode


def time_text(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds: texts sort like the times they stand for."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def time_from(text: str) -> datetime:
    return datetime.fromisoformat(text)


def optional_time_text(moment: datetime | None) -> str | None:
    return None if moment is None else time_text(moment)


def optional_time_from(text: str | None) -> datetime | None:
    return None if text is None else time_from(text)


def json_text(value: Any) -> str:
    """JSON that comes back equal, lone surrogates (which UTF-8 cannot carry) included as escapes."""
    text = _PLAIN(value)
    if _encodes(text):
        return text
    return _ESCAPED(value)


def plain_text(text: str) -> str:
    """`text` with lone surrogates replaced: a column of text is UTF-8."""
    return text if _encodes(text) else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _encodes(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def commands_from(text: str) -> Commands:
    return Commands(**json.loads(text))
