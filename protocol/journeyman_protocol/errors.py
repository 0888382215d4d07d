"""Error codes and the `data` every error carries.

Codes of JSON-RPC 2.0 and LSP 3.18 keep their meaning; ours lie in -31999..-31900, outside every range
the two reserve.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Literal

from journeyman_protocol.base import Message


class ErrorCode(IntEnum):
    # JSON-RPC 2.0
    PARSE_ERROR = -32700
    """The bytes are not JSON."""
    INVALID_REQUEST = -32600
    """Not a JSON-RPC request, or one that is not allowed now (after shutdown, a duplicate id)."""
    METHOD_NOT_FOUND = -32601
    """No such method."""
    INVALID_PARAMS = -32602
    """The parameters do not fit the method; `data.hint` names the field."""
    INTERNAL_ERROR = -32603
    """A bug of ours; `data.incidentId` is in the daemon's log."""
    # LSP 3.18
    SERVER_NOT_INITIALIZED = -32002
    """A request came before `initialize`."""
    REQUEST_CANCELLED = -32800
    """Cancelled by `$/cancelRequest`."""
    CONTENT_MODIFIED = -32801
    """The caller's revision is stale; `data.current` holds the present state where there is one."""
    REQUEST_FAILED = -32803
    """The request was right and could not be carried out."""
    # Journeyman
    NOT_FOUND = -31999
    """The project, chat, run or archive does not exist."""
    UNAUTHORIZED = -31998
    """No or wrong token, or no right to this."""
    OVERLOADED = -31997
    """A bound was reached (requests in flight, runs, queue); try again later."""
    BUSY = -31996
    """The project is in use by a run, an archive or a restore."""
    DRAINING = -31995
    """The daemon is shutting down."""
    WORKSPACE = -31994
    """The workspace could not be had or did not do its work; `data.kind` says which."""
    STORAGE = -31993
    """Database or object storage could not be reached, refused, is full or gave back wrong bytes."""
    MODEL = -31992
    """The model is unknown, has no key, cannot be reached, refused or broke off."""
    CONFLICT = -31991
    """The present state does not allow this."""
    TIMEOUT = -31990
    """A deadline passed."""


ErrorKind = Literal[
    "parse_error",
    "invalid_request",
    "method_not_found",
    "not_initialized",
    "invalid",
    "not_found",
    "conflict",
    "unauthorized",
    "overloaded",
    "cancelled",
    "busy",
    "draining",
    "already_running",
    "no_sandbox",
    "image_missing",
    "workspace_failed",
    "path_refused",
    "archive_failed",
    "archive_corrupt",
    "store_unavailable",
    "store_refused",
    "source_failed",
    "disk_full",
    "quota_exceeded",
    "storage_failed",
    "model_unknown",
    "model_key_missing",
    "model_unreachable",
    "model_refused",
    "model_broken",
    "timeout",
    "internal",
]


class ErrorData(Message):
    """`error.data` of every error the daemon answers with."""

    kind: ErrorKind
    """What went wrong, for programs."""
    retryable: bool = False
    """Whether the same request may succeed later without a change by the client."""
    retry_after_ms: int | None = None
    """Suggested wait before that, in milliseconds."""
    hint: str = ""
    """What to do next, for people."""
    incident_id: str | None = None
    """For bugs of ours: look for this in the daemon's log."""
    current: dict[str, Any] | None = None
    """For -32801: the present state the caller was behind of."""
