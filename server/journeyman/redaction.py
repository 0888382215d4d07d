"""The one place that takes secrets out of text on its way to a log, an event or a person.

Known secrets (keys and tokens the daemon itself has read) are registered here when they are read and
are replaced wherever they appear; a few unmistakable shapes are replaced without being known.
"""

from __future__ import annotations

import logging
import re

MASK = "[redacted]"

_SHAPES = re.compile(
    r"(sk-[A-Za-z0-9_-]{16,}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}"
    r"|github_pat_[A-Za-z0-9_]{22,}"
    r"|xox[abposr]-[A-Za-z0-9-]{10,}"
    r"|AKIA[0-9A-Z]{16}"
    r"|AIza[0-9A-Za-z_-]{35}"
    r"|(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{16,})"
)
_known: set[str] = set()


def register_secret(value: str) -> None:
    """Remember a secret so that it never leaves in a text. Values under 8 characters are ignored:
    replacing them everywhere would hide ordinary words."""
    if len(value) >= 8:
        _known.add(value)


def redact(text: str) -> str:
    """`text` with every known secret, and every text shaped like a provider key, replaced by a mask."""
    for secret in tuple(_known):
        if secret in text:
            text = text.replace(secret, MASK)
    return _SHAPES.sub(MASK, text)


class RedactionFilter(logging.Filter):
    """Redacts a record's finished message. Belongs on handlers, so that every logger passes through it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, ()
        return True
