"""A copy of a conversation up to a place in its event log: messages and todo list, nothing that happened."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

from journeyman.adapters.sqlite.chats_messages import add_chat
from journeyman.adapters.sqlite.conversations import with_answers
from journeyman.adapters.sqlite.database import Database
from journeyman.adapters.sqlite.todos import get_todos
from journeyman.adapters.sqlite.values import json_text
from journeyman.failures import Failure
from journeyman.records import Chat

COLUMNS = (
    "role, text, reasoning, tool_calls, tool_call_id, tool_name, ok, context, created_at, pictures, thoughts"
)


class SqliteForks:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def fork(
        self, source_id: str, fork: Chat, *, at_seq: int | None, new_id: Callable[[], str]
    ) -> None:
        def work(connection: sqlite3.Connection) -> None:
            add_chat(connection, fork)
            copy_conversation(connection, source_id, fork.id, at_seq, new_id)

        await self._database.write(work)


def copy_conversation(
    connection: sqlite3.Connection,
    source_id: str,
    fork_id: str,
    at_seq: int | None,
    new_id: Callable[[], str],
) -> None:
    """Into a chat that is there and empty. `at_seq` None: all of it, as it is now."""
    bound, todo = _now(connection, source_id) if at_seq is None else _then(connection, source_id, at_seq)
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM messages WHERE chat_id = ? AND n <= ? AND NOT rewound ORDER BY n",
        (source_id, bound),
    )
    # Their runs stay where they were: what is copied belongs to none.
    connection.executemany(
        f"INSERT INTO messages (id, chat_id, run_id, {COLUMNS}) VALUES (?, ?, NULL, {'?, ' * 10}?)",
        ((new_id(), fork_id, *row) for row in rows.fetchall()),
    )
    connection.execute(
        "INSERT INTO chat_pictures SELECT ?, picture_id FROM chat_pictures WHERE chat_id = ?",
        (fork_id, source_id),
    )
    if todo is not None:
        connection.execute("INSERT INTO todos (chat_id, rev, items) VALUES (?, 1, ?)", (fork_id, todo))


def _now(connection: sqlite3.Connection, chat_id: str) -> tuple[int, str | None]:
    bound = connection.execute(
        "SELECT coalesce(max(n), 0) FROM messages WHERE chat_id = ?", (chat_id,)
    ).fetchone()[0]
    get_todos(connection, chat_id)  # refuses a chat that is not there
    row = connection.execute("SELECT items FROM todos WHERE chat_id = ?", (chat_id,)).fetchone()
    return bound, None if row is None else row["items"]


def _then(connection: sqlite3.Connection, chat_id: str, seq: int) -> tuple[int, str | None]:
    newest = connection.execute(
        "SELECT coalesce(max(seq), 0) FROM events WHERE chat_id = ?", (chat_id,)
    ).fetchone()[0]
    get_todos(connection, chat_id)
    if seq > newest:
        raise Failure(
            "invalid",
            f"The chat's newest event is {newest}, not {seq}.",
            hint="`atSeq`: name one that is there.",
        )
    message = _last(connection, chat_id, seq, "message/completed")
    bound = 0
    if message is not None:
        row = connection.execute(
            "SELECT n FROM messages WHERE chat_id = ? AND id = ?", (chat_id, message["item_id"])
        ).fetchone()
        bound = 0 if row is None else with_answers(connection, chat_id, int(row["n"]))
    todo = _last(connection, chat_id, seq, "todo/changed")
    return bound, None if todo is None else _items(json.loads(todo["data"])["items"])


def _last(connection: sqlite3.Connection, chat_id: str, seq: int, kind: str) -> sqlite3.Row | None:
    return connection.execute(
        "SELECT item_id, data FROM events WHERE chat_id = ? AND seq <= ? AND kind = ?"
        " ORDER BY seq DESC LIMIT 1",
        (chat_id, seq, kind),
    ).fetchone()


def _items(told: list[dict[str, object]]) -> str:
    """Items as an event tells them, as the table keeps them."""
    return json_text(
        [
            {
                "id": item["id"],
                "content": item["content"],
                "status": item["status"],
                "check": item.get("check"),
                "depends_on": item["dependsOn"],
                "assignee": item["assignee"],
                "evidence": item.get("evidence"),
            }
            for item in told
        ]
    )
