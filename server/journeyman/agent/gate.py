"""Whether `fin` may pass, from facts alone: no model is asked. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from journeyman.agent.state import RunState, plain
from journeyman.agent.tools.todo_rows import is_open
from journeyman.records import TodoList

NOTHING_DONE = (
    "Nothing was changed and nothing was run. If something is to be done, plan it with todoWrite and do it; "
    "if only an answer is wanted, call fin again with the answer; if it cannot be done, say so with status "
    "blocked."
)

ERRORS_SHOWN = 10


def refusal(todos: TodoList, state: RunState) -> str | None:
    """What stands in the way and what to do about it; None when nothing does."""
    still_open = [item for item in todos.items if is_open(item)]
    if still_open:
        names = "; ".join(f"{item.id}: {item.content}" for item in still_open[:10])
        return (
            f"{len(still_open)} todo items are open ({names}). Finish them, or drop them with a reason, "
            "or call fin with status partial."
        )
    if state.edits and not _checked_later(todos, state) and not state.passed_since_the_last_edit:
        return (
            "Files were edited, and nothing that was run since then shows that they are right. Run what "
            "shows it, or call fin with status partial."
        )
    return None


def of_errors(errors: Sequence[str]) -> str:
    """What is said where editors report new errors in files the run changed."""
    shown = "; ".join(errors[:ERRORS_SHOWN])
    more = f"; and {len(errors) - ERRORS_SHOWN} more" if len(errors) > ERRORS_SHOWN else ""
    return (
        f"The user's editor reports errors in files you changed that were not there before: {shown}{more}. "
        "Repair them, or call fin with status partial and say why they stay."
    )


def checks_to_run(todos: TodoList, state: RunState) -> list[str]:
    """Checks of finished items that have not passed since the last edit and are no command of the project:
    the run's end runs them itself."""
    known = {plain(each) for each in _commands(state)}
    checks = [item.check for item in todos.items if item.check and item.status == "done"]
    wanted = [check for check in checks if not state.passes(check) and plain(check) not in known]
    return list(dict.fromkeys(wanted))


def _checked_later(todos: TodoList, state: RunState) -> bool:
    return bool(_commands(state) or checks_to_run(todos, state))


def _commands(state: RunState) -> list[str]:
    commands = state.commands
    return [each for each in (commands.build, commands.test, commands.run) if each]
