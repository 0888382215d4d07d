"""What a row of the table of methods says. Every noun's module ends with the rows of its methods."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from journeyman_protocol.base import Message


class Direction(StrEnum):
    REQUEST = "request"
    """Client to daemon, answered."""
    NOTIFICATION_IN = "notificationIn"
    """Client to daemon, not answered."""
    REQUEST_OUT = "requestOut"
    """Daemon to client, answered; only to clients that say they answer it."""
    NOTIFICATION_OUT = "notificationOut"
    """Daemon to client, not answered."""


class OrderedBy(StrEnum):
    """Which requests of one connection keep their order among themselves."""

    NONE = "none"
    PROJECT = "project"
    CHAT = "chat"
    EXEC = "exec"


@dataclass(frozen=True, slots=True)
class Method:
    name: str
    direction: Direction
    params: type[Message]
    result: type[Message] | None
    scope: OrderedBy
    since: int
    """Protocol version that introduced it."""
    doc: str
    deprecated: str | None = None
    """What to use instead, as a sentence; the method goes on working until the next protocol version."""


def request(
    name: str,
    params: type[Message],
    result: type[Message],
    doc: str,
    scope: OrderedBy = OrderedBy.NONE,
    *,
    deprecated: str | None = None,
) -> Method:
    return Method(name, Direction.REQUEST, params, result, scope, 1, doc, deprecated)


def asked(name: str, params: type[Message], result: type[Message], doc: str) -> Method:
    return Method(name, Direction.REQUEST_OUT, params, result, OrderedBy.NONE, 1, doc)


def incoming(name: str, params: type[Message], doc: str) -> Method:
    return Method(name, Direction.NOTIFICATION_IN, params, None, OrderedBy.NONE, 1, doc)


def outgoing(name: str, params: type[Message], doc: str) -> Method:
    return Method(name, Direction.NOTIFICATION_OUT, params, None, OrderedBy.NONE, 1, doc)
