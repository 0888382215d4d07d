"""What one preview may take."""

from __future__ import annotations

from dataclasses import dataclass

PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    connections: int = 64
    """At once, for one forwarded port."""
    header_bytes: int = 64 * 1024
    """Of a request's or an answer's head."""
    informational: int = 16
    """Answers before the answer (100, 103)."""
    request_s: float = 60.0
    """From a connection, or from the end of an answer, until the next request's head is there."""
    answer_s: float = 600.0
    """Without a byte either way before an answer begins: somebody may sit in a debugger."""
    silence_s: float = 3600.0
    """Without a byte either way afterwards."""
    half_s: float = 60.0
    """The same, once one side of a WebSocket has ended."""
    linger_s: float = 2.0
    """For whoever was answered before they had said everything to notice it."""
