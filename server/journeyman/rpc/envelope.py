"""What one JSON value is as JSON-RPC 2.0: a request, a notification, an answer to ours, or none of them.

The same for every language on the wire; knows no method and no connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from journeyman.rpc.calls import Ident, id_of
from journeyman.rpc.jsonbody import as_object
from journeyman.rpc.refusals import Refusal, refuse


@dataclass(frozen=True, slots=True)
class Answer:
    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    ident: Ident
    method: str
    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Notification:
    method: str
    message: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wrong:
    """Must be refused, under its id where that can be read."""

    ident: Ident | None
    refusal: Refusal


def read(value: Any, *, batch: str) -> Answer | Request | Notification | Wrong:
    """`batch`: what a person reads who sent a list."""
    message = as_object(value)
    if message is None:
        what = batch if isinstance(value, list) else "This is not a request."
        return Wrong(None, refuse("invalid_request", what, "Send one object per message."))
    if "method" not in message and ("result" in message or "error" in message):
        return Answer(message)
    ident = id_of(message)
    if "id" in message and ident is None:
        return Wrong(None, refuse("invalid_request", "A request's id must be an integer or a string."))
    if message.get("jsonrpc") != "2.0":
        return Wrong(ident, refuse("invalid_request", 'A message must say `"jsonrpc": "2.0"`.'))
    method: Any = message.get("method")
    if not isinstance(method, str):
        return Wrong(ident, refuse("invalid_request", "A message must have a `method`, a string."))
    return Notification(method, message) if ident is None else Request(ident, method, message)
