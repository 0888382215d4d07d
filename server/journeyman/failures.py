"""The one exception a part of Journeyman raises on purpose.

A `Failure` is what a person may read: one sentence, what to do next, and a `kind` that programs can
match on. It knows nothing of JSON-RPC codes (`rpc/refusals.py` has that table) and never carries a
traceback. Anything raised that is *not* a `Failure` is a bug, and is reported as `internal` with an
incident id.
"""

from __future__ import annotations

from typing import Literal, get_args

FailureKind = Literal[
    "invalid",  # the caller's input is wrong
    "not_found",  # a project, chat, run or archive that does not exist
    "conflict",  # a stale revision, or a state that does not allow this now
    "unauthorized",  # no right to do this
    "overloaded",  # a bound was reached; try again later
    "cancelled",  # somebody asked us to stop
    "busy",  # the project is in use by a run, an archive or a restore
    "draining",  # the daemon is shutting down
    "already_running",  # a second daemon on the same data directory
    "no_sandbox",  # neither Docker nor bubblewrap answers
    "image_missing",  # the workspace image is not there
    "workspace_failed",  # the sandbox or the guest did not do its work
    "path_refused",  # a path leads out of the workspace
    "archive_failed",  # an archive could not be written or read
    "archive_corrupt",  # what the store gave back is not what was put there
    "store_unavailable",  # object storage does not answer
    "store_refused",  # object storage says no (credentials, bucket, policy)
    "source_failed",  # the files a project should start with could not be had
    "disk_full",  # no space left
    "quota_exceeded",  # the project holds more than it may
    "storage_failed",  # the database could not be read or written
    "model_unknown",  # no such model name
    "model_key_missing",  # the provider's key is not set
    "model_unreachable",  # the provider does not answer
    "model_refused",  # the provider answered with an error
    "model_broken",  # the provider's stream cannot be understood
    "timeout",  # a deadline passed
    "internal",  # a bug of ours
]

FAILURE_KINDS: tuple[str, ...] = get_args(FailureKind)


class Failure(Exception):  # noqa: N818 - the word of ARCHITECTURE.md; half of them are refusals
    """A refusal or a fault with a sentence for people.

    `message` is one sentence saying what happened; `hint` one sentence saying what to do next;
    `retryable` says whether the same call may succeed later without a change by the caller;
    `retry_after_ms` is a suggestion in milliseconds.
    """

    def __init__(
        self,
        kind: FailureKind,
        message: str,
        *,
        hint: str = "",
        retryable: bool = False,
        retry_after_ms: int | None = None,
        data: dict[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.message = message
        self.hint = hint
        self.retryable = retryable
        self.retry_after_ms = retry_after_ms
        self.data: dict[str, object] = data or {}

    def __repr__(self) -> str:
        return f"Failure({self.kind!r}, {self.message!r})"


_STARTED = ("project", "chat")
_LISTED = {
    "archive": "workspace/archives",
    "chat": "chat/list",
    "checkpoint": "checkpoint/list",
    "image": "chat/messages",
    "input": "agent/queue/list",
    "message": "chat/messages",
    "permission": "permission/list",
    "project": "project/list",
    "run": "agent/runs",
}


def not_found(noun: str, ident: str) -> Failure:
    """The failure for an id that names nothing; `noun` is one of the words of ARCHITECTURE.md."""
    return Failure(
        "not_found",
        f"There is no {noun} {ident!r}.",
        hint=_where(noun),
    )


def _where(noun: str) -> str:
    if noun not in _LISTED:
        return f"Give the id of a {noun} that is there."
    another = f", or leave the id out to start a new {noun}" if noun in _STARTED else ""
    return f"List what there is with {_LISTED[noun]}{another}."
