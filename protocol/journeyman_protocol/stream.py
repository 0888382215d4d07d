"""The one stream of a chat's events: followed as it happens, or asked for page by page."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from journeyman_protocol.agent import EventKind, Run
from journeyman_protocol.base import Empty, Id, Message, Timestamp
from journeyman_protocol.chat import ChatMessage, Usage
from journeyman_protocol.permission import Permission
from journeyman_protocol.queue import QueueItem
from journeyman_protocol.rows import Method, incoming, outgoing, request
from journeyman_protocol.todo import TodoList


class Cursor(Message):
    """A place in a chat's event log. `epoch` names the incarnation of the log."""

    epoch: str
    seq: int = Field(ge=0)


Place = Cursor | Literal["start", "tail"]


class SubscribeParams(Message):
    chat_id: Id
    after: Place = "tail"
    """Events after this place are sent: first what is stored, then what happens, without a hole."""
    snapshot: bool = False
    """Answer with the chat's state, too. Together with `tail` it is all a client needs to show a chat."""
    max_unacked: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """At most this many durable events are sent before `agent/ack` says they were taken. In any case a client
    that does not read its connection stops its own events, not the daemon's memory."""


class Gap(Message):
    """Events that cannot be had any more. Never silent: read `snapshot` and go on from `head`."""

    from_seq: int
    to_seq: int
    reason: Literal["epoch_changed", "trimmed", "ahead_of_log"]


class Snapshot(Message):
    """The chat's state, not older than `head`: what comes after it may be in it already."""

    todo: TodoList
    messages: int
    """How many messages the conversation has."""
    recent: list[ChatMessage]
    """The last of them, oldest first, long texts cut at 4,000 characters; `chat/messages` has all."""
    queue: list[QueueItem]
    """What waits, the first 50, prompts cut."""
    runs: list[Run]
    """The last runs, oldest first."""
    usage: Usage
    """Of all runs that have ended."""
    permissions: list[Permission] = []
    """Questions that wait for an answer, oldest first."""


class SubscribeResult(Message):
    epoch: str
    head: int
    """Newest sequence number at the time of the answer."""
    oldest: int
    gap: Gap | None = None
    snapshot: Snapshot | None = None
    runs: list[Run]
    """Runs that are queued or running now."""
    permissions: list[Permission] = []
    """Questions of this chat that wait for an answer, oldest first."""


class ChatRefParams(Message):
    chat_id: Id


class AckParams(Message):
    chat_id: Id
    seq: int = Field(ge=0)
    """Every event up to this one was taken."""


class EventsParams(Message):
    chat_id: Id
    after: Place = "start"
    limit: int = Field(default=100, ge=1, le=1000)
    wait_ms: int = Field(default=0, ge=0, le=30_000)
    """Where there is none yet: how long to wait for one."""


class Event(Message):
    """Something that happened in a chat. Durable events are numbered 1, 2, 3, ... and were stored before
    they were sent. The others carry the number of the durable event before them and are never replayed."""

    chat_id: Id
    epoch: str
    seq: int
    ts: Timestamp
    run_id: Id | None = None
    item_id: str | None = None
    kind: EventKind
    data: dict[str, Any]
    durable: bool


class EventsResult(Message):
    events: list[Event]
    """Durable ones, in order; at most `limit` of them and a few megabytes. None: nothing happened in time."""
    next: Cursor
    """`after` of the next call."""
    head: int
    gap: Gap | None = None
    snapshot: Snapshot | None = None
    """With a gap."""


ROWS: tuple[Method, ...] = (
    request(
        "agent/subscribe",
        SubscribeParams,
        SubscribeResult,
        "Follow a chat's events from a place in its log, missing nothing.",
    ),
    request("agent/unsubscribe", ChatRefParams, Empty, "Stop following a chat."),
    incoming("agent/ack", AckParams, "Events were taken; more may be sent (`maxUnacked`)."),
    request(
        "agent/events",
        EventsParams,
        EventsResult,
        "A page of a chat's events, waiting for the first one where there is none: for clients that poll.",
    ),
    outgoing("agent/event", Event, "The one stream: what happens in a chat that is subscribed to."),
)
