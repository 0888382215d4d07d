"""The todo list of a chat: read it, replace it under its rules, and tell everybody.

Knows the rules (`todo/rules.py`), the store and a place to append events; not who writes the list.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from journeyman.failures import Failure
from journeyman.ports.clock import Clock, Ids
from journeyman.ports.events import Announcer
from journeyman.ports.store import TodoStore
from journeyman.records import Assignee, TodoItem, TodoList
from journeyman.todo.rules import EvidenceOf, settle

ATTEMPTS_MAX = 5


@dataclass(frozen=True, slots=True)
class Changed:
    """The stored list, and a sentence for each thing the rules changed on the way."""

    list: TodoList
    notes: tuple[str, ...] = ()


class TodoService:
    def __init__(self, todos: TodoStore, events: Announcer, clock: Clock, ids: Ids) -> None:
        self._todos = todos
        self._events = events
        # Events of one chat tell of its revisions in order.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.changes = 0
        """How often a list was changed since the daemon began, whosever: who read one need not read it again
        before there was another."""

    async def get(self, chat_id: str) -> TodoList:
        """The list as it is; revision 0 and empty where nobody has written one."""
        return await self._todos.get(chat_id)

    async def replace(
        self,
        chat_id: str,
        items: Sequence[TodoItem],
        *,
        if_rev: int | None,
        by: Assignee,
        reason: str | None = None,
        run_id: str | None = None,
        evidence_of: EvidenceOf | None = None,
    ) -> TodoList:
        """`change`, for those who do not need the notes."""
        changed = await self.change(
            chat_id, items, if_rev=if_rev, by=by, reason=reason, run_id=run_id, evidence_of=evidence_of
        )
        return changed.list

    async def change(
        self,
        chat_id: str,
        items: Sequence[TodoItem],
        *,
        if_rev: int | None,
        by: Assignee,
        reason: str | None = None,
        run_id: str | None = None,
        evidence_of: EvidenceOf | None = None,
    ) -> Changed:
        """Replace the whole list, store it, then append `todo/changed {rev, items}`.

        `if_rev` is the revision this change was made on top of: another one by now is a `conflict` whose
        `data` is the present list as `{rev, items}`; None takes any. A list against the rules is
        `invalid`. A change that would alter nothing makes neither revision nor event. `evidence_of` says
        of an item whether its check has passed (see `todo/rules.py`)."""
        turn = self._turns.setdefault(chat_id, asyncio.Lock())
        async with turn:
            for _ in range(ATTEMPTS_MAX):
                present = await self._todos.get(chat_id)
                if if_rev is not None and if_rev != present.rev:
                    raise _stale(if_rev, present)
                settled = settle(present.items, items, by=by, reason=reason, evidence_of=evidence_of)
                if present.rev > 0 and settled.items == present.items:
                    return Changed(present, settled.notes)
                try:
                    stored = await self._replaced(chat_id, settled.items, present.rev)
                except Failure as failure:
                    # Somebody else's change came between: look at it, and decide again.
                    if failure.kind != "conflict":
                        raise
                    continue
                await self._events.append(chat_id, "todo/changed", todo_data(stored), run_id=run_id)
                return Changed(stored, settled.notes)
        raise Failure(
            "overloaded", "The todo list changes too fast.", hint="Try again in a moment.", retryable=True
        )

    async def _replaced(self, chat_id: str, items: Sequence[TodoItem], rev: int) -> TodoList:
        try:
            return await self._todos.replace(chat_id, items, if_rev=rev)
        finally:  # it may have been stored, whatever ended this
            self.changes += 1


def todo_data(todo: TodoList) -> dict[str, Any]:
    """A list as events and failures carry it: `{rev, items[{id, content, status, check?, dependsOn[],
    assignee, evidence?}]}`."""
    return {"rev": todo.rev, "items": [_item_data(item) for item in todo.items]}


def _item_data(item: TodoItem) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": item.id,
        "content": item.content,
        "status": item.status,
        "dependsOn": list(item.depends_on),
        "assignee": item.assignee,
    }
    if item.check is not None:
        data["check"] = item.check
    if item.evidence is not None:
        data["evidence"] = item.evidence
    return data


def _stale(if_rev: int, present: TodoList) -> Failure:
    return Failure(
        "conflict",
        f"The todo list is at revision {present.rev} by now, not {if_rev}.",
        hint="The present list comes with this answer: repeat the change on top of it.",
        data=todo_data(present),
    )
