"""`todoWrite`: the plan. The whole list each time; a `done` with a check needs that check's passing run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from journeyman.agent.state import RunState, plain
from journeyman.agent.tools.context import ToolContext
from journeyman.agent.tools.observation import Observation, failed
from journeyman.agent.tools.todo_rows import counts, is_open, rows
from journeyman.agent.tools.tool import Arguments, Tool, alone, record, spec, text
from journeyman.records import TodoItem

ITEMS_MAX = 100


async def _run(context: ToolContext, arguments: Arguments) -> Observation:
    given: list[dict[str, Any]] = arguments["items"]
    if not given:
        return failed(
            "the list is empty", hint="Give at least one item; the last one verifies against the request."
        )
    if len(given) > ITEMS_MAX:
        return failed(f"{len(given)} items are too many", hint=f"Plan in at most {ITEMS_MAX} items.")
    present = await context.get_todos()
    items = _items(given, present.items, context)
    reason = arguments.get("reason") or None
    gone = [item for item in present.items if is_open(item) and item.id not in {each.id for each in items}]
    dropped = [
        item for item in items if item.status == "dropped" and _before(item, present.items) != "dropped"
    ]
    if (gone or dropped) and reason is None:
        names = ", ".join(item.id for item in [*gone, *dropped])
        return failed(f"{names} would be dropped: the list was not changed", hint="Say why in reason.")
    items += [replace(item, status="dropped") for item in gone]
    items, notes = _ruled(items, present.items, context.state)
    todos = await context.replace_todos(tuple(items), reason)
    context.state.todo_changes += 1
    context.state.phase = "execute"
    return Observation("\n".join([f"todo list: {counts(todos)}", *notes, *rows(todos)]))


def _items(given: list[dict[str, Any]], present: Sequence[TodoItem], context: ToolContext) -> list[TodoItem]:
    """Ids stay: by the id given, else by equal content, else a fresh short one."""
    known = {item.id: item for item in present}
    by_content = {item.content: item for item in present}
    made: list[TodoItem] = []
    taken: set[str] = set()
    number = len(known)
    for each in given:
        old = known.get(each.get("id", "")) or by_content.get(each["content"])
        ident = old.id if old else each.get("id", "").strip()
        while not ident or ident in taken:
            number += 1
            ident = f"t{number}" if f"t{number}" not in known else ""
        taken.add(ident)
        base = replace(old, content=each["content"]) if old else TodoItem(ident, each["content"])
        check = each.get("check") or base.check
        made.append(replace(base, status=each.get("status", base.status), check=check))
    return made


def _ruled(
    items: list[TodoItem], present: Sequence[TodoItem], state: RunState
) -> tuple[list[TodoItem], list[str]]:
    notes: list[str] = []
    ruled: list[TodoItem] = []
    active = False
    for item in items:
        if item.status == "done" and item.check and _before(item, present) != "done":
            if plain(item.check) in state.passed:
                item = replace(item, evidence=f"{item.check}: exit 0")
            else:
                notes.append(f"{item.id} is not done yet: run its check first (terminal: {item.check})")
                item = replace(item, status="in_progress")
        if item.status == "in_progress":
            if active:
                notes.append(f"{item.id} is pending: one item is in progress at a time")
                item = replace(item, status="pending")
            active = True
        ruled.append(item)
    return ruled, notes


def _before(item: TodoItem, present: Sequence[TodoItem]) -> str | None:
    return next((each.status for each in present if each.id == item.id), None)


_ITEM = record(
    {"content": text("What to do")},
    {
        "id": text("Id of an item that is there already"),
        "status": text("Default pending", enum=["pending", "in_progress", "done", "dropped"]),
        "check": text("Shell command whose exit 0 shows that it is done"),
    },
)
TOOL = Tool(
    spec(
        "todoWrite",
        "Write the whole todo list. One item in progress; done with a check needs that check to have passed.",
        {"items": {"type": "array", "description": "All items, in order", "items": _ITEM}},
        {"reason": text("Why items are dropped")},
    ),
    _run,
    resources=alone,
)
