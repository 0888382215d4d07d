"""The todo list as the model sees it."""

from __future__ import annotations

from journeyman.records import TodoItem, TodoList

_MARKS = {"pending": "[ ]", "in_progress": "[>]", "done": "[x]", "dropped": "[-]"}


def is_open(item: TodoItem) -> bool:
    return item.status in ("pending", "in_progress")


def counts(todos: TodoList) -> str:
    still_open = sum(is_open(item) for item in todos.items)
    done = sum(item.status == "done" for item in todos.items)
    return f"{still_open} open, {done} done, {len(todos.items)} in all"


def rows(todos: TodoList) -> list[str]:
    return [
        f"{_MARKS[item.status]} {item.id} {item.content}" + (f"  (check: {item.check})" if item.check else "")
        for item in todos.items
    ]
