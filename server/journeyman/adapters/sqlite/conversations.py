"""A conversation at some time: which messages it was, and its todo list. Nothing is ever deleted: messages
that are not part of it are marked.

The messages of a checkpoint are those up to its `bound`, without the ranges in `hidden`: what an earlier
rewind had taken back by then.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from journeyman.adapters.sqlite.todos import get_todos
from journeyman.records import NewCheckpoint, TurnedBack


@dataclass(frozen=True, slots=True)
class Place:
    bound: int
    hidden: str
    """Ranges of messages, both ends included, as JSON."""
    todo: str | None
    """The list's items, as JSON; None where nobody has written one."""


def place(connection: sqlite3.Connection, new: NewCheckpoint) -> Place:
    """Where the conversation is now, or, of a `start`, where it was before the run."""
    bound = None
    if new.message_id is not None:
        bound = _number(
            connection,
            "SELECT n FROM messages WHERE chat_id = ? AND id = ?",
            (new.chat_id, new.message_id),
        )
    elif new.kind == "start":
        bound = _number(
            connection,
            "SELECT min(n) - 1 FROM messages WHERE chat_id = ? AND run_id = ?",
            (new.chat_id, new.run_id),
        )
    if bound is None:
        bound = _number(connection, "SELECT max(n) FROM messages WHERE chat_id = ?", (new.chat_id,)) or 0
    todo = connection.execute("SELECT items FROM todos WHERE chat_id = ?", (new.chat_id,)).fetchone()
    return Place(bound, json.dumps(_hidden(connection, new.chat_id)), None if todo is None else todo["items"])


def turn_back(connection: sqlite3.Connection, checkpoint: sqlite3.Row) -> TurnedBack:
    """Make the conversation what it was at `checkpoint`."""
    turned = difference(connection, checkpoint)
    chat_id = checkpoint["chat_id"]
    taken_back, keys = _taken_back(connection, checkpoint)
    connection.execute(
        f"UPDATE messages SET rewound = ({taken_back}) WHERE chat_id = ? AND rewound <> ({taken_back})",
        (*keys, chat_id, *keys),
    )
    if turned.todos is not None:
        connection.execute(
            "INSERT INTO todos (chat_id, rev, items) VALUES (?, ?, ?)"
            " ON CONFLICT (chat_id) DO UPDATE SET rev = excluded.rev, items = excluded.items",
            (chat_id, turned.todos.rev, checkpoint["todo"] or "[]"),
        )
        return TurnedBack(turned.hidden, turned.shown, get_todos(connection, chat_id))
    return turned


def difference(connection: sqlite3.Connection, checkpoint: sqlite3.Row) -> TurnedBack:
    """What `turn_back` would do."""
    chat_id = checkpoint["chat_id"]
    taken_back, keys = _taken_back(connection, checkpoint)
    row = connection.execute(
        f"SELECT sum(({taken_back}) AND NOT rewound) AS hidden, sum(NOT ({taken_back}) AND rewound) AS shown"
        " FROM messages WHERE chat_id = ?",
        (*keys, *keys, chat_id),
    ).fetchone()
    present = get_todos(connection, chat_id)
    stored = connection.execute("SELECT items FROM todos WHERE chat_id = ?", (chat_id,)).fetchone()
    changed = (stored["items"] if stored is not None else "[]") != (checkpoint["todo"] or "[]")
    return TurnedBack(
        row["hidden"] or 0,
        row["shown"] or 0,
        type(present)(chat_id, present.rev + 1) if changed else None,
    )


def _taken_back(connection: sqlite3.Connection, checkpoint: sqlite3.Row) -> tuple[str, tuple[int, ...]]:
    """An SQL condition on messages, and its parameters."""
    conditions, keys = ["n > ?"], [with_answers(connection, checkpoint["chat_id"], int(checkpoint["bound"]))]
    for first, last in json.loads(checkpoint["hidden"]):
        conditions.append("n BETWEEN ? AND ?")
        keys += [first, last]
    return " OR ".join(conditions), tuple(keys)


def with_answers(connection: sqlite3.Connection, chat_id: str, bound: int) -> int:
    """The number of the message at `bound`, or of the last answer to its calls: none is left without one."""
    row = connection.execute(
        "SELECT tool_calls FROM messages WHERE n = ? AND chat_id = ?", (bound, chat_id)
    ).fetchone()
    calls = {call[0] for call in json.loads(row["tool_calls"])} if row is not None else set[str]()
    if not calls:
        return bound
    answers = connection.execute(
        "SELECT n, role, tool_call_id FROM messages WHERE chat_id = ? AND n > ? ORDER BY n",
        (chat_id, bound),
    )
    for answer in answers:
        if answer["role"] != "tool" or answer["tool_call_id"] not in calls:
            break
        bound = int(answer["n"])
    return bound


def _number(connection: sqlite3.Connection, query: str, keys: tuple[str | None, ...]) -> int | None:
    row = connection.execute(query, keys).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def _hidden(connection: sqlite3.Connection, chat_id: str) -> list[list[int]]:
    """Ranges of the chat's messages that are taken back now."""
    some = "SELECT 1 FROM messages WHERE chat_id = ? AND rewound LIMIT 1"
    if connection.execute(some, (chat_id,)).fetchone() is None:
        return []
    ranges: list[list[int]] = []
    before = False
    for row in connection.execute("SELECT n, rewound FROM messages WHERE chat_id = ? ORDER BY n", (chat_id,)):
        if row["rewound"] and before:
            ranges[-1][1] = int(row["n"])
        elif row["rewound"]:
            ranges.append([int(row["n"]), int(row["n"])])
        before = bool(row["rewound"])
    return ranges
