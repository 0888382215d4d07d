"""Every bound of the wire in one place, so that a test can make one small and an operator can read them."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True)
class Limits:
    header_bytes: int = 8 * KIB
    """Most bytes in one header block."""
    frame_bytes: int = 8 * MIB
    """Most bytes in one body, either way."""
    initialize_bytes: int = 64 * KIB
    """Most bytes in the one frame that is parsed before a token inside it is checked."""
    depth: int = 64
    """Deepest nesting of a message."""
    header_s: float = 10.0
    """Seconds from the first byte of a header block to its end."""
    body_s: float = 60.0
    """Seconds from the end of a header block to the end of its body."""
    auth_s: float = 5.0
    """Seconds a connection over TCP has to show its token."""
    in_flight: int = 256
    """Most requests of one connection that have not been answered."""
    outbox_bytes: int = 4 * MIB
    """Bytes that may wait to be written to one connection."""
    stall_s: float = 30.0
    """Seconds a peer may refuse to read while something undroppable waits for it."""
    eof_grace_s: float = 2.0
    """Seconds requests have to be answered after the peer has closed its side."""
    request_s: float = 30.0
    """Seconds a client has to answer a request of ours."""
    cancel_s: float = 15.0
    """Seconds a cancelled run has to end before its request is answered all the same."""
