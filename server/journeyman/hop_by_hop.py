"""HTTP fields that belong to one connection, not to a message that travels over two (RFC 9110, 7.6.1)."""

from __future__ import annotations

from collections.abc import Iterable

HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


def listed(fields: Iterable[tuple[bytes, bytes]], name: bytes) -> set[bytes]:
    """The words of a field that is a list of them, in lower case."""
    values = b",".join(value for each, value in fields if each.lower() == name)
    return {word.strip().lower() for word in values.split(b",") if word.strip()}
