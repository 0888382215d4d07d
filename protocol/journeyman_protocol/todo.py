"""The todo list: the plan of a chat, which the user may edit too."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from journeyman_protocol.base import Id, Message
from journeyman_protocol.rows import Method, OrderedBy, outgoing, request

TodoId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class TodoItem(Message):
    id: TodoId
    content: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    status: Literal["pending", "in_progress", "done", "dropped"] = "pending"
    check: Annotated[str, StringConstraints(max_length=2000)] | None = None
    """A shell command whose exit 0 is the evidence."""
    depends_on: list[TodoId] = []
    assignee: Literal["planner", "executor", "user"] = "user"
    evidence: Annotated[str, StringConstraints(max_length=4000)] | None = None


class TodoList(Message):
    chat_id: Id
    rev: int = Field(ge=0)
    """Counts every change."""
    items: list[TodoItem]


class TodoListParams(Message):
    chat_id: Id


class TodoUpdateParams(Message):
    chat_id: Id
    if_rev: int = Field(ge=0)
    """The revision this change is based on. Stale: -32801 with the current list in `data.current`."""
    items: Annotated[list[TodoItem], Field(max_length=200)]
    """The whole new list."""


ROWS: tuple[Method, ...] = (
    request("todo/list", TodoListParams, TodoList, "A chat's todo list."),
    request("todo/update", TodoUpdateParams, TodoList, "Replace a chat's todo list.", OrderedBy.CHAT),
    outgoing("todo/didChange", TodoList, "A subscribed chat's todo list changed."),
)
