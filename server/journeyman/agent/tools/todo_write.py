"""`todoWrite`: the plan. The whole list each time; a `done` with a check needs that check's passing run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from journeyman.agent.state import RunState, plain, shows_nothing
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.todo_rows import counts, is_open, rows
from journeyman.agent.tools.tool import Arguments, Tool, alone, record, spec, text
from journeyman.records import TodoItem

NAMED_MAX = 5
NAMED_CHARACTERS = 60


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    given: list[dict[str, Any]] = arguments["items"]
    if not given:
        return failed("the list is empty", hint="Give at least one item; the last one verifies the request.")
    present = await context.get_todos()
    items, notes = _items(given, present.items, context.state)
    todos, more = await context.change_todos(tuple(items), arguments.get("reason") or None)
    context.state.planned()
    context.state.checks = frozenset(item.check for item in todos.items if item.check)
    return Observation("\n".join([f"todo list: {counts(todos)}", *notes, *more, *rows(todos)]))


def _items(
    given: list[dict[str, Any]], present: Sequence[TodoItem], state: RunState
) -> tuple[list[TodoItem], list[str]]:
    """What was given on top of what is there. A `done` whose check has not passed goes on being worked at,
    with a note, so that one early claim does not cost the whole list."""
    known = {item.id: item for item in present} | {item.content: item for item in present}
    items: list[TodoItem] = []
    notes: list[str] = []
    bare: list[str] = []
    """New and open, with nothing that would show their end."""
    for each in given:
        old = known.get(each.get("id") or each["content"])
        base = replace(old, content=each["content"]) if old else TodoItem(each.get("id", ""), each["content"])
        item = replace(base, status=each.get("status", base.status), check=each.get("check") or base.check)
        if item.check and shows_nothing(item.check):
            notes.append(f"no check: `{item.check}` passes whatever is done. Name a command that can fail")
            item = replace(item, check=None)
        elif item.check is None and old is None and is_open(item):
            bare.append(item.content)
        was_done = old is not None and old.status == "done" and old.check == item.check
        if item.status == "done" and item.check and not was_done and plain(item.check) not in state.passed:
            notes.append(f"not done yet: {item.content}. Run its check first (terminal: {item.check})")
            item = replace(item, status="in_progress")
        items.append(item)
    if bare:
        named = _listed(bare)
        notes.append(f"no check: {named}. Add a shell command that can fail as check, where there is one")
    return items, notes


def _listed(contents: Sequence[str]) -> str:
    shown = "; ".join(content[:NAMED_CHARACTERS] for content in contents[:NAMED_MAX])
    more = len(contents) - NAMED_MAX
    return f"{shown} and {more} more" if more > 0 else shown


_ITEM = record(
    {"content": text()},
    {
        "id": text(),
        "status": text(enum=["pending", "in_progress", "done", "dropped"]),
        "check": text("Shell command whose exit 0 shows that it is done"),
    },
)
TOOL = Tool(
    spec(
        "todoWrite",
        "Write the whole todo list, one item in progress. An item is done once its check has passed.",
        {"items": {"type": "array", "items": _ITEM}},
        {"reason": text("Why items are dropped")},
    ),
    _run,
    resources=alone,
)
