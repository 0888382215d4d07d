"""What waits in a chat: texts for the run that is going on, then runs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from journeyman_protocol.base import Empty, Id, Message, Page, Paged, Timestamp
from journeyman_protocol.content import TextPrompt
from journeyman_protocol.rows import Method, outgoing, request


class QueueItem(Message):
    item_id: Id
    kind: Literal["steer", "run"]
    """`steer`: a text for a run that is open. `run`: a run that has not begun."""
    run_id: Id
    """The run it is for, or is."""
    prompt: str
    truncated: bool = False
    """In `agent/queue/didChange`: there is more of the prompt; `agent/queue/list` has it."""
    rev: int
    """Counts the changes of the prompt."""
    created_at: Timestamp


class QueueListParams(Paged):
    chat_id: Id


class QueuePage(Page[QueueItem]):
    """What waits in a chat, in the order in which it will be taken."""


class QueueUpdateParams(Message):
    item_id: Id
    prompt: TextPrompt | None = None
    """Absent: stays. Images that came with it stay."""
    if_rev: int | None = Field(default=None, ge=0)
    """The revision this change is based on. Stale: -32801."""
    position: int | None = Field(default=None, ge=0)
    """Of a run: the new place among the chat's waiting runs, 0 is next."""


class QueueRef(Message):
    item_id: Id


class QueueChanged(Message):
    chat_id: Id
    items: list[QueueItem]
    """The first 50, prompts cut at 500 characters."""
    total: int


ROWS: tuple[Method, ...] = (
    request("agent/queue/list", QueueListParams, QueuePage, "What waits in a chat, in its order."),
    request(
        "agent/queue/update",
        QueueUpdateParams,
        QueueItem,
        "Change what waits. Taken or changed meanwhile: -32801, with the present queue in `data.current`.",
    ),
    request(
        "agent/queue/remove",
        QueueRef,
        Empty,
        "Take something out of the queue; a run ends as cancelled. Taken meanwhile: -32801 as above.",
    ),
    outgoing("agent/queue/didChange", QueueChanged, "What waits in a subscribed chat changed."),
)
