"""What of a request and its answer travels on to the other side of a preview."""

from __future__ import annotations

from journeyman.hop_by_hop import HOP_BY_HOP, listed

Headers = list[tuple[bytes, bytes]]


def asks_for_upgrade(headers: Headers) -> bool:
    """To a WebSocket and nothing else: over HTTP/2, say, requests would pass unread, cookies and all."""
    return b"upgrade" in listed(headers, b"connection") and b"websocket" in listed(headers, b"upgrade")


def end_to_end(headers: Headers) -> Headers:
    """Without what is between two neighbours. A length beside chunks goes too: they say it."""
    drop: set[bytes] = set(HOP_BY_HOP) | listed(headers, b"connection")
    if listed(headers, b"transfer-encoding"):
        drop.add(b"content-length")
    return [(name, value) for name, value in headers if name.lower() not in drop]


def request(headers: Headers) -> Headers:
    """For a connection inside that carries this one request."""
    passed = end_to_end(headers)
    if listed(headers, b"transfer-encoding"):
        passed.append((b"Transfer-Encoding", b"chunked"))
    return passed + (_UPGRADE if asks_for_upgrade(headers) else [(b"Connection", b"close")])


def switched(headers: Headers) -> Headers:
    """Of an answer that changes the protocol."""
    return end_to_end(headers) + _UPGRADE


_UPGRADE: Headers = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
