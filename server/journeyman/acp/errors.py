"""Refusals as this protocol's errors. It gives two of LSP's numbers other meanings, and clients show an
error's message only, so what to do next goes into it."""

from __future__ import annotations

from typing import Any

from journeyman.rpc.refusals import Refusal

AUTH_REQUIRED = -32000
NOT_FOUND = -32002
INVALID_REQUEST = -32600
_CODES = {"unauthorized": AUTH_REQUIRED, "not_found": NOT_FOUND, "not_initialized": INVALID_REQUEST}


def error_of(refusal: Refusal) -> dict[str, Any]:
    """The `error` member of a response."""
    error = refusal.wire()
    hint = error["data"].get("hint")
    return {
        "code": _CODES.get(refusal.data.kind, error["code"]),
        "message": f"{error['message']} {hint}" if hint else error["message"],
        "data": error["data"],
    }
