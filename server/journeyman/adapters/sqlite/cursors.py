"""Opaque cursors. A cursor names the list it belongs to and the last row that was shown."""

from __future__ import annotations

import base64
import binascii

from journeyman.failures import Failure

LIMIT_MAX = 500
"""Most rows in one page, whatever was asked for."""


def encode(family: str, key: int) -> str:
    return base64.urlsafe_b64encode(f"{family}:{key}".encode()).decode().rstrip("=")


def decode(family: str, cursor: str) -> int:
    """The key inside. A cursor that is broken, or belongs to another list, is `invalid`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found, _, key = (
            base64.b64decode(padded.encode("ascii"), b"-_", validate=True).decode("ascii").partition(":")
        )
        # SQLite's integers have 64 bits; int() would also take spaces, signs and underscores.
        if found == family and key.isdecimal() and len(key) <= 18:
            return int(key)
    except (binascii.Error, UnicodeError):
        pass
    raise Failure(
        "invalid",
        "The cursor is not one that this list has given out.",
        hint="Leave the cursor out to start at the first page.",
    )


def page_size(limit: int, most: int = LIMIT_MAX) -> int:
    if limit < 1:
        raise Failure("invalid", f"A page of {limit} entries cannot be made.", hint="Ask for at least 1.")
    return min(limit, most)
