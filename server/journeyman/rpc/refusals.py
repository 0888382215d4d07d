"""From what went wrong to what the client reads: one table, total over every kind there is."""

from __future__ import annotations

import logging
import traceback
import uuid
from typing import Any, cast, get_args

from journeyman.failures import Failure
from journeyman.redaction import redact
from journeyman_protocol.errors import ErrorCode, ErrorData, ErrorKind

log = logging.getLogger(__name__)

CODES: dict[str, ErrorCode] = {
    "parse_error": ErrorCode.PARSE_ERROR,
    "invalid_request": ErrorCode.INVALID_REQUEST,
    "method_not_found": ErrorCode.METHOD_NOT_FOUND,
    "not_initialized": ErrorCode.SERVER_NOT_INITIALIZED,
    "invalid": ErrorCode.INVALID_PARAMS,
    "not_found": ErrorCode.NOT_FOUND,
    "conflict": ErrorCode.CONFLICT,
    "unauthorized": ErrorCode.UNAUTHORIZED,
    "overloaded": ErrorCode.OVERLOADED,
    "cancelled": ErrorCode.REQUEST_CANCELLED,
    "busy": ErrorCode.BUSY,
    "draining": ErrorCode.DRAINING,
    "already_running": ErrorCode.CONFLICT,
    "no_sandbox": ErrorCode.WORKSPACE,
    "image_missing": ErrorCode.WORKSPACE,
    "workspace_failed": ErrorCode.WORKSPACE,
    "path_refused": ErrorCode.WORKSPACE,
    "archive_failed": ErrorCode.STORAGE,
    "archive_corrupt": ErrorCode.STORAGE,
    "store_unavailable": ErrorCode.STORAGE,
    "store_refused": ErrorCode.STORAGE,
    "source_failed": ErrorCode.WORKSPACE,
    "disk_full": ErrorCode.STORAGE,
    "quota_exceeded": ErrorCode.STORAGE,
    "storage_failed": ErrorCode.STORAGE,
    "model_unknown": ErrorCode.MODEL,
    "model_key_missing": ErrorCode.MODEL,
    "model_unreachable": ErrorCode.MODEL,
    "model_refused": ErrorCode.MODEL,
    "model_broken": ErrorCode.MODEL,
    "timeout": ErrorCode.TIMEOUT,
    "internal": ErrorCode.INTERNAL_ERROR,
}
ERROR_KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)


class Refusal(Exception):  # noqa: N818 - an answer like any other
    """An error answer, finished: what handlers and the session raise, and everything else becomes."""

    def __init__(self, code: ErrorCode, message: str, data: ErrorData) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def wire(self) -> dict[str, Any]:
        """The `error` member of a response."""
        data = self.data.wire()
        data["hint"] = redact(self.data.hint)
        return {"code": int(self.code), "message": redact(self.message), "data": data}


def refuse(
    kind: ErrorKind,
    message: str,
    hint: str = "",
    *,
    retryable: bool = False,
    retry_after_ms: int | None = None,
    incident_id: str | None = None,
    code: ErrorCode | None = None,
    current: dict[str, Any] | None = None,
) -> Refusal:
    """A refusal with the kind's code, or with `code` where LSP has a better one for the occasion."""
    data = ErrorData(
        kind=kind,
        retryable=retryable,
        retry_after_ms=retry_after_ms,
        hint=hint,
        incident_id=incident_id,
        current=current,
    )
    return Refusal(code or CODES[kind], message, data)


def from_failure(failure: Failure) -> Refusal:
    incident = failure.data.get("incidentId")
    return refuse(
        failure.kind,
        failure.message,
        failure.hint,
        retryable=failure.retryable,
        retry_after_ms=failure.retry_after_ms,
        incident_id=incident if isinstance(incident, str) else None,
    )


def from_exception(error: BaseException, doing: str) -> Refusal:
    """Any exception as a refusal. One that is not meant for people is logged whole, with secrets taken
    out, and answered by nothing but an incident id."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Failure):
        return from_failure(error)
    if isinstance(error, BaseExceptionGroup):
        inner = cast("BaseExceptionGroup[BaseException]", error).exceptions
        if len(inner) == 1:
            return from_exception(inner[0], doing)
    return _incident(cast("BaseException", error), doing)


def _incident(error: BaseException, doing: str) -> Refusal:
    incident = uuid.uuid4().hex[:12]
    log.error(
        "incident %s while doing %s\n%s", incident, doing, redact("".join(traceback.format_exception(error)))
    )
    return refuse(
        "internal",
        "The daemon made a mistake.",
        f"Look for incident {incident} in the daemon's log, and report it.",
        incident_id=incident,
    )
